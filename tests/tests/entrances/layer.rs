//! The cache as a layer: what it answers, what it shows the service inside, what it keeps out of.

mod changed;
mod composed;
mod left_alone;
mod names;
mod parts;
mod services;
mod shown;
mod within;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{
    Bypass, CacheGroups, CacheLayer, CacheService, Forward, FreshFor, Kept, NotStored, Outcome, Policy, Target, secs,
    testing::{TestCache, assert_hit, assert_miss, outcome_of},
};
use cached_handler_tests::harness::{Dict, text};
use tower::{Service, ServiceExt};

/// How often the service inside has run.
#[derive(Debug, Clone, Default)]
struct Runs(Arc<AtomicUsize>);

impl Runs {
    fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Handlers as they are without a cache.
fn site(runs: &Runs) -> Router {
    async fn page(State(runs): State<Runs>, Path(id): Path<u64>) -> String {
        format!("page {id}, run {}", runs.next())
    }
    async fn fails(State(runs): State<Runs>) -> Response {
        if runs.next() == 1 { "well".into_response() } else { StatusCode::BAD_GATEWAY.into_response() }
    }
    async fn grouped(State(runs): State<Runs>) -> (CacheGroups, String) {
        (CacheGroups::of(["later"]), runs.next().to_string())
    }
    async fn brief(State(runs): State<Runs>) -> (FreshFor, String) {
        (FreshFor(secs(5)), runs.next().to_string())
    }
    async fn cookie(State(runs): State<Runs>) -> Response {
        ([(header::SET_COOKIE, format!("sid={}", runs.next()))], "welcome").into_response()
    }
    Router::new()
        .route("/page/{id}", get(page).post(page))
        .route("/fails", get(fails))
        .route("/grouped", get(grouped))
        .route("/brief", get(brief))
        .route("/cookie", get(cookie))
        .with_state(runs.clone())
}

fn layer(cache: &TestCache) -> CacheLayer {
    CacheLayer::new("site", secs(60)).cache(cache.cache().clone())
}

async fn send<S>(app: &S, request: Request<Body>) -> Response
where
    S: Service<Request<Body>, Response = Response> + Clone,
    S::Error: std::fmt::Debug,
{
    app.clone().oneshot(request).await.unwrap()
}

async fn ask<S>(app: &S, uri: &str) -> Response
where
    S: Service<Request<Body>, Response = Response> + Clone,
    S::Error: std::fmt::Debug,
{
    send(app, Request::get(uri).body(Body::empty()).unwrap()).await
}

fn get_with(uri: &str, fields: &[(&str, &str)]) -> Request<Body> {
    fields.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value)).body(Body::empty()).unwrap()
}

fn why(response: &Response) -> Forward {
    match outcome_of(response) {
        Outcome::Forward { why, .. } => *why,
        other => panic!("{other}"),
    }
}

fn not_stored(response: &Response) -> NotStored {
    match outcome_of(response) {
        Outcome::Forward { kept: Kept::Not(reason), .. } => reason.clone(),
        other => panic!("{other}"),
    }
}

/// A cache, the service behind it, its runs.
fn fixture(set: impl FnOnce(CacheLayer) -> CacheLayer) -> (TestCache, CacheService<Router>, Runs) {
    let (cache, runs) = (TestCache::with(|builder| builder.backend("dict", Dict::default())), Runs::default());
    let app = set(layer(&cache)).around(site(&runs));
    (cache, app, runs)
}

/// In memory, and in a store of one's own.
const BACKENDS: [&str; 2] = ["memory", "dict"];

#[tokio::test]
async fn a_page_is_made_once_and_answered_before_routing() {
    for backend in BACKENDS {
        let (cache, app, runs) = fixture(|layer| layer.backend(backend));
        let miss = assert_miss!(ask(&app, "/page/1").await);
        assert_eq!(miss.headers().get(header::AGE), None);
        let etag = miss.headers()[header::ETAG].clone();
        assert_eq!(miss.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(text(miss).await, "page 1, run 1");

        cache.clock().advance(secs(7));
        let hit = assert_hit!(ask(&app, "/page/1").await);
        assert_eq!(hit.headers()[header::AGE], "7");
        assert_eq!(hit.headers()[header::ETAG], etag);
        assert_eq!(text(hit).await, "page 1, run 1");

        let unchanged = assert_hit!(send(&app, get_with("/page/1", &[("if-none-match", etag.to_str().unwrap())])).await);
        assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED);

        cache.clock().advance(secs(53));
        assert_miss!(ask(&app, "/page/1").await);
        assert_eq!(runs.count(), 2, "{backend}");
    }
}

