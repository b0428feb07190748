//! Settings of a handler and of all handlers of a cache: which of them counts, and what it does; in memory and on a store of one's
//! own.

mod shared_path;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{any, get},
};
use cached_handler::{
    Cache, CacheBuilder, CacheLayer, Collapse, ETag, FreshFor, Kept, NotStored, Outcome, Policy, cached, handlers, secs,
    testing::{TestCache, assert_hit, assert_miss, outcome_of},
};
use cached_handler_tests::harness::{Dict, ask, text};
use tower::ServiceExt;

/// In memory, and on a store of one's own.
fn caches(set: impl Fn(CacheBuilder) -> CacheBuilder) -> [TestCache; 2] {
    let stored = TestCache::with(|builder| set(builder.backend("dict", Dict::default()).default_backend("dict")));
    [TestCache::with(&set), stored]
}

/// Why the answer is not stored; absent where it is.
#[track_caller]
fn not_stored(response: &Response) -> Option<&NotStored> {
    match response.extensions().get::<Outcome>() {
        Some(Outcome::Forward { kept: Kept::Not(reason), .. }) => Some(reason),
        Some(_) => None,
        None => panic!("no outcome"),
    }
}

fn said<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn cache_control(response: &Response) -> Option<&str> {
    said(response, "cache-control")
}

// `cache_control = none`.

#[cached(ttl = 60, cache_control = none)]
async fn silent() -> &'static str {
    "text"
}

#[cached(ttl = 60, cache_control = none)]
async fn says_itself() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "max-age=5")], "text")
}

#[cached(ttl = 60, cache_control = none)]
async fn silent_failure() -> StatusCode {
    StatusCode::NOT_FOUND
}

#[cached(ttl = 60, cache_control = none, vary = "cookie")]
async fn personal(fields: HeaderMap) -> String {
    format!("{:?}", fields.get("cookie"))
}

const SILENT: Policy = Policy::new().without_cache_control();

#[cached(ttl = 60, policy = SILENT)]
async fn silent_by_policy() -> &'static str {
    "text"
}

#[cached(ttl = 60, cache_control = "max-age=9", policy = SILENT)]
async fn the_attribute_counts() -> &'static str {
    "text"
}

const TELLS: Policy = Policy::new().cache_control("public, max-age=60");

#[cached(ttl = 60, policy = TELLS)]
async fn told_by_policy() -> &'static str {
    "text"
}

fn told() -> Router {
    Router::new()
        .route("/silent", get(silent))
        .route("/says-itself", get(says_itself))
        .route("/silent-failure", get(silent_failure))
        .route("/personal", get(personal))
        .route("/silent-by-policy", get(silent_by_policy))
        .route("/the-attribute-counts", get(the_attribute_counts))
        .route("/told-by-policy", get(told_by_policy))
}

#[tokio::test]
async fn nothing_is_added_where_none_is_said_on_hits_and_misses() {
    for cache in caches(|builder| builder) {
        let app = told().layer(cache.layer());
        for (path, expected) in [
            ("/silent", None),
            ("/says-itself", Some("max-age=5")),
            ("/silent-failure", None),
            ("/silent-by-policy", None),
            ("/the-attribute-counts", Some("max-age=9")),
            ("/told-by-policy", Some("public, max-age=60")),
        ] {
            for _ in 0..2 {
                assert_eq!(cache_control(&ask(&app, path).await), expected, "{path}");
            }
        }
        let mut request = Request::get("/silent").header("if-none-match", "*").body(Body::empty()).unwrap();
        let unchanged = app.clone().oneshot(request).await.unwrap();
        assert_eq!((unchanged.status(), cache_control(&unchanged)), (StatusCode::NOT_MODIFIED, None));
        for _ in 0..2 {
            request = Request::get("/personal").header("cookie", "session=ann").body(Body::empty()).unwrap();
            assert_eq!(cache_control(&app.clone().oneshot(request).await.unwrap()), Some("private"), "one person's");
        }
    }
}

