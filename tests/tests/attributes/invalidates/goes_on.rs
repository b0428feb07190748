//! A body that goes on after its client has left; and what one request changes in caches that do not agree.

use axum::{
    Extension, Router,
    http::Method,
    routing::{get, post},
};
use cached_handler::{
    Cache, Invalidation, Policy, cached, invalidates,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::{
    harness::{ask, leaves_at, send},
    log::Log,
};

use super::{Ordering, Source, awaits};

#[invalidates]
async fn writes(changed: Invalidation, Extension(source): Extension<Source>) {
    changed.group("goes-on");
    source.write(2, 2).await;
}

#[invalidates]
async fn panics(changed: Invalidation) {
    changed.group("goes-on");
    awaits(2).await;
    panic!("on purpose");
}

#[tokio::test]
async fn a_body_goes_on_also_where_no_cache_has_been_made() {
    let source = Source::default();
    let router = Router::new().route("/", post(writes)).layer(Extension(source.clone()));
    leaves_at(1, send(&router, Method::POST, "/")).await;
    awaits(20).await;
    assert!(source.committed.load(Ordering::SeqCst));
}

#[tokio::test]
async fn the_panic_of_a_body_without_a_client_is_in_the_log() {
    let log = Log::default();
    let _guard = log.listen();
    let router = Router::new().route("/", post(panics)).layer(TestCache::new().layer());
    leaves_at(1, send(&router, Method::POST, "/")).await;
    awaits(20).await;
    assert_eq!(log.with("panicked after its client had left").len(), 1);
}

#[cached(ttl = 60)]
async fn read() -> &'static str {
    "read"
}

#[invalidates(group = "nobody's")]
async fn written() {}

/// The path is one of this test alone, as both caches are of the whole process.
#[tokio::test]
async fn a_cache_that_keeps_own_paths_keeps_them_beside_another() {
    const KEEPS: Policy = Policy::new().keep_own_path();
    let keeps = Cache::builder().policy(KEEPS).outcome_on_hits().build().await.unwrap();
    let other = Cache::builder().outcome_on_hits().build().await.unwrap();
    let of = |cache: &Cache| Router::new().route("/kept-in-one", get(read)).layer(Extension(cache.clone()));
    let (kept, invalidated) = (of(&keeps), of(&other));
    for router in [&kept, &invalidated] {
        ask(router, "/kept-in-one").await;
        assert_hit!(ask(router, "/kept-in-one").await);
    }
    let writes = Router::new().route("/kept-in-one", post(written));
    assert!(send(&writes, Method::POST, "/kept-in-one").await.status().is_success());
    assert_hit!(ask(&kept, "/kept-in-one").await);
    assert_miss!(ask(&invalidated, "/kept-in-one").await);
}
