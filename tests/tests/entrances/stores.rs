//! A store of the author's own: the conformance suite, the attribute on it, and what it does when it is sick.

mod one_run;
mod suite;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Query},
    http::{HeaderMap, Request, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use cached_handler::{
    Cache, CacheGroups, Error, Outcome, Target,
    backend::{Store, StoreKey},
    cached,
    testing::{TestCache, assert_hit, assert_miss},
};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// Bytes in a map, with a switch for each way to be sick.
#[derive(Clone, Default)]
struct Dict(Arc<Inner>);

#[derive(Default)]
struct Inner {
    map: Mutex<HashMap<StoreKey, (Bytes, tokio_time::Until)>>,
    fails: AtomicBool,
    hangs: AtomicBool,
    /// Gives other keys' bytes, as a client library once did.
    mixes: AtomicBool,
    flips: AtomicBool,
    ignores_lifetimes: bool,
    reads: AtomicUsize,
}

mod tokio_time {
    pub type Until = std::time::Instant;

    pub fn now() -> Until {
        #[expect(clippy::disallowed_methods, reason = "a store has a clock of its own")]
        std::time::Instant::now()
    }
}

impl Dict {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<StoreKey, (Bytes, tokio_time::Until)>) -> T) -> T {
        work(&mut self.0.map.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn sickness(&self) -> Result<(), Error> {
        if self.0.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.0.fails.load(Ordering::SeqCst) { Err(Error::backend("the dictionary is on fire")) } else { Ok(()) }
    }
}

impl Store for Dict {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        self.sickness().await?;
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        let lives = |until: &tokio_time::Until| self.0.ignores_lifetimes || tokio_time::now() < *until;
        let found = self.with(|map| {
            let found = if self.0.mixes.load(Ordering::SeqCst) { map.values().next() } else { map.get(key) };
            found.filter(|(_, until)| lives(until)).map(|(bytes, _)| bytes.clone())
        });
        Ok(found.map(|bytes| {
            let mut bytes = bytes.to_vec();
            if self.0.flips.load(Ordering::SeqCst) {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
            bytes.into()
        }))
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, keep_for: Duration) -> Result<(), Error> {
        self.sickness().await?;
        self.with(|map| map.insert(key.clone(), (bytes, tokio_time::now() + keep_for)));
        Ok(())
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        self.with(|map| map.remove(key));
        Ok(())
    }