#[tokio::test]
async fn every_part_of_the_target_is_in_the_key() {
    for backend in BACKENDS {
        let (_cache, app, _) = fixture(|layer| layer.backend(backend));
        for uri in ["/page/1", "/page/1?", "/page/1?a", "/page/1?b", "/page/01", "http://one.example/page/1", "https://one.example/page/1"]
        {
            assert_miss!(ask(&app, uri).await);
            assert_hit!(ask(&app, uri).await);
        }
        for host in ["one.example", "two.example"] {
            assert_miss!(send(&app, get_with("/page/1", &[("host", host)])).await);
            assert_hit!(send(&app, get_with("/page/1", &[("host", host)])).await);
        }
    }
}

#[tokio::test]
async fn head_is_answered_from_what_get_stored_and_stores_nothing() {
    let (_cache, app, runs) = fixture(|layer| layer);
    let head = || Request::head("/page/1").body(Body::empty()).unwrap();
    let first = send(&app, head()).await;
    assert_eq!(not_stored(&first), NotStored::Head);
    assert_eq!(text(assert_miss!(ask(&app, "/page/1").await)).await, "page 1, run 2");
    let second = assert_hit!(send(&app, head()).await);
    assert_eq!(second.headers()[header::CONTENT_LENGTH], "13");
    assert_eq!(text(second).await, "");
    assert_eq!(runs.count(), 2);
}

#[tokio::test]
async fn what_is_none_of_its_business_passes() {
    let (_cache, app, runs) = fixture(|layer| layer);
    assert_miss!(ask(&app, "/page/1").await);
    let request = |request: axum::http::request::Builder, content: &'static str| request.uri("/page/1").body(Body::from(content)).unwrap();
    let passes = [
        (request(Request::builder(), "content"), Forward::Bypass(Bypass::Content)),
        (request(Request::builder().header("cookie", "a=1"), ""), Forward::Bypass(Bypass::Credentials)),
        (request(Request::builder().header("authorization", "Bearer a"), ""), Forward::Bypass(Bypass::Credentials)),
        (request(Request::builder().header("connection", "upgrade").header("upgrade", "websocket"), ""), Forward::Bypass(Bypass::Upgrade)),
    ];
    for (at, (request, expected)) in passes.into_iter().enumerate() {
        let response = send(&app, request).await;
        assert_eq!(why(&response), expected);
        assert_eq!(response.headers().get(header::CACHE_CONTROL), None, "it is as the handler made it");
        assert_eq!(text(response).await, format!("page 1, run {}", at + 2));
    }
    assert_eq!(text(assert_hit!(ask(&app, "/page/1").await)).await, "page 1, run 1");
    assert_eq!(runs.count(), 5);
}

#[tokio::test]
async fn a_cache_that_is_off_lets_everything_pass() {
    let runs = Runs::default();
    let cache = cached_handler::Cache::builder().off().build().await.unwrap();
    let app = CacheLayer::new("off", secs(60)).cache(cache).around(site(&runs));
    for _ in 0..2 {
        assert_eq!(why(&ask(&app, "/page/1").await), Forward::Bypass(Bypass::Off));
    }
    assert_eq!(runs.count(), 2);
}

#[tokio::test]
async fn groups_path_name_and_all_invalidate() {
    for backend in BACKENDS {
        let by_path = |request: &axum::http::request::Parts| vec![format!("of:{}", request.uri.path())];
        let (cache, app, _) = fixture(|layer| layer.backend(backend).group("pages").groups(by_path));
        let targets = ["pages", "of:/page/1"].map(Target::group).into_iter();
        for target in targets.chain([Target::path("/page/1"), Target::named("site"), Target::all()]) {
            assert_miss!(ask(&app, "/page/1").await);
            assert_hit!(ask(&app, "/page/1").await);
            cache.cache().invalidate(target).await.unwrap();
        }
        // In a store of one's own the epochs of handlers meet by chance, once in 4 096 times.
        let other = (backend == "memory").then(|| Target::named("other"));
        for other in [Target::group("of:/page/2"), Target::path("/page/2")].into_iter().chain(other) {
            assert_miss!(ask(&app, "/page/3").await);
            cache.cache().invalidate(other).await.unwrap();
            assert_hit!(ask(&app, "/page/3").await);
            cache.cache().invalidate(Target::all()).await.unwrap();
        }
        assert_miss!(ask(&app, "/grouped").await);
        cache.cache().invalidate(Target::group("later")).await.unwrap();
        assert_miss!(ask(&app, "/grouped").await);
    }
}