#[tokio::test]
async fn a_lifetime_that_a_policy_tells_clients_counts_from_the_answer() {
    for cache in caches(|builder| builder) {
        let app = told().layer(cache.layer());
        assert_miss!(ask(&app, "/told-by-policy").await);
        cache.clock().advance(Duration::from_secs(9));
        assert_eq!(cache_control(&ask(&app, "/told-by-policy").await), Some("public, max-age=69"));
    }
}

#[test]
fn what_is_told_is_in_the_list_of_handlers() {
    let all = handlers();
    let of = |name: &str| all.iter().find(|handler| handler.name == name).map(|found| (found.cache_control, found.leaves_cache_control));
    assert_eq!(of("silent"), Some((None, true)));
    assert_eq!(of("silent_by_policy"), Some((None, true)));
    assert_eq!(of("the_attribute_counts"), Some((Some("max-age=9"), false)));
    assert_eq!(of("told_by_policy"), Some((Some("public, max-age=60"), false)));
    assert_eq!(of("plain"), Some((None, false)));
}

#[tokio::test]
async fn a_layer_adds_nothing_where_that_is_said() {
    for cache in caches(|builder| builder) {
        let layer = CacheLayer::new("silent", secs(60)).cache(cache.cache().clone()).without_cache_control();
        let app = Router::new().fallback_service(layer.around(Router::new().route("/", get("text"))));
        for _ in 0..2 {
            assert_eq!(cache_control(&ask(&app, "/").await), None);
        }
    }
}

// The defaults of a cache.

const DEFAULTS: Policy = Policy::new()
    .max_body(4)
    .etag(ETag::Off)
    .status(404, secs(5))
    .status(302, secs(7))
    .collapse(Collapse::Inline)
    .cache_control("max-age=1");

#[cached(ttl = 60)]
async fn plain(State(runs): State<Arc<AtomicUsize>>, Path(length): Path<usize>) -> String {
    runs.fetch_add(1, Ordering::SeqCst);
    "x".repeat(length)
}

const OWN: Policy = Policy::new().max_body(1 << 20).etag(ETag::Strong).status(404, secs(50));

#[cached(ttl = 60, policy = OWN)]
async fn own(Path(length): Path<usize>) -> Result<String, StatusCode> {
    if length > 0 { Ok("x".repeat(length)) } else { Err(StatusCode::NOT_FOUND) }
}

#[cached(ttl = 60, cache_control = "no-store")]
async fn moved(Path(status): Path<u16>) -> (StatusCode, &'static str) {
    (StatusCode::from_u16(status).unwrap(), "")
}

fn site() -> Router {
    Router::new()
        .route("/plain/{length}", get(plain))
        .route("/own/{length}", get(own))
        .route("/moved/{status}", get(moved))
        .with_state(Arc::default())
}

#[tokio::test]
async fn what_a_handler_does_not_say_is_as_its_cache_says() {
    for cache in caches(|builder| builder.policy(DEFAULTS)) {
        let app = site().layer(cache.layer());
        assert_miss!(ask(&app, "/plain/4").await);
        let hit = assert_hit!(ask(&app, "/plain/4").await);
        assert_eq!((cache_control(&hit), said(&hit, "etag")), (Some("max-age=1"), None));
        assert_eq!(not_stored(&ask(&app, "/plain/5").await), Some(&NotStored::TooLarge));
        for (status, secs) in [(404, 5), (302, 7)] {
            let path = format!("/moved/{status}");
            assert_miss!(ask(&app, &path).await);
            cache.clock().advance(Duration::from_secs(secs - 1));
            assert_eq!(cache_control(&assert_hit!(ask(&app, &path).await)), Some("no-store"), "the attribute's");
            cache.clock().advance(Duration::from_secs(2));
            assert_miss!(ask(&app, &path).await);
        }
    }
}

