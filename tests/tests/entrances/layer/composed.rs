//! Cached pages made of what other cached handlers answer, which they ask through the router.

use axum::{Extension, extract::FromRequestParts, http::request::Parts, middleware, middleware::Next};
use cached_handler::{CacheKey, cached};
use tokio::sync::Notify;

use super::*;

/// Fragments, and what a page does between asking for one and its end.
#[derive(Clone, Default)]
struct Fragments {
    router: Router,
    runs: Runs,
    asked: Arc<Notify>,
    goes_on: Option<Arc<Notify>>,
}

impl Fragments {
    async fn get(&self, uri: &str) -> String {
        let Ok(fragment) = self.router.clone().oneshot(Request::get(uri).body(Body::empty()).unwrap()).await;
        text(fragment).await
    }
}

#[cached(ttl = 60, group = "fragment")]
async fn fragment(State(runs): State<Runs>) -> (CacheGroups, String) {
    (CacheGroups::of(["later"]), format!("fragment {}", runs.next()))
}

#[cached(ttl = 60, group = "fragment", backend = "dict")]
async fn at_rest(State(runs): State<Runs>) -> String {
    format!("at rest {}", runs.next())
}

#[cached(ttl = 60)]
async fn never_stored(State(runs): State<Runs>) -> Response {
    (CacheGroups::of(["later"]), [(header::SET_COOKIE, "a=b")], format!("never {}", runs.next())).into_response()
}

struct Anybody;

impl<S: Sync> FromRequestParts<S> for Anybody {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self)
    }
}

impl CacheKey for Anybody {
    fn cache_key(&self, key: &mut cached_handler::KeyWriter<'_>) {
        key.private();
    }
}

#[cached(ttl = 60)]
async fn personal(State(runs): State<Runs>, _of: Anybody) -> String {
    format!("personal {}", runs.next())
}

/// A page of one fragment.
#[cached(ttl = 600, group = "page", cache_control = "max-age=60")]
async fn page(State(fragments): State<Fragments>, Path(of): Path<String>) -> String {
    let fragment = fragments.get(&format!("/{of}")).await;
    fragments.asked.notify_one();
    if let Some(goes_on) = &fragments.goes_on {
        goes_on.notified().await;
    }
    format!("page {} with {fragment}", fragments.runs.next())
}

/// The same at rest. What that says of its fragments, `everywhere/composed` tests on every backend.
#[cached(ttl = 600, backend = "dict")]
async fn page_at_rest(State(fragments): State<Fragments>, Path(of): Path<String>) -> String {
    format!("page {} with {}", fragments.runs.next(), fragments.get(&format!("/{of}")).await)
}

/// Hands its request on to another task.
#[cached(ttl = from_response, vary = from_response)]
async fn forwards(State(fragments): State<Fragments>, request: axum::extract::Request) -> Response {
    let made = tokio::spawn(fragments.router.clone().oneshot(request)).await.unwrap().unwrap();
    let content = text(made).await;
    ([(header::CACHE_CONTROL, "max-age=600")], content).into_response()
}

fn page_of(fragments: &Fragments) -> Router {
    Router::new().route("/page/{of}", get(page)).route("/at-rest/{of}", get(page_at_rest)).with_state(fragments.clone())
}

fn site_of(cache: &TestCache) -> (Router, Fragments) {
    let runs = Runs::default();
    let router = Router::new()
        .route("/fragment", get(fragment))
        .route("/resting", get(at_rest))
        .route("/never", get(never_stored))
        .route("/personal", get(personal))
        .with_state(runs)
        .layer(cache.layer());
    let mut fragments = Fragments { router, ..Fragments::default() };
    // What a page asks for inside, it asks of the same cache.
    let pages = page_of(&fragments).layer(cache.layer());
    fragments.router = fragments.router.clone().merge(pages);
    let rest = Router::new().route("/outer", get(nested)).with_state(fragments.clone());
    let forwarded = Router::new().fallback(forwards).with_state(fragments.clone());
    let app = page_of(&fragments).merge(rest).nest("/forwarded", forwarded).layer(cache.layer());
    (app, fragments)
}

/// Of a page, of a fragment: all in one cache.
#[cached(ttl = 600)]
async fn nested(State(fragments): State<Fragments>) -> String {
    format!("outer with {}", fragments.get("/page/fragment").await)
}

fn cache() -> TestCache {
    TestCache::with(|builder| builder.backend("dict", Dict::default()))
}

#[tokio::test]
async fn what_invalidates_a_fragment_invalidates_the_pages_that_are_made_of_it() {
    let cache = cache();
    let (app, _) = site_of(&cache);
    let targets = || {
        let groups = ["fragment", "later"].map(Target::group).into_iter();
        groups.chain([Target::path("/fragment"), Target::handler(fragment), Target::all()])
    };
    for uri in ["/page/fragment", "/outer", "/forwarded/fragment"] {
        let mut last = text(ask(&app, uri).await).await;
        // A request that is handed on keeps the path that its client sent.
        let is_other = |target: &Target| uri.starts_with("/forwarded") && *target == Target::path("/fragment");
        for target in targets().filter(|target| !is_other(target)) {
            assert_eq!(text(assert_hit!(ask(&app, uri).await)).await, last, "{uri}");
            cache.cache().invalidate(target.clone()).await.unwrap();
            let next = text(assert_miss!(ask(&app, uri).await)).await;
            assert_ne!(next, last, "{uri} {target:?}");
            last = next;
        }
    }
}

