//! The ten laws in memory, each by its name and as shortly as it can be shown; `tests/LAWS.md` has the tests at length, on every
//! backend. These need neither a server nor a feature of the crate, so that `cargo test -p cached-handler` runs them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "what fails here fails a test"
)]

mod collapse;
mod early;
#[path = "../../../tests/harness.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the package `tests`")]
mod harness;
mod one_run;
mod settle;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{FromRef, FromRequestParts, Path, Query, State},
    http::{HeaderMap, HeaderValue, Request, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use cached_handler::{
    CacheGroups, Error, Target,
    backend::{Store, StoreKey},
    cached,
    testing::{TestCache, assert_hit, assert_miss},
};
use harness::{Random, ask, leaves_at, text};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// What the handlers of this file share.
struct Shared {
    runs: AtomicUsize,
    version: AtomicU64,
    gate: Semaphore,
    began: Semaphore,
    allowed: AtomicUsize,
}

type App = State<Arc<Shared>>;

fn app(set: impl FnOnce(cached_handler::CacheBuilder) -> cached_handler::CacheBuilder) -> (Arc<Shared>, TestCache, Router) {
    let shared = Arc::new(Shared {
        runs: AtomicUsize::new(0),
        version: AtomicU64::new(0),
        gate: Semaphore::new(0),
        began: Semaphore::new(0),
        allowed: AtomicUsize::new(1),
    });
    let cache = TestCache::with(set);
    let router = Router::new()
        .route("/echo/{a}/{b}", get(echo))
        .route("/guarded", get(guarded))
        .route("/odd", get(odd))
        .route("/gated", get(gated))
        .route("/private/{case}", get(private))
        .route("/plain/{id}", get(plain))
        .route("/at-rest/{id}", get(at_rest))
        .with_state(Arc::clone(&shared))
        .layer(cache.layer());
    (shared, cache, router)
}

async fn send(router: &Router, uri: &str, lines: &[(&str, &str)]) -> Response {
    let mut request = Request::get(uri);
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

#[derive(serde::Deserialize)]
struct Page {
    page: Option<String>,
    sort: Option<String>,
}

#[cached(ttl = 60, vary = "accept-language")]
async fn echo(Path((a, b)): Path<(String, String)>, Query(Page { page, sort }): Query<Page>, fields: HeaderMap) -> String {
    format!("{a:?} {b:?} {page:?} {sort:?} {fields:?}")
}

#[tokio::test]
async fn l1_requests_that_share_a_response_gave_the_handler_the_same() {
    let (_, _, router) = app(|builder| builder);
    let mut random = Random::new(1);
    let some = |random: &mut Random| ["a", "b", "%61", "a%2Fb", "", "a&b", "1"][random.below(7)].to_owned();
    let mut hits = 0;
    for _ in 0..2_000 {
        let (a, b, page, language) = (some(&mut random), some(&mut random), some(&mut random), some(&mut random));
        let query = ["", "?page=", "?sort=", "?x=1&page=", "?page=1&sort="][random.below(5)];
        let uri = format!("/echo/{a}x/{b}x{query}{}", if query.is_empty() { String::new() } else { page.replace('&', "%26") });
        let lines = [("accept-language", language.as_str()), ("x-ignored", &a)];
        let response = send(&router, &uri, &lines).await;
        hits += usize::from(matches!(response.extensions().get(), Some(cached_handler::Outcome::Hit { .. })));
        // What the same handler says without a cache, of the field that it names.
        let plain = Router::new().route("/echo/{a}/{b}", get(echo)).layer(axum::Extension(off().await));
        assert_eq!(text(response).await, text(send(&plain, &uri, &lines[..1]).await).await, "{uri} {lines:?}");
    }
    assert!(hits > 300, "{hits}");
}

async fn off() -> cached_handler::Cache {
    cached_handler::Cache::builder().off().build().await.unwrap()
}

/// Refuses once the application says so.
struct Allowed;

impl<S: Sync> FromRequestParts<S> for Allowed
where
    Arc<Shared>: FromRef<S>,
{
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        let allowed = Arc::<Shared>::from_ref(state).allowed.load(Ordering::SeqCst);
        if allowed == 1 { Ok(Self) } else { Err(StatusCode::UNAUTHORIZED) }
    }
}

#[cached(ttl = 60, skip(_allowed))]
async fn guarded(_allowed: Allowed) -> &'static str {
    "secret"
}