#[tokio::test]
async fn what_a_handler_says_itself_counts_setting_by_setting() {
    for cache in caches(|builder| builder.policy(DEFAULTS)) {
        let app = site().layer(cache.layer());
        assert_miss!(ask(&app, "/own/100").await);
        let hit = assert_hit!(ask(&app, "/own/100").await);
        assert!(said(&hit, "etag").is_some_and(|tag| tag.starts_with('"')), "strong");
        assert_eq!(cache_control(&hit), Some("max-age=1"), "which it does not say");
        assert_miss!(ask(&app, "/own/0").await);
        cache.clock().advance(Duration::from_secs(49));
        assert_hit!(ask(&app, "/own/0").await);
    }
}

#[tokio::test]
async fn each_cache_of_a_process_has_its_own_defaults() {
    let [strict, _] = caches(|builder| builder.policy(DEFAULTS));
    let [mild, _] = caches(|builder| builder);
    let [strict, mild] = [strict, mild].map(|cache| site().layer(cache.layer()));
    for _ in 0..3 {
        assert_eq!(not_stored(&ask(&strict, "/plain/5").await), Some(&NotStored::TooLarge));
        let response = ask(&mild, "/plain/5").await;
        assert_eq!((not_stored(&response), cache_control(&response)), (None, Some("no-cache")));
        assert!(said(&response, "etag").is_some());
    }
}

#[tokio::test]
async fn defaults_are_in_no_key() {
    let dict = Dict::default();
    let cache = |policy| TestCache::with(|builder| builder.backend("dict", dict.clone()).default_backend("dict").policy(policy));
    for policy in [Policy::new(), DEFAULTS, Policy::new().honor_request_directives()] {
        let app = site().layer(cache(policy).layer());
        ask(&app, "/plain/3").await;
        assert_eq!(dict.map().len(), 1, "under one key");
    }
}

#[tokio::test]
async fn defaults_hold_for_layers_and_not_for_values() {
    for cache in caches(|builder| builder.policy(DEFAULTS)) {
        let layer = CacheLayer::new("small", secs(60)).cache(cache.cache().clone());
        let app = Router::new().fallback_service(layer.around(Router::new().route("/", get("longer"))));
        let response = ask(&app, "/").await;
        assert_eq!((not_stored(&response), cache_control(&response)), (Some(&NotStored::TooLarge), Some("no-cache")));
        let values = cache.cache().values::<String>("long");
        values.insert("key", "much longer".to_owned(), secs(60)).await.unwrap();
        assert_eq!(values.get("key").await.as_deref().map(String::as_str), Some("much longer"));
    }
}

#[tokio::test]
async fn a_name_or_a_version_for_all_is_an_error() {
    for policy in [Policy::new().name("all"), Policy::new().version(2)] {
        let error = Cache::builder().policy(policy).build().await.unwrap_err();
        assert!(error.is_config() && error.to_string().contains("the policy of a cache has no "), "{error}");
    }
    let error = Cache::builder().policy(Policy::new().cache_control("private, public")).build().await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains("type `.cache_control(\"private\")`"), "{error}");
    assert!(Cache::builder().policy(DEFAULTS).build().await.is_ok());
}

// `only_ok`.

#[derive(serde::Serialize)]
struct Answer {
    id: u32,
}

/// As GraphQL: a failure has the status 200, too.
#[cached(ttl = 60, only_ok)]
async fn only_ok(Path(id): Path<u32>) -> Result<Json<Answer>, Json<&'static str>> {
    if id < 9 { Ok(Json(Answer { id })) } else { Err(Json("no such thing")) }
}

#[cached(ttl = 60, only_ok, collapse = "inline")]
async fn only_ok_inline(Path(id): Path<u32>) -> axum::response::Result<Html<String>> {
    if id < 9 { Ok(Html(id.to_string())) } else { Err((StatusCode::OK, Html("none")).into()) }
}

