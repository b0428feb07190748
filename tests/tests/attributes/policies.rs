//! Settings of a handler and of all handlers of a cache: which of them counts, and what it does; in memory and on a store of one's
//! own.

mod defaults;
mod only_ok;
mod shared_path;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use cached_handler::{
    CacheBuilder, CacheLayer, FreshFor, Kept, NotStored, Outcome, Policy, cached, handlers, secs,
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

#[cached(ttl = 60)]
async fn plain(State(runs): State<Arc<AtomicUsize>>, Path(length): Path<usize>) -> String {
    runs.fetch_add(1, Ordering::SeqCst);
    "x".repeat(length)
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
