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

/// Two caches. In a store of one's own the epochs of handlers meet by chance, once in 4 096 times, and each cache has its own
/// chance: what an invalidation reaches in both is what it is about.
struct Twice([(TestCache, Router); 2]);

impl Twice {
    /// What is stored, asked for twice so that it is.
    async fn stored(&self) -> Vec<[String; 2]> {
        let mut stored = Vec::new();
        for path in PATHS {
            let first = self.answers(path).await;
            assert_eq!(self.answers(path).await, first, "{path}");
            stored.push(first);
        }
        stored
    }

    /// The paths whose responses have been made anew.
    async fn made_anew(&self, before: &[[String; 2]]) -> Vec<&'static str> {
        let mut anew = Vec::new();
        for (path, before) in PATHS.into_iter().zip(before) {
            let now = self.answers(path).await;
            if now.iter().zip(before).all(|(now, before)| now != before) {
                anew.push(path);
            }
        }
        anew
    }

    async fn answers(&self, path: &str) -> [String; 2] {
        let [one, other] = &self.0;
        [text(ask(&one.1, path).await).await, text(ask(&other.1, path).await).await]
    }

    async fn post(&self, path: &str) {
        for (_, router) in &self.0 {
            assert!(send(router, axum::http::Method::POST, path).await.status().is_success());
        }
    }
}

#[tokio::test]
async fn a_handler_that_its_policy_renames_is_invalidated_by_its_function() {
    let both = Twice([app(), app()]);
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
        let before = both.stored().await;
        for (cache, _) in &both.0 {
            cache.cache().invalidate(target.clone()).await.unwrap();
        }
        assert_eq!(both.made_anew(&before).await, expected, "{target:?}");
        let before = both.stored().await;
        for (cache, _) in &both.0 {
            cache.cache().expire(target.clone()).await.unwrap();
        }
        assert_eq!(both.made_anew(&before).await, expected, "{target:?}");
    }
    for (path, expected) in [("/named", &["/named", "/type"][..]), ("/within", &["/within"])] {
        let before = both.stored().await;
        both.post(path).await;
        assert_eq!(both.made_anew(&before).await, expected);
    }
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