#[tokio::test]
async fn l2_extractors_run_on_a_hit_too_and_a_rejection_is_never_stored() {
    let (shared, _, router) = app(|builder| builder);
    assert_miss!(ask(&router, "/guarded").await);
    assert_hit!(ask(&router, "/guarded").await);
    shared.allowed.store(0, Ordering::SeqCst);
    assert_eq!(ask(&router, "/guarded").await.status(), StatusCode::UNAUTHORIZED);
    shared.allowed.store(1, Ordering::SeqCst);
    assert_hit!(ask(&router, "/guarded").await);
}

#[cached(ttl = 60)]
async fn odd() -> Response {
    let mut response = (StatusCode::NON_AUTHORITATIVE_INFORMATION, vec![0, 159, 146, 150]).into_response();
    for value in ["one", "two"] {
        response.headers_mut().append("x-line", HeaderValue::from_static(value));
    }
    response.headers_mut().insert("x-bytes", HeaderValue::from_bytes(b"caf\xe9").unwrap());
    response
}

#[tokio::test]
async fn l3_a_hit_equals_the_miss_but_for_its_age() {
    let (_, cache, router) = app(|builder| builder);
    let (miss, missed) = assert_miss!(ask(&router, "/odd").await).into_parts();
    cache.clock().advance(Duration::from_secs(7));
    let (mut hit, found) = assert_hit!(ask(&router, "/odd").await).into_parts();
    assert_eq!(hit.headers.remove(header::AGE).unwrap(), "7");
    assert_eq!((hit.status, hit.headers), (miss.status, miss.headers));
    assert_eq!(found.collect().await.unwrap().to_bytes(), missed.collect().await.unwrap().to_bytes());
}

#[cached(ttl = 60, group = "gated")]
async fn gated(State(shared): App) -> String {
    shared.runs.fetch_add(1, Ordering::SeqCst);
    let version = shared.version.load(Ordering::SeqCst);
    shared.began.add_permits(1);
    shared.gate.acquire().await.unwrap().forget();
    version.to_string()
}

fn asks_for_the_gated(router: &Router) -> tokio::task::JoinHandle<String> {
    let router = router.clone();
    tokio::spawn(async move { text(ask(&router, "/gated").await).await })
}

#[tokio::test]
async fn l4_an_invalidation_wins_the_race_with_a_run_and_with_those_who_wait_for_it() {
    let (shared, cache, router) = app(|builder| builder);
    let early: Vec<_> = (0..3).map(|_| asks_for_the_gated(&router)).collect();
    shared.began.acquire().await.unwrap().forget();
    shared.version.store(1, Ordering::SeqCst);
    cache.cache().invalidate(Target::group("gated")).await.unwrap();
    let late = asks_for_the_gated(&router);
    shared.began.acquire().await.unwrap().forget();
    shared.gate.add_permits(10);
    assert_eq!(late.await.unwrap(), "1");
    for early in early {
        early.await.unwrap();
    }
    assert_eq!(text(assert_hit!(ask(&router, "/gated").await)).await, "1");
}

#[tokio::test]
async fn l5_a_hundred_requests_run_the_handler_once_also_where_the_first_client_leaves() {
    let (shared, _, router) = app(|builder| builder);
    assert!(leaves_at(0, ask(&router, "/gated")).await.is_none());
    let followers: Vec<_> = (0..100).map(|_| asks_for_the_gated(&router)).collect();
    shared.began.acquire().await.unwrap().forget();
    shared.gate.add_permits(1);
    for follower in followers {
        assert_eq!(follower.await.unwrap(), "0");
    }
    assert_eq!(shared.runs.load(Ordering::SeqCst), 1);
}

#[cached(ttl = 60, group = "plain")]
async fn plain(Path(id): Path<u64>) -> (CacheGroups, Vec<u8>) {
    (CacheGroups::of([format!("plain:{id}")]), vec![7; 10_000])
}

#[cached(ttl = 60, group = "plain", backend = "odd")]
async fn at_rest(Path(id): Path<u64>) -> String {
    id.to_string()
}

/// A store that answers every question with the next of some bytes, or fails.
#[derive(Clone, Default)]
struct Odd(Arc<Mutex<Vec<Option<Bytes>>>>);

