//! What is stale stands in for a failure (RFC 5861 §4).

use std::time::Duration;

use super::{Does, Site, sites, sites_elsewhere, sites_in_process};
use axum::http::StatusCode;
use cached_handler::{StaleUse, Target, testing::assert_miss};
use cached_handler_tests::harness::text;

#[tokio::test]
async fn a_stale_response_stands_in_for_each_kind_of_failure() {
    for does in [Does::Status(500), Does::Status(502), Does::Status(503), Does::Status(504), Does::Panic] {
        for site in sites().await {
            site.fill("/if-error").await;
            site.advance(61);
            site.script.set(does);
            assert_eq!(site.stale("/if-error").await, ("run 1".to_owned(), StaleUse::IfError), "{does:?}");
            assert_eq!(site.stale("/if-error").await, ("run 1".to_owned(), StaleUse::AfterError), "{does:?}");
            assert_eq!(site.script.runs(), 2, "{does:?}: a pause after a failure");
            site.advance(1);
            site.script.set(Does::Well);
            assert_eq!(text(assert_miss!(site.get("/if-error").await)).await, "run 3", "{does:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_past_its_limit_is_a_failure_too() {
    for site in sites_in_process() {
        past_its_limit(&site).await;
    }
}

/// In real time, as time that a test moves on has no patience with a backend.
#[tokio::test]
async fn a_run_past_its_limit_is_a_failure_elsewhere_too() {
    let mut tried = tokio::task::JoinSet::new();
    for site in sites_elsewhere().await {
        tried.spawn(async move { past_its_limit(&site).await });
    }
    tried.join_all().await;
}

async fn past_its_limit(site: &Site) {
    site.fill("/if-error").await;
    site.advance(61);
    site.script.set(Does::Hang);
    assert_eq!(site.stale("/if-error").await, ("run 1".to_owned(), StaleUse::IfError));
    site.cache.cache().invalidate(Target::all()).await.unwrap();
    let response = assert_miss!(site.get("/if-error").await);
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn other_errors_are_sent() {
    for does in [Does::Status(501), Does::Status(400), Does::Status(429)] {
        for site in sites().await {
            site.fill("/if-error").await;
            site.advance(61);
            site.script.set(does);
            let Does::Status(status) = does else { continue };
            assert_eq!(site.get("/if-error").await.status(), status);
        }
    }
}

#[tokio::test]
async fn a_rejection_of_an_extractor_is_not_hidden() {
    for site in sites().await {
        site.fill("/guarded").await;
        site.advance(61);
        site.script.set(Does::Status(503));
        assert_eq!(site.get("/guarded").await.status(), 503);
        assert_eq!(site.script.runs(), 1);
    }
}

#[tokio::test]
async fn a_minute_of_failures_is_seen_by_no_client() {
    for site in sites().await {
        site.fill("/if-error").await;
        site.advance(61);
        site.script.set(Does::Status(500));
        for _ in 0..600 {
            for _ in 0..5 {
                assert_eq!(text(site.get("/if-error").await).await, "run 1");
            }
            site.cache.clock().advance(Duration::from_millis(100));
        }
        // At 0, 1, 3, 7, 15 and 31 seconds, each pause twice the one before.
        assert_eq!(site.script.runs(), 1 + 6, "one attempt for each pause");
    }
}

#[tokio::test]
async fn a_failure_is_one_whatever_its_own_fields_say() {
    for site in sites().await {
        assert_miss!(site.get("/speaks").await);
        site.advance(11);
        site.script.set(Does::Status(502));
        assert_eq!(site.stale("/speaks").await, ("page in ".to_owned(), StaleUse::IfError));
        site.fill("/says").await;
        site.advance(61);
        site.script.set(Does::Status(503));
        for _ in 0..2 {
            assert_eq!(site.stale("/says").await.1, StaleUse::WhileRevalidate);
            site.settled().await;
        }
        assert_eq!(site.script.runs(), 4, "the second waits");
    }
}

#[tokio::test]
async fn a_run_kept_in_the_requests_task_is_hidden_where_it_fails_too() {
    for does in [Does::Panic, Does::Status(500)] {
        for site in sites().await {
            site.fill("/inline").await;
            site.advance(61);
            site.script.set(does);
            assert_eq!(site.stale("/inline").await, ("run 1".to_owned(), StaleUse::IfError), "{does:?}");
            site.advance(1);
            site.script.set(Does::Well);
            assert_eq!(text(assert_miss!(site.get("/inline").await)).await, "run 3");
        }
    }
}

#[tokio::test]
async fn an_error_that_is_sent_once_is_sent_again() {
    for site in sites().await {
        site.fill("/if-error").await;
        site.advance(61);
        site.script.set(Does::Status(501));
        for _ in 0..3 {
            assert_eq!(site.get("/if-error").await.status(), 501);
        }
    }
}