#[tokio::test]
async fn a_response_says_its_lifetime_and_a_layer_may_leave_it_to_responses() {
    let (cache, app, _) = fixture(|layer| layer);
    assert_miss!(ask(&app, "/brief").await);
    cache.clock().advance(secs(5));
    assert_miss!(ask(&app, "/brief").await);

    let cache = TestCache::new();
    let app = CacheLayer::from_response("stated").cache(cache.cache().clone()).around(site(&Runs::default()));
    assert_eq!(not_stored(&ask(&app, "/page/1").await), NotStored::NoFreshness);
    assert_miss!(ask(&app, "/brief").await);
    assert_hit!(ask(&app, "/brief").await);
}

#[tokio::test]
async fn what_is_private_is_not_stored() {
    let (_cache, app, _) = fixture(|layer| layer);
    for run in 1..3 {
        let response = ask(&app, "/cookie").await;
        assert_eq!(not_stored(&response), NotStored::SetCookie);
        assert_eq!(response.headers()[header::SET_COOKIE], format!("sid={run}"));
    }
}

#[tokio::test]
async fn a_stale_page_is_sent_while_it_is_made_anew_and_in_place_of_a_failure() {
    const EXACT: Policy = Policy::new().jitter(0);
    for backend in BACKENDS {
        let (cache, app, runs) = fixture(|layer| layer.backend(backend).stale_while_revalidate(secs(60)).policy(EXACT));
        ask(&app, "/page/1").await;
        cache.clock().advance(secs(61));
        let stale = ask(&app, "/page/1").await;
        assert!(matches!(outcome_of(&stale), Outcome::Stale { .. }), "{}", outcome_of(&stale));
        assert_eq!(text(stale).await, "page 1, run 1");
        assert!(cache.cache().drain(secs(5)).await);
        assert_eq!(text(assert_hit!(ask(&app, "/page/1").await)).await, "page 1, run 2");
        assert_eq!(runs.count(), 2);

        let (cache, app, _) = fixture(|layer| layer.backend(backend).stale_if_error(secs(60)).policy(EXACT));
        ask(&app, "/fails").await;
        cache.clock().advance(secs(61));
        assert_eq!(text(ask(&app, "/fails").await).await, "well");
        cache.clock().advance(secs(60));
        assert_eq!(ask(&app, "/fails").await.status(), StatusCode::BAD_GATEWAY);
    }
}

#[tokio::test]
async fn routers_and_routes_take_it_too() {
    let cache = TestCache::new();
    let runs = Runs::default();
    let inner = Router::new().nest("/a", site(&runs)).nest("/b", site(&runs));
    let by_router = inner.clone().layer(layer(&cache));
    let by_route_layer = inner.route_layer(layer(&cache));
    let on_a_method = Router::new().route("/{x}/page/{id}", get(async || "one").layer(layer(&cache)));
    for app in [by_router, by_route_layer, on_a_method] {
        for uri in ["/a/page/1", "/b/page/1"] {
            assert_miss!(ask(&app, uri).await);
            assert_hit!(ask(&app, uri).await);
        }
    }
}

#[tokio::test]
async fn the_cache_of_an_extension_outside_is_used() {
    let cache = TestCache::new();
    let app = site(&Runs::default()).layer(CacheLayer::new("site", secs(60))).layer(cache.layer());
    assert_miss!(ask(&app, "/page/1").await);
    assert_hit!(ask(&app, "/page/1").await);
}

fn fields_of(headers: &HeaderMap) -> String {
    let mut lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap())).collect();
    lines.sort();
    lines.join(" ")
}
