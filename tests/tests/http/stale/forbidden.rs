//! What is stale is not sent where something forbids it (RFC 9111 §4.2.4).

use super::{Does, at_rest, in_memory, site, sites};
use axum::{body::Body, extract::Request, http::header};
use cached_handler::{StaleUse, Target, testing::assert_miss};
use cached_handler_tests::harness::text;
use tower::ServiceExt;

#[tokio::test]
async fn past_its_window_a_response_is_not_sent() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(90);
        assert_eq!(text(assert_miss!(site.get("/behind").await)).await, "run 2");
        site.fill("/if-error").await;
        site.advance(660);
        site.script.set(Does::Status(500));
        assert_eq!(site.get("/if-error").await.status(), 500);
    }
}

#[tokio::test]
async fn what_was_invalidated_is_never_sent_stale() {
    for site in sites().await {
        site.fill("/behind").await;
        site.fill("/if-error").await;
        site.advance(61);
        site.cache.cache().invalidate(Target::group("g")).await.unwrap();
        assert_miss!(site.get("/behind").await);
        site.script.set(Does::Status(500));
        assert_eq!(site.get("/if-error").await.status(), 500);
    }
}

#[tokio::test]
async fn an_answer_that_takes_access_away_ends_the_stale_life() {
    for status in [401, 403, 404, 410] {
        for site in sites().await {
            site.fill("/if-error").await;
            site.advance(61);
            site.script.set(Does::Status(status));
            assert_eq!(site.get("/if-error").await.status(), status);
            // What is taken out of a backend goes behind the answer.
            site.settled().await;
            site.script.set(Does::Status(500));
            assert_eq!(site.get("/if-error").await.status(), 500, "{status} was the last word");
            // Behind an answer as well; 410 is stored here, and so takes its place.
            site.fill("/both").await;
            site.advance(61);
            site.script.set(Does::Status(status));
            assert_eq!(site.stale("/both").await.1, StaleUse::WhileRevalidate);
            site.settled().await;
            assert_eq!(site.get("/both").await.status(), status);
        }
    }
}

#[tokio::test]
async fn a_response_that_has_to_be_revalidated_is_never_sent_stale() {
    for site in sites().await {
        site.script.set(Does::MustRevalidate);
        for path in ["/behind", "/if-error"] {
            assert_miss!(site.get(path).await);
        }
        site.advance(61);
        site.script.set(Does::Status(500));
        for path in ["/behind", "/if-error"] {
            assert_eq!(site.get(path).await.status(), 500);
        }
    }
}

#[tokio::test]
async fn a_client_with_a_cookie_ends_nobodys_stale_life() {
    for site in sites().await {
        assert_miss!(site.get("/speaks").await);
        site.advance(11);
        site.script.set(Does::MustRevalidate);
        let request = Request::get("/speaks").header(header::COOKIE, "a=b").body(Body::empty()).unwrap();
        assert_miss!(site.router.clone().oneshot(request).await.unwrap());
        site.script.set(Does::Status(502));
        assert_eq!(site.stale("/speaks").await.1, StaleUse::IfError);
    }
}

#[tokio::test]
async fn the_last_word_counts_also_where_no_run_may_be_detached() {
    for router in [in_memory::router(), at_rest::router()] {
        let site = site(router, |builder| builder.max_detached_runs(0));
        site.fill("/if-error").await;
        site.advance(61);
        for status in [403, 500] {
            site.script.set(Does::Status(status));
            assert_eq!(site.get("/if-error").await.status(), status);
        }
    }
}