#[tokio::test]
async fn a_page_is_kept_although_its_fragment_is_older_than_the_pages_invalidation() {
    let cache = cache();
    let (app, _) = site_of(&cache);
    ask(&app, "/page/fragment").await;
    for target in ["page", "unrelated"] {
        cache.cache().invalidate(Target::group(target)).await.unwrap();
    }
    let made = text(assert_miss!(ask(&app, "/page/fragment").await)).await;
    assert_eq!(made, "page 2 with fragment 1");
    assert_eq!(text(assert_hit!(ask(&app, "/page/fragment").await)).await, made);
}

#[tokio::test]
async fn a_page_is_fresh_no_longer_than_what_it_is_made_of() {
    let cache = cache();
    let (app, fragments) = site_of(&cache);
    fragments.get("/fragment").await;
    cache.clock().advance(secs(50));
    assert_eq!(text(ask(&app, "/page/fragment").await).await, "page 1 with fragment 1");
    cache.clock().advance(secs(9));
    assert_hit!(ask(&app, "/page/fragment").await);
    cache.clock().advance(secs(1));
    assert_eq!(text(assert_miss!(ask(&app, "/page/fragment").await)).await, "page 2 with fragment 2");
}

#[tokio::test]
async fn a_page_with_something_personal_in_it_is_sent_as_private() {
    let cache = cache();
    let (app, _) = site_of(&cache);
    for _ in 0..2 {
        let response = ask(&app, "/page/personal").await;
        assert_eq!(response.headers()[header::CACHE_CONTROL], "private, max-age=60");
    }
    assert_eq!(ask(&app, "/page/fragment").await.headers()[header::CACHE_CONTROL], "max-age=60");
}

#[tokio::test]
async fn what_is_invalidated_while_a_page_is_made_of_it_is_not_in_any_later_page() {
    let cache = cache();
    let (_, fragments) = site_of(&cache);
    let goes_on = Arc::new(Notify::new());
    let slow = Fragments { goes_on: Some(Arc::clone(&goes_on)), ..fragments };
    let app = page_of(&slow).layer(cache.layer());
    slow.get("/fragment").await;
    let first = tokio::spawn(app.clone().oneshot(Request::get("/page/fragment").body(Body::empty()).unwrap()));
    slow.asked.notified().await;
    cache.cache().invalidate(Target::group("later")).await.unwrap();
    goes_on.notify_one();
    let first = first.await.unwrap().unwrap();
    assert_eq!(not_stored(&first), NotStored::Invalidated);
    assert_eq!(text(first).await, "page 1 with fragment 1");
    goes_on.notify_one();
    assert_eq!(text(assert_miss!(ask(&app, "/page/fragment").await)).await, "page 2 with fragment 2");
}

#[tokio::test]
async fn a_page_of_what_is_not_stored_is_bound_to_its_groups_too() {
    let cache = cache();
    let (app, _) = site_of(&cache);
    assert_eq!(text(ask(&app, "/page/never").await).await, "page 1 with never 1");
    assert_hit!(ask(&app, "/page/never").await);
    cache.cache().invalidate(Target::group("later")).await.unwrap();
    assert_eq!(text(assert_miss!(ask(&app, "/page/never").await)).await, "page 2 with never 2");
}

/// The epochs of one say nothing of the other.
#[tokio::test]
async fn a_page_of_another_backend_or_cache_is_not_stored() {
    let (cache, other) = (cache(), cache());
    let (app, _) = site_of(&cache);
    for uri in ["/page/resting", "/at-rest/fragment"] {
        let first = ask(&app, uri).await;
        assert_eq!(not_stored(&first), NotStored::CachedInside, "{uri}");
        let last = text(first).await;
        cache.cache().invalidate(Target::group("fragment")).await.unwrap();
        assert_ne!(text(ask(&app, uri).await).await, last, "{uri}");
    }
    let (_, elsewhere) = site_of(&other);
    let app = page_of(&elsewhere).layer(cache.layer());
    assert_eq!(not_stored(&ask(&app, "/page/fragment").await), NotStored::CachedInside);
}

#[tokio::test]
async fn a_layer_keeps_nothing_of_a_handler_inside_that_is_asked_in_another_task() {
    let cache = cache();
    let (_, fragments) = site_of(&cache);
    let in_another_task =
        middleware::from_fn(async |request: axum::extract::Request, next: Next| tokio::spawn(next.run(request)).await.unwrap());
    let app = layer(&cache).around(fragments.router.layer(in_another_task));
    for run in 1..50 {
        assert_eq!(text(ask(&app, "/fragment").await).await, format!("fragment {run}"));
        assert_eq!(text(assert_hit!(ask(&app, "/fragment").await)).await, format!("fragment {run}"));
        cache.cache().invalidate(Target::group(if run % 2 == 0 { "fragment" } else { "later" })).await.unwrap();
    }
}

#[tokio::test]
async fn a_request_that_has_nothing_to_do_with_a_run_under_way_binds_it_to_nothing() {
    let cache = cache();
    let (app, fragments) = site_of(&cache);
    let goes_on = Arc::new(Notify::new());
    let slow = Fragments { goes_on: Some(Arc::clone(&goes_on)), ..fragments };
    let slow_app = page_of(&slow).layer(Extension(cache.cache().clone()));
    let under_way = tokio::spawn(slow_app.clone().oneshot(Request::get("/page/never").body(Body::empty()).unwrap()));
    slow.asked.notified().await;
    ask(&app, "/page/resting").await;
    ask(&app, "/page/fragment").await;
    goes_on.notify_one();
    under_way.await.unwrap().unwrap();
    cache.cache().invalidate(Target::group("fragment")).await.unwrap();
    assert_hit!(ask(&slow_app, "/page/never").await);
}