impl Store for Odd {
    async fn get(&self, _: &StoreKey) -> Result<Option<Bytes>, Error> {
        match self.0.lock().unwrap().pop() {
            Some(bytes) => Ok(bytes),
            None => Err(Error::backend("nothing is left")),
        }
    }

    async fn put(&self, _: &StoreKey, _: Bytes, _: Duration) -> Result<(), Error> {
        Err(Error::backend("full"))
    }

    async fn remove(&self, _: &StoreKey) -> Result<(), Error> {
        Err(Error::backend("stuck"))
    }

    async fn clear(&self) -> Result<(), Error> {
        Err(Error::backend("stuck"))
    }
}

struct Broken;

impl cached_handler::backend::Epochs for Broken {
    async fn read(&self, _: &cached_handler::backend::Scopes<'_>) -> Result<cached_handler::backend::EpochSnapshot, Error> {
        Err(Error::backend("no clock"))
    }

    async fn advance(&self, _: &Target, _: cached_handler::backend::Effect) -> Result<(), Error> {
        Err(Error::backend("no clock"))
    }
}

#[tokio::test]
async fn l6_a_failing_backend_fails_no_request_and_a_failed_invalidation_is_an_error() {
    let (_, cache, router) = app(|builder| builder.backend_with_epochs("odd", Odd::default(), Broken));
    for id in 0..20 {
        assert_eq!(text(ask(&router, &format!("/at-rest/{id}")).await).await, id.to_string());
    }
    let error = cache.cache().invalidate(Target::group("plain")).await.unwrap_err();
    assert!(error.is_backend(), "{error:?}");
}

#[tokio::test]
async fn l7_what_clients_ask_for_fills_memory_no_further_than_its_limit() {
    let (_, cache, router) = app(|builder| builder.memory(1 << 20));
    for id in 0..1_000 {
        assert_eq!(ask(&router, &format!("/plain/{id}?{}", "x".repeat(100))).await.status(), StatusCode::OK);
    }
    let held = cache.cache().stats().memory_bytes;
    assert!(held > 1 << 19 && held <= (1 << 20) + (1 << 17), "{held}");
}

#[cached(ttl = 60)]
async fn private(Path(case): Path<usize>) -> Response {
    let (name, value) = PRIVATE[case];
    ([(name, value)], "mine").into_response()
}

const PRIVATE: [(&str, &str); 7] = [
    ("set-cookie", "sid=1"),
    ("cache-control", "private"),
    ("cache-control", "No-Store, max-age=60"),
    ("cache-control", "max-age=60, private=\"x\""),
    ("vary", "*"),
    ("vary", "cookie"),
    ("vary", "accept, authorization"),
];

#[tokio::test]
async fn l8_what_is_private_is_never_stored() {
    let (_, _, router) = app(|builder| builder);
    for (case, line) in PRIVATE.iter().enumerate() {
        for _ in 0..2 {
            let response = assert_miss!(ask(&router, &format!("/private/{case}")).await);
            assert_eq!(text(response).await, "mine", "{line:?}");
        }
    }
}

#[tokio::test]
async fn l9_whatever_lies_in_a_store_nothing_panics() {
    let mut random = Random::new(9);
    let lies: Vec<Option<Bytes>> = (0..2_000)
        .map(|_| {
            let mut bytes: Vec<u8> = (0..random.below(200)).map(|_| random.next() as u8).collect();
            if random.one_in(2) {
                bytes.splice(..0, *b"CHst\x01\x00");
            }
            Some(bytes.into())
        })
        .collect();
    let store = Odd(Arc::new(Mutex::new(lies)));
    let (_, _, router) = app(|builder| builder.backend("odd", store.clone()));
    let mut id = 0;
    while !store.0.lock().unwrap().is_empty() && id < 5_000 {
        id += 1;
        assert_eq!(text(assert_miss!(ask(&router, &format!("/at-rest/{id}")).await)).await, id.to_string());
    }
}

#[tokio::test]
async fn l10_clients_ask_again_and_are_told_that_nothing_has_changed() {
    let (_, _, router) = app(|builder| builder);
    let first = assert_miss!(ask(&router, "/plain/1").await);
    assert_eq!(first.headers()[header::CACHE_CONTROL], "no-cache");
    let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
    let again = send(&router, "/plain/1", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}