/// Without the word, it is the status that counts.
#[cached(ttl = 60)]
async fn all_alike(Path(id): Path<u32>) -> Result<String, &'static str> {
    if id < 9 { Ok(id.to_string()) } else { Err("none") }
}

const ONLY_OK: Policy = Policy::new().only_ok().status(404, secs(60));

#[cached(ttl = 60, policy = ONLY_OK)]
async fn by_policy(Path(id): Path<u32>) -> Result<(StatusCode, String), StatusCode> {
    if id < 9 { Ok((StatusCode::NOT_FOUND, id.to_string())) } else { Err(StatusCode::NOT_FOUND) }
}

/// A generic result, and one that is hidden.
#[cached(ttl = 60, policy = ONLY_OK)]
async fn hidden(Path(id): Path<u32>) -> Result<impl IntoResponse, impl IntoResponse> {
    if id < 9 { Ok(id.to_string()) } else { Err("none") }
}

fn failing() -> Router {
    Router::new()
        .route("/only-ok/{id}", get(only_ok))
        .route("/inline/{id}", get(only_ok_inline))
        .route("/all-alike/{id}", get(all_alike))
        .route("/by-policy/{id}", get(by_policy))
        .route("/hidden/{id}", get(hidden))
}

async fn stores_no_err(app: &Router, path: &str) {
    assert_miss!(ask(app, &format!("{path}/1")).await);
    assert_hit!(ask(app, &format!("{path}/1")).await);
    for _ in 0..2 {
        assert_eq!(not_stored(&ask(app, &format!("{path}/9")).await), Some(&NotStored::Err), "{path}");
    }
}

#[tokio::test]
async fn no_err_is_stored_whatever_its_status() {
    for cache in caches(|builder| builder) {
        let app = failing().layer(cache.layer());
        for path in ["/only-ok", "/inline", "/by-policy", "/hidden"] {
            stores_no_err(&app, path).await;
        }
        assert_miss!(ask(&app, "/all-alike/9").await);
        assert_hit!(ask(&app, "/all-alike/9").await);
    }
}

#[cached(ttl = from_response, vary = from_response, only_ok)]
async fn forwards(request: Request<Body>) -> Result<Response, Response> {
    let fresh = (header::CACHE_CONTROL, "max-age=60");
    if request.uri().path() == "/busy" {
        return Err((StatusCode::SERVICE_UNAVAILABLE, [fresh]).into_response());
    }
    if *request.method() == Method::POST {
        return Err(([fresh, (header::CONTENT_LOCATION, "/posted")], "an error").into_response());
    }
    Ok(([fresh], "well").into_response())
}

/// Neither for itself, of whatever status, nor in the place of what GET would be given.
#[tokio::test]
async fn no_err_is_stored_whatever_it_states() {
    for cache in caches(|builder| builder) {
        let app = Router::new().route("/posted", any(forwards)).route("/busy", get(forwards)).layer(cache.layer());
        let post = Request::post("/posted").header(header::HOST, "site").body(Body::empty()).unwrap();
        assert_eq!(text(app.clone().oneshot(post).await.unwrap()).await, "an error");
        let asked = Request::get("/posted").header(header::HOST, "site").body(Body::empty()).unwrap();
        assert_eq!(text(app.clone().oneshot(asked).await.unwrap()).await, "well");
        for _ in 0..2 {
            assert_eq!(not_stored(&ask(&app, "/busy").await), Some(&NotStored::Err));
        }
    }
}

#[tokio::test]
async fn no_err_of_any_handler_is_stored_where_the_cache_says_so() {
    for cache in caches(|builder| builder.policy(Policy::new().only_ok())) {
        stores_no_err(&failing().layer(cache.layer()), "/all-alike").await;
    }
}

