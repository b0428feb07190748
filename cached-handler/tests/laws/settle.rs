//! Invalidations made once more, for handlers whose source lags behind.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::harness::{ask, send, text};
use axum::{
    Router,
    extract::State,
    http::{Method, StatusCode},
    routing::get,
};
use cached_handler::{
    Target, cached, invalidates, secs,
    testing::{TestCache, assert_hit, assert_miss},
};

/// What a replica shows, some time after it was written.
type Replica = Arc<AtomicU64>;

#[cached(ttl = 600, group = "row")]
async fn show(State(replica): State<Replica>) -> String {
    replica.load(Ordering::SeqCst).to_string()
}

#[invalidates(group = "row")]
async fn edit() -> StatusCode {
    StatusCode::NO_CONTENT
}

fn site() -> (Replica, TestCache, Router) {
    let (replica, cache) = (Replica::default(), TestCache::with(|builder| builder.reinvalidate_after(secs(2))));
    let router = Router::new().route("/", get(show).put(edit)).with_state(Arc::clone(&replica)).layer(cache.layer());
    (replica, cache, router)
}

#[tokio::test(start_paused = true)]
async fn what_a_lagging_replica_gave_is_invalidated_once_more() {
    for by_attribute in [true, false] {
        let (replica, cache, router) = site();
        if by_attribute {
            send(&router, Method::PUT, "/").await;
        } else {
            cache.cache().invalidate(Target::group("row")).await.unwrap();
        }
        // The replica has not heard of the write yet.
        assert_eq!(text(assert_miss!(ask(&router, "/").await)).await, "0");
        replica.store(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1_990)).await;
        assert_eq!(text(assert_hit!(ask(&router, "/").await)).await, "0");
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(text(assert_miss!(ask(&router, "/").await)).await, "1");
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_hit!(ask(&router, "/").await);
    }
}

#[tokio::test(start_paused = true)]
async fn it_comes_after_the_last_of_several() {
    let (_, cache, router) = site();
    for _ in 0..10 {
        cache.cache().invalidate(Target::group("row")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    ask(&router, "/").await;
    tokio::time::sleep(Duration::from_millis(990)).await;
    assert_hit!(ask(&router, "/").await);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_miss!(ask(&router, "/").await);
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limit_everything_is_invalidated_once_more() {
    let (_, cache, router) = site();
    for group in 0..1_001 {
        cache.cache().invalidate(Target::group(group.to_string())).await.unwrap();
    }
    ask(&router, "/").await;
    assert_hit!(ask(&router, "/").await);
    tokio::time::sleep(Duration::from_millis(2_010)).await;
    assert_miss!(ask(&router, "/").await);
}
