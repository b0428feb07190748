//! A handler is meant by its function, also where its policy gives it another name.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{Router, extract::Path, routing::get};
use cached_handler::{Policy, Target, cached, expire_handler, invalidate_handler, invalidates, testing::TestCache};
use cached_handler_tests::harness::{Dict, ask, send, text};

static RUNS: AtomicUsize = AtomicUsize::new(0);

fn run() -> String {
    RUNS.fetch_add(1, Ordering::SeqCst).to_string()
}

const ARTICLES: Policy = Policy::new().name("articles").version(2);
const AT_REST: Policy = Policy::new().name("articles-at-rest");
const WITHIN: Policy = Policy::new().name("within");
const TYPES: Policy = Policy::new().name("types");
const API: Policy = Policy::new().name("api");

#[cached(ttl = 600, policy = ARTICLES)]
async fn named() -> String {
    run()
}

#[cached(ttl = 600, policy = AT_REST, backend = "dict")]
async fn named_at_rest(Path(_): Path<u8>) -> String {
    run()
}

#[cached(ttl = 600, policy = TYPES)]
async fn r#type<T: 'static>() -> String {
    run() + std::any::type_name::<T>()
}

#[cached(ttl = 600)]
async fn plain() -> String {
    run()
}

struct Api;

impl Api {
    #[cached(ttl = 600, policy = API)]
    async fn show() -> String {
        run()
    }
}

struct Other;

impl Other {
    #[cached(ttl = 600)]
    async fn show() -> String {
        run()
    }
}

#[invalidates(handler = [named, r#type::<u8>])]
async fn write() {}

fn app() -> (TestCache, Router) {
    #[cached(ttl = 600, policy = WITHIN)]
    async fn within() -> String {
        run()
    }
    let cache = TestCache::with(|builder| builder.namespace("named").backend("dict", Dict::default()));
    let router = Router::new()
        .route("/named", get(named).post(write))
        .route("/named-at-rest/{id}", get(named_at_rest))
        .route("/type", get(r#type::<u8>))
        .route("/plain", get(plain))
        .route("/api", get(Api::show))
        .route("/other", get(Other::show))
        .route("/within", get(within).post(async |cache: cached_handler::Cache| cache.invalidate(Target::handler(within)).await))
        .layer(cache.layer());
    (cache, router)
}

const PATHS: [&str; 7] = ["/named", "/named-at-rest/1", "/type", "/plain", "/api", "/other", "/within"];

/// What is stored, asked for twice so that it is.
async fn stored(router: &Router) -> Vec<String> {
    let mut stored = Vec::new();
    for path in PATHS {
        let first = text(ask(router, path).await).await;
        assert_eq!(text(ask(router, path).await).await, first, "{path}");
        stored.push(first);
    }
    stored
}

/// The paths whose responses have been made anew.
async fn made_anew(router: &Router, before: &[String]) -> Vec<&'static str> {
    let mut anew = Vec::new();
    for (path, before) in PATHS.into_iter().zip(before) {
        if text(ask(router, path).await).await != *before {
            anew.push(path);
        }
    }
    anew
}

#[tokio::test]
async fn a_handler_that_its_policy_renames_is_invalidated_by_its_function() {
    let (cache, router) = app();
    for (target, expected) in [
        (Target::handler(named), &["/named"][..]),
        (Target::named("articles"), &["/named"]),
        (Target::handler(named_at_rest), &["/named-at-rest/1"]),
        // All instances of a generic one have the name.
        (Target::handler(r#type::<u8>), &["/type"]),
        (Target::handler(r#type::<u16>), &["/type"]),
        (Target::handler(plain), &["/plain"]),
        // One of two functions `show` in this module, and nobody can say which.
        (Target::handler(Api::show), &PATHS),
        (Target::named("api"), &["/api"]),
    ] {
        let before = stored(&router).await;
        cache.cache().invalidate(target.clone()).await.unwrap();
        assert_eq!(made_anew(&router, &before).await, expected, "{target:?}");
        let before = stored(&router).await;
        cache.cache().expire(target.clone()).await.unwrap();
        assert_eq!(made_anew(&router, &before).await, expected, "{target:?}");
    }
    let before = stored(&router).await;
    assert!(send(&router, axum::http::Method::POST, "/named").await.status().is_success());
    assert_eq!(made_anew(&router, &before).await, ["/named", "/type"]);
    let before = stored(&router).await;
    assert!(send(&router, axum::http::Method::POST, "/within").await.status().is_success());
    assert_eq!(made_anew(&router, &before).await, ["/within"]);
}

/// In every cache of the process that is no test's own.
#[tokio::test]
async fn the_free_functions_know_it_by_its_function_too() {
    let cache = cached_handler::Cache::builder().build().await.unwrap();
    let router = Router::new().route("/named", get(named)).layer(axum::Extension(cache));
    let first = text(ask(&router, "/named").await).await;
    assert_eq!(text(ask(&router, "/named").await).await, first);
    invalidate_handler(named).await.unwrap();
    let second = text(ask(&router, "/named").await).await;
    assert_ne!(second, first);
    expire_handler(named).await.unwrap();
    assert_ne!(text(ask(&router, "/named").await).await, second);
}