#[tokio::test]
async fn nothing_lies_beside_an_err_that_is_sent() {
    let off = Cache::builder().off().build().await.unwrap();
    let [cache, _] = caches(|builder| builder);
    let plain = failing().layer(axum::Extension(off));
    let app = failing().layer(cache.layer());
    for path in ["/only-ok/9", "/all-alike/9"] {
        // The outcome, and no more.
        assert_eq!((ask(&plain, path).await.extensions().len(), ask(&app, path).await.extensions().len()), (1, 1), "{path}");
    }
}

// `FreshFor::at_most`, and redirects.

#[cached(ttl = 60)]
async fn offer(Path(left): Path<u64>) -> impl IntoResponse {
    (FreshFor::at_most(secs(left)), "half the price")
}

const SHORT: Policy = Policy::new().status(302, secs(60)).status(303, secs(60)).status(307, secs(60));

#[cached(ttl = 60, policy = SHORT)]
async fn short(Path(status): Path<u16>) -> Response {
    match status {
        302 => (StatusCode::FOUND, [(header::LOCATION, "/long")]).into_response(),
        303 => Redirect::to("/long").into_response(),
        _ => Redirect::temporary("/long").into_response(),
    }
}

#[tokio::test]
async fn a_response_may_bound_its_own_freshness() {
    for cache in caches(|builder| builder) {
        let app = Router::new().route("/offer/{left}", get(offer)).layer(cache.layer());
        for (left, fresh) in [(20, 20), (600, 60)] {
            let path = format!("/offer/{left}");
            assert_miss!(ask(&app, &path).await);
            cache.clock().advance(Duration::from_secs(fresh - 1));
            assert_hit!(ask(&app, &path).await);
            cache.clock().advance(Duration::from_secs(2));
            assert_miss!(ask(&app, &path).await);
        }
        assert_eq!(not_stored(&ask(&app, "/offer/0").await), Some(&NotStored::AlreadyStale));
    }
}

#[cached(ttl = 60, stale_while_revalidate = 600, stale_if_error = 600)]
async fn with_windows(Path(left): Path<u64>) -> impl IntoResponse {
    (FreshFor::at_most(secs(left)), "half the price")
}

#[cached(ttl = 600, stale_while_revalidate = 600)]
async fn page_with_windows(State(app): State<Router>, Path(left): Path<u64>) -> String {
    text(ask(&app, &format!("/windows/{left}")).await).await
}

#[cached(ttl = 60, stale_while_revalidate = 60)]
async fn stale_at_once() -> impl IntoResponse {
    (FreshFor(secs(0)), "old")
}

const LISTENS: Policy = Policy::new().honor_request_directives();

#[cached(ttl = 60, policy = LISTENS)]
async fn listens() -> impl IntoResponse {
    (FreshFor::at_most(secs(20)), "half the price")
}

/// In a stale window too, at rest as in memory, and in a page that is made of it.
#[tokio::test]
async fn what_has_said_when_it_ends_is_not_used_after_that() {
    for cache in caches(|builder| builder) {
        let inside = Router::new().route("/windows/{left}", get(with_windows)).layer(cache.layer());
        let page = Router::new().route("/page/{left}", get(page_with_windows)).with_state(inside.clone());
        let rest = Router::new().route("/listens", get(listens)).route("/at-once", get(stale_at_once));
        let app = inside.merge(page.merge(rest).layer(cache.layer()));
        // Two minutes: one of freshness, one of the window.
        assert_miss!(ask(&app, "/windows/120").await);
        assert_miss!(ask(&app, "/windows/20").await);
        assert_eq!(not_stored(&ask(&app, "/windows/0").await), Some(&NotStored::AlreadyStale));
        assert_eq!(not_stored(&ask(&app, "/windows/0").await), Some(&NotStored::AlreadyStale));
        assert_miss!(ask(&app, "/page/20").await);
        assert_hit!(ask(&app, "/page/20").await);
        assert_miss!(ask(&app, "/listens").await);
        cache.clock().advance(Duration::from_secs(25));
        for uri in ["/windows/20", "/page/20"] {
            assert_miss!(ask(&app, uri).await);
        }
        let accepts = Request::get("/listens").header("cache-control", "max-stale=600").body(Body::empty()).unwrap();
        assert_miss!(app.clone().oneshot(accepts).await.unwrap());
        cache.clock().advance(Duration::from_secs(50));
        assert!(matches!(outcome_of(&ask(&app, "/windows/120").await), Outcome::Stale { .. }));
        // `FreshFor` zero alone is `max-age=0`.
        assert_miss!(ask(&app, "/at-once").await);
        assert!(matches!(outcome_of(&ask(&app, "/at-once").await), Outcome::Stale { .. }));
    }
}

