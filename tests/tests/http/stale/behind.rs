//! What is stale is sent, and made anew behind the answer (RFC 5861 §3).

use std::{sync::Arc, time::Duration};

use super::{Does, at_rest, script, sites};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Method, header},
    routing::get,
};
use cached_handler::{
    Cache, Collapse, Error, Kept, Outcome, Policy, StaleUse, Target,
    backend::{Store, StoreKey},
    cached,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::{Dict, ask, send, text};
use tokio::sync::Semaphore;
use tower::ServiceExt;

#[tokio::test]
async fn a_stale_response_is_sent_at_once_and_made_anew_behind() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(61);
        site.script.gate.forget_permits(Semaphore::MAX_PERMITS);
        for _ in 0..5 {
            assert_eq!(site.stale("/behind").await, ("run 1".to_owned(), StaleUse::WhileRevalidate));
        }
        site.script.began.acquire_many(2).await.unwrap().forget();
        site.script.gate.add_permits(100);
        site.settled().await;
        assert_eq!(site.script.runs(), 2, "one run for all of them");
        assert_eq!(text(assert_hit!(site.get("/behind").await)).await, "run 2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_at_once_one_run_makes_it_anew() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(61);
        let asked: Vec<_> = (0..200)
            .map(|_| {
                tokio::spawn({
                    let router = site.router.clone();
                    async move { ask(&router, "/behind").await }
                })
            })
            .collect();
        for answer in asked {
            let answer = text(answer.await.unwrap()).await;
            assert!(["run 1", "run 2"].contains(&answer.as_str()), "{answer}");
        }
        site.settled().await;
        assert_eq!(site.script.runs(), 2);
    }
}

#[tokio::test]
async fn l4_a_run_behind_that_began_before_an_invalidation_is_not_used_after_it() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(61);
        site.script.gate.forget_permits(Semaphore::MAX_PERMITS);
        site.stale("/behind").await;
        site.script.began.acquire_many(2).await.unwrap().forget();
        site.cache.cache().invalidate(Target::group("g")).await.unwrap();
        site.script.gate.add_permits(100);
        site.settled().await;
        assert_eq!(text(assert_miss!(site.get("/behind").await)).await, "run 3");
    }
}

#[tokio::test]
async fn a_background_refresh_that_fails_or_panics_is_hidden_and_tried_again_later() {
    for does in [Does::Status(500), Does::Panic] {
        for site in sites().await {
            site.fill("/behind").await;
            site.advance(61);
            site.script.set(does);
            for _ in 0..3 {
                assert_eq!(site.stale("/behind").await.0, "run 1");
                site.settled().await;
            }
            assert_eq!(site.script.runs(), 2, "{does:?}: within the pause nobody tries");
            site.script.set(Does::Well);
            site.advance(1);
            assert_eq!(site.stale("/behind").await.0, "run 1");
            site.settled().await;
            assert_eq!(text(assert_hit!(site.get("/behind").await)).await, "run 3");
        }
    }
}

#[tokio::test]
async fn a_client_who_leaves_stops_no_run_behind() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(61);
        site.script.gate.forget_permits(Semaphore::MAX_PERMITS);
        drop(site.stale("/behind").await);
        site.script.began.acquire_many(2).await.unwrap().forget();
        site.script.gate.add_permits(1);
        site.settled().await;
        assert_eq!(text(assert_hit!(site.get("/behind").await)).await, "run 2");
    }
}

#[tokio::test]
async fn head_is_answered_stale_as_get_is() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(61);
        let head = send(&site.router, Method::HEAD, "/behind").await;
        assert_eq!(head.headers()["cache-status"], "t; hit; ttl=-1; detail=stale-while-revalidate");
        assert_eq!(head.headers()[header::AGE], "61");
        assert_eq!(text(head).await, "");
        site.settled().await;
        assert_hit!(site.get("/behind").await);
    }
}

