//! A path and all below it, in every place: from the attribute, by functions, and for runs under way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Extension, Router,
    extract::State,
    http::{Method, StatusCode},
    routing::get,
};
use cached_handler::{Cache, CacheLayer, Target, cached, invalidates, secs, testing::TestCache};
use cached_handler_tests::{
    harness::{ask, send, text},
    places::Place,
};
use tokio::sync::Notify;

type Runs = Arc<AtomicUsize>;

#[cached(ttl = 60, group = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"])]
async fn page(State(runs): State<Runs>) -> String {
    runs.fetch_add(1, Ordering::SeqCst).to_string()
}

#[invalidates(path_prefix = "/articles/{id}")]
async fn edit(axum::extract::Path(id): axum::extract::Path<u64>) -> StatusCode {
    let _ = id;
    StatusCode::NO_CONTENT
}

fn app(cache: &Cache) -> Router {
    let layer = CacheLayer::new("below", secs(60)).cache(cache.clone());
    let layered = get(async |State(runs): State<Runs>| runs.fetch_add(1, Ordering::SeqCst).to_string()).layer(layer);
    Router::new()
        .route("/layered/{*rest}", layered)
        .route("/edit/{id}", get(edit))
        .fallback(get(page))
        .with_state(Runs::default())
        .layer(Extension(cache.clone()))
}

async fn all_below_is_invalidated_and_nothing_else(place: Place) {
    let cache = place.cache_with(cached_handler::CacheBuilder::path_prefixes).await;
    let app = app(&cache);
    let deep = format!("/articles{}", "/a".repeat(20));
    for (target, below, beside) in [
        ("/articles", vec!["/articles", "/articles/", "/articles/7/comments?page=2", &deep], vec!["/articles2", "/", "/a/articles"]),
        ("/articles/7/", vec!["/articles/7", "/articles/07/x", "/Articles/%37"], vec!["/articles", "/articles/70"]),
        ("/layered/a", vec!["/layered/a/b"], vec!["/layered/b"]),
    ] {
        for expires in [false, true] {
            let mut before = Vec::new();
            for path in below.iter().chain(&beside) {
                before.push(text(ask(&app, path).await).await);
                assert_eq!(text(ask(&app, path).await).await, *before.last().unwrap(), "{path} is stored");
            }
            let target = Target::path_prefix(target);
            if expires { cache.expire(target.clone()).await } else { cache.invalidate(target.clone()).await }.unwrap();
            for (at, path) in below.iter().chain(&beside).enumerate() {
                let is_below = at < below.len();
                assert_eq!(text(ask(&app, path).await).await != before[at], is_below, "{path} after {target:?} in {place:?}");
            }
        }
    }
    let (below, beside) = (text(ask(&app, "/articles/9/x").await).await, text(ask(&app, "/articles/90").await).await);
    assert_eq!(send(&app, Method::GET, "/edit/9").await.status(), StatusCode::NO_CONTENT);
    assert_ne!(text(ask(&app, "/articles/9/x").await).await, below);
    assert_eq!(text(ask(&app, "/articles/90").await).await, beside);
}

#[tokio::test]
async fn all_below_a_path_is_invalidated_and_nothing_else_in_memory() {
    all_below_is_invalidated_and_nothing_else(Place::Memory).await;
}

#[tokio::test]
async fn all_below_a_path_is_invalidated_and_nothing_else_in_files() {
    all_below_is_invalidated_and_nothing_else(Place::files("prefixes")).await;
}

#[tokio::test]
async fn all_below_a_path_is_invalidated_and_nothing_else_in_redis() {
    all_below_is_invalidated_and_nothing_else(Place::redis()).await;
}

static BEGUN: Notify = Notify::const_new();
static MAY_END: Notify = Notify::const_new();

#[cached(ttl = 60)]
async fn slow(State(runs): State<Runs>) -> String {
    let run = runs.fetch_add(1, Ordering::SeqCst);
    if run == 0 {
        BEGUN.notify_one();
        MAY_END.notified().await;
    }
    run.to_string()
}

#[tokio::test]
async fn l4_a_run_that_began_before_all_below_was_invalidated_is_not_stored() {
    let cache = TestCache::with(cached_handler::CacheBuilder::path_prefixes);
    let app = Router::new().route("/slow/page", get(slow)).with_state(Runs::default()).layer(cache.layer());
    let first = tokio::spawn({
        let app = app.clone();
        async move { text(ask(&app, "/slow/page").await).await }
    });
    BEGUN.notified().await;
    cache.cache().invalidate(Target::path_prefix("/slow")).await.unwrap();
    MAY_END.notify_one();
    assert_eq!(first.await.unwrap(), "0");
    assert_eq!(text(ask(&app, "/slow/page").await).await, "1");
}

#[tokio::test]
async fn a_cache_that_knows_no_prefixes_says_so() {
    let cache = TestCache::new();
    let error = cache.cache().invalidate(Target::path_prefix("/articles")).await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains("type `.path_prefixes()`"), "{error}");
    let app = app(cache.cache());
    let answer = ask(&app, "/edit/9").await;
    assert!(answer.extensions().get::<Arc<cached_handler::Error>>().is_some_and(|error| error.is_config()));
    for (wrong, advice) in [("/", "type `Target::all()`"), ("/1/2/3/4/5/6/7/8/9", "at most 8 segments"), ("articles", "type `/articles`")] {
        let error = cache.cache().invalidate(Target::path_prefix(wrong)).await.unwrap_err();
        assert!(error.is_config() && error.to_string().contains(advice), "{error}");
    }
}