#[tokio::test]
async fn redirects_for_now_are_stored_where_a_policy_says_so() {
    for cache in caches(|builder| builder) {
        let app = Router::new().route("/short/{status}", get(short)).layer(cache.layer());
        for status in [302, 303, 307] {
            let path = format!("/short/{status}");
            assert_miss!(ask(&app, &path).await);
            let hit = assert_hit!(ask(&app, &path).await);
            assert_eq!((hit.status().as_u16(), said(&hit, "location")), (status, Some("/long")));
            assert!(text(hit).await.is_empty());
        }
    }
}

// `status(…)`.

const MINUTE: Duration = secs(60);
const LONGER: Policy = Policy::new().status(302, secs(900)).status(410, secs(900)).max_body(64);

#[cached(ttl = "5m", status(302, 303 = 30, 307 = "1m", 404 = MINUTE), policy = LONGER)]
async fn by_number(Path(status): Path<u16>) -> Result<(StatusCode, &'static str), StatusCode> {
    let status = StatusCode::from_u16(status).unwrap();
    if status.is_client_error() { Err(status) } else { Ok((status, "")) }
}

#[cached(ttl = from_response, status(302 = 30))]
async fn by_number_alone(Path(status): Path<u16>) -> StatusCode {
    StatusCode::from_u16(status).unwrap()
}

#[tokio::test]
async fn the_attribute_names_statuses_and_counts_before_the_policy() {
    for cache in caches(|builder| builder.policy(Policy::new().status(302, secs(1)).status(300, secs(20)))) {
        let app = Router::new().route("/{status}", get(by_number)).route("/alone/{status}", get(by_number_alone)).layer(cache.layer());
        let fresh_for =
            [("/302", 300), ("/303", 30), ("/307", 60), ("/404", 60), ("/410", 900), ("/300", 20), ("/200", 300), ("/alone/302", 30)];
        for (path, seconds) in fresh_for {
            assert_miss!(ask(&app, path).await);
            cache.clock().advance(secs(seconds - 1));
            assert_hit!(ask(&app, path).await);
            cache.clock().advance(secs(2));
            assert_miss!(ask(&app, path).await);
        }
        for status in [405, 500] {
            assert_eq!(not_stored(&ask(&app, &format!("/{status}")).await), Some(&NotStored::Status(status)));
        }
    }
}

const FORGETFUL: Policy = Policy::new().cache_control("maxage=60");

#[cached(ttl = 60, policy = FORGETFUL)]
async fn forgetful() -> &'static str {
    ""
}

#[test]
fn a_mistake_in_a_policy_is_told_with_the_handler_whatever_its_cache() {
    let _: axum::routing::MethodRouter = get(forgetful);
    let told: Vec<_> = handlers().into_iter().filter(|handler| handler.mistake().is_some()).collect();
    assert_eq!(told.iter().map(|handler| handler.name).collect::<Vec<_>>(), ["forgetful"]);
    assert!(told[0].mistake().unwrap().contains("type `max-age`"), "{:?}", told[0].mistake());
    assert!(told[0].to_string().ends_with(&told[0].mistake().unwrap()), "{}", told[0]);
}