#[tokio::test]
async fn what_only_one_client_asks_for_fills_nobodys_place_for_longer_than_it_answers() {
    for site in sites().await {
        let ask_in = async |language: &str| {
            let request = Request::get("/speaks").header(header::ACCEPT_LANGUAGE, language).body(Body::empty()).unwrap();
            site.router.clone().oneshot(request).await.unwrap()
        };
        for invented in 0..64 {
            assert_miss!(ask_in(&format!("x-{invented}")).await);
        }
        let refused = assert_miss!(ask_in("en").await);
        assert!(refused.headers()["cache-status"].to_str().unwrap().contains("too-many-variants"), "{refused:?}");
        site.advance(611);
        assert_miss!(ask_in("en").await);
        assert_hit!(ask_in("en").await);
    }
}

#[tokio::test]
async fn a_head_that_could_not_be_stored_makes_nothing_anew() {
    for site in sites().await {
        site.fill("/guarded-behind").await;
        site.advance(61);
        for _ in 0..5 {
            assert!(matches!(send(&site.router, Method::HEAD, "/guarded-behind").await.extensions().get(), Some(Outcome::Stale { .. })));
            site.settled().await;
        }
        assert_eq!(site.script.runs(), 1);
        site.stale("/guarded-behind").await;
        site.settled().await;
        assert_hit!(site.get("/guarded-behind").await);
    }
}

tokio::task_local! {
    static REQUEST: u64;
}

const IN_PLACE: Policy = Policy::new().jitter(0).collapse(Collapse::Inline);

#[cached(ttl = 60, stale_while_revalidate = 30, policy = IN_PLACE)]
async fn reads_its_task() -> String {
    REQUEST.with(u64::to_string)
}

#[tokio::test]
async fn a_run_that_stays_in_the_requests_task_is_made_anew_there() {
    let cache = TestCache::new();
    let router = Router::new().route("/", get(reads_its_task)).layer(cache.layer());
    let ask_as = |id| REQUEST.scope(id, ask(&router, "/"));
    assert_eq!(text(ask_as(1).await).await, "1");
    cache.clock().advance(Duration::from_secs(61));
    assert_eq!(text(ask_as(2).await).await, "2");
    assert_eq!(text(assert_hit!(ask_as(3).await)).await, "2");
}

/// A store that puts only once it is let.
#[derive(Clone)]
struct Slow(Dict, Arc<Semaphore>);

impl Store for Slow {
    async fn get(&self, key: &StoreKey) -> Result<Option<bytes::Bytes>, Error> {
        self.0.get(key).await
    }

    async fn put(&self, key: &StoreKey, bytes: bytes::Bytes, keep_for: Duration) -> Result<(), Error> {
        self.1.acquire().await.unwrap().forget();
        self.0.put(key, bytes, keep_for).await
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        self.0.remove(key).await
    }

    async fn clear(&self) -> Result<(), Error> {
        self.0.clear().await
    }
}

#[tokio::test]
async fn the_answer_does_not_wait_for_the_store_and_who_comes_meanwhile_is_given_the_same() {
    let (script, lets) = (script(), Arc::new(Semaphore::new(0)));
    let store = Slow(Dict::default(), Arc::clone(&lets));
    let cache = Cache::builder().backend("dict", store).outcome_on_hits().build().await.unwrap();
    let router = at_rest::router().with_state(Arc::clone(&script)).layer(axum::Extension(cache.clone()));
    let first = ask(&router, "/neither").await;
    assert!(matches!(first.extensions().get(), Some(Outcome::Forward { kept: Kept::Storing, .. })));
    let second = ask(&router, "/neither").await;
    assert!(matches!(second.extensions().get(), Some(Outcome::Forward { collapsed: true, .. })));
    assert_eq!((text(first).await, text(second).await), ("run 1".to_owned(), "run 1".to_owned()));
    lets.add_permits(1);
    assert!(cache.drain(Duration::from_secs(10)).await);
    assert_eq!(text(assert_hit!(ask(&router, "/neither").await)).await, "run 1");
}