    async fn clear(&self) -> Result<(), Error> {
        self.with(HashMap::clear);
        Ok(())
    }
}

static RUNS: AtomicUsize = AtomicUsize::new(0);

#[derive(serde::Deserialize)]
struct Page {
    page: Option<u32>,
}

#[cached(ttl = 60, backend = "dict", group = ["pages", "page:{id}"])]
async fn page(Path(id): Path<u64>, Query(query): Query<Page>) -> Response {
    let run = RUNS.fetch_add(1, Ordering::SeqCst);
    ([("x-run", run.to_string())], CacheGroups::of([format!("author:{}", id % 2)]), format!("page {id} {:?}", query.page)).into_response()
}

#[cached(ttl = from_response, backend = "dict", vary = from_response)]
async fn varied(headers: HeaderMap) -> Response {
    let language = headers.get(header::ACCEPT_LANGUAGE).cloned();
    let lines = [(header::VARY, "accept-language"), (header::CACHE_CONTROL, "max-age=60")];
    (lines, format!("in {language:?}")).into_response()
}

fn app() -> (Dict, TestCache, Router) {
    let dict = Dict::default();
    let cache = TestCache::with(|builder| builder.backend("dict", dict.clone()));
    let router = Router::new().route("/page/{id}", get(page)).route("/varied", get(varied)).layer(cache.layer());
    (dict, cache, router)
}

async fn ask(router: &Router, uri: &str) -> Response {
    router.clone().oneshot(Request::get(uri).body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_hit_is_the_miss_that_stored_it() {
    let (_, cache, app) = app();
    let miss = assert_miss!(ask(&app, "/page/1?page=2&utm=x").await);
    cache.clock().advance(Duration::from_secs(7));
    let hit = assert_hit!(ask(&app, "/page/1?page=2").await);
    assert_eq!(hit.headers()["age"], "7");
    let mut lines = hit.headers().clone();
    lines.remove("age");
    assert_eq!(&lines, miss.headers());
    assert_eq!(text(hit).await, text(miss).await);
    cache.clock().advance(Duration::from_secs(54));
    assert_miss!(ask(&app, "/page/1?page=2").await);
}

#[tokio::test]
async fn every_way_to_invalidate_reaches_it() {
    let (_, cache, app) = app();
    for target in [
        Target::group("pages"),
        Target::group("page:1"),
        Target::group("author:1"),
        Target::path("/page/%31"),
        Target::handler(page),
        Target::all(),
    ] {
        assert_miss!(ask(&app, "/page/1").await);
        assert_hit!(ask(&app, "/page/1").await);
        cache.cache().invalidate(target).await.unwrap();
    }
    assert_miss!(ask(&app, "/page/1").await);
    cache.cache().invalidate(Target::group("page:2")).await.unwrap();
    assert_hit!(ask(&app, "/page/1").await);
}

#[tokio::test]
async fn variants_are_kept_apart() {
    let (_, _, app) = app();
    let ask = async |language: &str| {
        let request = Request::get("/varied").header("accept-language", language).body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap()
    };
    for language in ["de", "fr", "it"] {
        assert_miss!(ask(language).await);
    }
    for language in ["de", "fr", "it"] {
        assert!(text(assert_hit!(ask(language).await)).await.contains(language));
    }
}

#[tokio::test]
async fn a_store_that_fails_or_hangs_fails_no_request() {
    for hangs in [false, true] {
        let (dict, _, app) = app();
        ask(&app, "/page/1").await;
        let sickness = if hangs { &dict.0.hangs } else { &dict.0.fails };
        sickness.store(true, Ordering::SeqCst);
        let response = assert_miss!(tokio::time::timeout(Duration::from_secs(60), ask(&app, "/page/1")).await.unwrap());
        assert!(response.status().is_success());
        assert!(text(response).await.starts_with("page 1"));
        sickness.store(false, Ordering::SeqCst);
        assert_hit!(ask(&app, "/page/1").await);
    }
}

/// RFC 9211 §2.5: `stored` where the answer is being stored, and not where nothing can be.
#[tokio::test]
async fn no_answer_says_that_it_is_stored_while_the_store_cannot_be_read() {
    let dict = Dict::default();
    let cache = Cache::builder().backend("dict", dict.clone()).cache_status("site").build().await.unwrap();
    let router = Router::new().route("/page/{id}", get(page)).layer(Extension(cache));
    let said = async |uri| ask(&router, uri).await.headers()["cache-status"].to_str().unwrap().to_owned();
    assert_eq!(said("/page/1").await, "site; fwd=uri-miss; stored");
    dict.0.fails.store(true, Ordering::SeqCst);
    // The last of them while the circuit breaker is open.
    for _ in 0..7 {
        assert_eq!(said("/page/2").await, "site; fwd=bypass; detail=backend");
    }
}

#[tokio::test]
async fn a_store_that_keeps_failing_is_not_asked_and_invalidations_here_go_on() {
    let (dict, cache, app) = app();
    ask(&app, "/page/1").await;
    assert!(cache.cache().drain(Duration::from_secs(1)).await);
    assert_hit!(ask(&app, "/page/1").await);
    dict.0.fails.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        assert_miss!(ask(&app, "/page/1").await);
    }
    dict.0.fails.store(false, Ordering::SeqCst);
    let reads = dict.0.reads.load(Ordering::SeqCst);
    assert_miss!(ask(&app, "/page/1").await);
    assert_eq!(dict.0.reads.load(Ordering::SeqCst), reads, "it was asked");
    cache.cache().invalidate(Target::group("page:1")).await.unwrap();
    // It answers the next probe, and what was stored before the invalidation is not used.
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let outcome = ask(&app, "/page/1").await.extensions().get::<Outcome>().unwrap().to_string();
    assert!(outcome.contains("has been invalidated"), "{outcome}");
}

#[tokio::test]
async fn damaged_bytes_and_those_of_another_key_are_a_miss() {
    for flips in [false, true] {
        let (dict, _, app) = app();
        assert_miss!(ask(&app, "/page/1").await);
        let sickness = if flips { &dict.0.flips } else { &dict.0.mixes };
        sickness.store(true, Ordering::SeqCst);
        assert_eq!(text(assert_miss!(ask(&app, "/page/2").await)).await, "page 2 None");
        if flips {
            assert_miss!(ask(&app, "/page/1").await);
        }
    }
}

#[tokio::test]
async fn nothing_of_a_request_can_be_read_in_the_name_of_a_key() {
    let (dict, _, app) = app();
    ask(&app, "/page/7?page=4711").await;
    let names = dict.with(|map| map.keys().map(|key| key.as_str().to_owned()).collect::<Vec<_>>());
    assert_eq!(names.len(), 1);
    assert!(names[0].contains("stores::page/") && !names[0].contains("4711"), "{names:?}");
}

#[tokio::test]
async fn a_handler_whose_backend_is_not_there_runs_and_says_so() {
    let cache = TestCache::new();
    let app = Router::new().route("/page/{id}", get(page)).route("/looked-at/{id}", get(looked_at)).layer(cache.layer());
    let response = assert_miss!(ask(&app, "/page/1").await);
    let outcome = response.extensions().get::<Outcome>().unwrap().to_string();
    assert!(outcome.contains("names a backend that this cache does not have"), "{outcome}");
    let cache = Cache::builder().build().await.unwrap();
    // A layer with a cache of its own makes none for the process, also where a request changes something.
    let layer = cached_handler::CacheLayer::new("site", cached_handler::secs(60)).cache(cache.clone());
    let app = Router::new().route("/", axum::routing::put(|| async {})).layer(layer);
    cached_handler_tests::harness::send(&app, axum::http::Method::PUT, "/").await;
    let error = cache.install().unwrap_err();
    assert!(error.is_config() && error.to_string().contains("`dict`"), "{error}");
    assert_eq!(error.to_string().matches("`looked_at` (").count(), 1, "{error}");
    assert_eq!(cached_handler::handlers().iter().filter(|handler| handler.name == "looked_at").count(), 1);
}

/// The macro above copies it, to look at it.
#[axum::debug_handler]
#[cached(ttl = 60, backend = "dict")]
async fn looked_at(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[tokio::test]
async fn builders_refuse_two_backends_of_one_name() {
    let twice = Cache::builder().backend("dict", Dict::default()).backend("dict", Dict::default()).build().await;
    assert!(twice.is_err_and(|error| error.is_config()));
    let reserved = Cache::builder().backend("memory", Dict::default()).build().await;
    assert!(reserved.is_err_and(|error| error.is_config()));
}

/// What was invalidated in one life of a process stays so in the next, whose clock begins anew; and so does what another
/// process has invalidated, of which this one has not heard.
#[tokio::test]
async fn a_store_that_outlives_its_clock_brings_nothing_back() {
    let dict = Dict::default();
    for life in 0..3 {
        let cache = TestCache::with(|builder| builder.namespace("lives").backend("dict", dict.clone()));
        let router = Router::new().route("/page/{id}", get(page)).layer(cache.layer());
        assert_miss!(ask(&router, "/page/7").await);
        assert_hit!(ask(&router, "/page/7").await);
        // In some lives the clock gets as far as in the one before, in some it does not.
        for _ in 0..life {
            cache.cache().invalidate(Target::group("pages")).await.unwrap();
            assert_miss!(ask(&router, "/page/7").await);
        }
    }
    assert_eq!(dict.with(|map| map.len()), 1, "all of them stored it under one key");
}
