//! One handler under several paths: a response for each, and the value behind them once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};
use cached_handler::{
    Cache, Target, ValueOptions, cached, secs,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::{ask, text};

type Runs = Arc<AtomicUsize>;

#[cached(ttl = 60, group = "paste:{id}")]
async fn paste(cache: Cache, State(runs): State<Runs>, Path(id): Path<u64>) -> String {
    let options = ValueOptions::new(secs(60)).group(format!("paste:{id}"));
    let load = async move || Ok::<_, std::convert::Infallible>(runs.fetch_add(1, Ordering::SeqCst));
    let Ok(run) = cache.values::<usize>("pastes").get_or_insert_with(&id, options, load).await;
    format!("paste {id}, run {run}")
}

#[tokio::test]
async fn a_handler_under_two_paths_has_a_response_for_each_and_one_value_behind_both() {
    let (cache, runs) = (TestCache::new(), Runs::default());
    let app =
        Router::new().route("/raw/{id}", get(paste)).route("/dl/{id}", get(paste)).with_state(Runs::clone(&runs)).layer(cache.layer());
    let asked = async |path| text(ask(&app, path).await).await;
    for path in ["/raw/7", "/dl/7"] {
        assert_miss!(ask(&app, path).await);
        assert_hit!(ask(&app, path).await);
        assert_eq!(asked(path).await, "paste 7, run 0");
    }
    cache.cache().invalidate(Target::path("/raw/7")).await.unwrap();
    assert_miss!(ask(&app, "/raw/7").await);
    assert_hit!(ask(&app, "/dl/7").await);
    cache.cache().invalidate(Target::group("paste:7")).await.unwrap();
    for path in ["/raw/7", "/dl/7"] {
        assert_miss!(ask(&app, path).await);
        assert_eq!(asked(path).await, "paste 7, run 1");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}
