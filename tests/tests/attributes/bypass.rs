//! `bypass`: requests with which the cache has nothing to do, beside others that share, on attribute, layer and values; in memory
//! and on a store of one's own.

mod entrances;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, OptionalFromRequestParts, Path, State},
    http::{HeaderMap, Method, Request, StatusCode, header, request::Parts},
    response::Response,
    routing::{any, get},
};
use axum_extra::extract::CookieJar;
use cached_handler::{
    Bypass, CacheKey, Forward, Kept, NotStored, Outcome, cached,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::{Dict, text};
use tokio::sync::Barrier;
use tower::ServiceExt;

#[derive(Clone)]
struct Site {
    runs: Arc<AtomicUsize>,
    meet: Arc<Barrier>,
}

impl Site {
    fn next(&self) -> usize {
        self.runs.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// A page that shows who is logged in, by the cookie `session`.
#[cached(ttl = 60, bypass(jar.get("session").is_some()), skip(jar))]
async fn by_cookie(State(site): State<Site>, jar: CookieJar) -> String {
    format!("{} for {:?}", site.next(), jar.get("session").map(|cookie| cookie.value().to_owned()))
}

/// The condition is about a property of the user, who is known all the same where it does not hold.
#[cached(ttl = 60, bypass(user.as_ref().is_some_and(|user| user.name == "root")), skip(user))]
async fn by_property(State(site): State<Site>, user: Option<User>) -> String {
    format!("{} for {:?}", site.next(), user.map(|user| user.name))
}

#[derive(Debug, CacheKey)]
#[cache_key(private)]
struct User {
    name: String,
}

impl<S: Sync> OptionalFromRequestParts<S> for User {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        let name = parts.headers.get("x-user").and_then(|name| name.to_str().ok());
        Ok(name.map(|name| Self { name: name.to_owned() }))
    }
}

/// The argument says itself what it shows, so that nothing has to be skipped. The group is there for nobody else.
#[cached(ttl = 60, bypass(user.is_some()), group = "nobody's:{user.as_ref().map_or(\"none\", |_| unreachable!())}")]
async fn by_user(State(site): State<Site>, user: Option<User>) -> String {
    format!("{} for {:?}", site.next(), user.map(|user| user.name))
}

/// The same, asked by a macro.
#[cached(ttl = 60, bypass(matches!(user, Some(User { name }) if !name.is_empty())))]
async fn by_macro(State(site): State<Site>, user: Option<User>) -> String {
    format!("{} for {:?}", site.next(), user.map(|user| user.name))
}

/// One that is not in the key of any response.
struct Preview(bool);

impl<S: Sync> FromRequestParts<S> for Preview {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.uri.query() == Some("preview")))
    }
}

#[cached(ttl = 60, bypass(preview, id == &9), skip(preview), collapse = "inline")]
async fn by_either(State(site): State<Site>, Path(id): Path<u32>, Preview(preview): Preview) -> String {
    format!("{} of {id}, {preview}", site.next())
}

#[cached(ttl = 60, bypass(parts.headers.contains_key("x-preview")), skip(parts))]
async fn by_all_fields(State(site): State<Site>, parts: Parts) -> String {
    format!("{} for {:?}", site.next(), parts.headers.get(header::COOKIE))
}

#[cached(ttl = 60, bypass(headers.contains_key("x-mine")), vary = "accept-language")]
async fn fields(headers: HeaderMap) -> String {
    let mut names: Vec<_> = headers.keys().map(|name| name.as_str().to_owned()).collect();
    names.sort();
    names.join(" ")
}

#[cached(ttl = 60, bypass(true_for(headers)), skip(headers))]
async fn together(State(site): State<Site>, headers: HeaderMap) -> String {
    // Each waits for the other: one that waited for the other's answer would wait for ever.
    site.meet.wait().await;
    site.next().to_string()
}

fn true_for(headers: &HeaderMap) -> bool {
    headers.contains_key("x-mine")
}

#[cached(ttl = 60, bypass(headers.contains_key("x-mine")), skip(headers))]
async fn failing(headers: HeaderMap) -> Result<String, StatusCode> {
    if headers.contains_key("x-mine") { Err(StatusCode::IM_A_TEAPOT) } else { Ok("well".to_owned()) }
}

fn routes() -> Router {
    let site = Site { runs: Arc::default(), meet: Arc::new(Barrier::new(2)) };
    Router::new()
        .route("/cookie", any(by_cookie))
        .route("/user", get(by_user))
        .route("/property", get(by_property))
        .route("/macro", get(by_macro))
        .route("/either/{id}", get(by_either))
        .route("/all", get(by_all_fields))
        .route("/fields", get(fields))
        .route("/together", get(together))
        .route("/failing", get(failing))
        .with_state(site)
}

/// In memory, and on a store of one's own.
fn caches() -> [TestCache; 2] {
    let stored = TestCache::with(|builder| builder.backend("dict", Dict::default()).default_backend("dict").cache_status("site"));
    [TestCache::with(|builder| builder.cache_status("site")), stored]
}

async fn ask(router: &Router, target: &str, lines: &[(&str, &str)]) -> Response {
    let mut request = Request::get(target);
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

/// The content of an answer in which the cache had no part, and the names of its fields.
#[track_caller]
fn bypassed(response: Response) -> (impl Future<Output = String>, Vec<String>) {
    match response.extensions().get::<Outcome>() {
        Some(Outcome::Forward {
            why: Forward::Bypass(Bypass::Condition), collapsed: false, kept: Kept::Not(NotStored::Bypass), ..
        }) => {}
        other => panic!("{other:?}"),
    }
    let names = response.headers().keys().map(|name| name.as_str().to_owned()).collect();
    assert!(response.headers()["cache-status"].to_str().unwrap().starts_with("site; fwd=bypass; detail=condition"));
    (text(response), names)
}

/// As it carries a cookie that may matter.
#[track_caller]
fn stands_aside(response: &Response) {
    match response.extensions().get::<Outcome>() {
        Some(Outcome::Forward { why: Forward::Bypass(Bypass::Credentials), .. }) => {}
        other => panic!("{other:?}"),
    }
}

/// What a plain handler's text has, and `Cache-Status`, which somebody has asked for.
const PLAIN: [&str; 3] = ["content-type", "cache-status", "content-length"];

#[tokio::test]
async fn visitors_without_the_cookie_share_and_each_other_has_the_handlers_answer() {
    for cache in caches() {
        let app = routes().layer(cache.layer());
        let made = assert_miss!(ask(&app, "/cookie", &[]).await);
        assert_eq!(made.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(text(made).await, "1 for None");
        for run in [2, 3] {
            let lines = [("cookie", "theme=dark; session=ann"), ("if-none-match", "*"), ("range", "bytes=0-1")];
            let (content, names) = bypassed(ask(&app, "/cookie", &lines).await);
            assert_eq!(content.await, format!("{run} for Some(\"ann\")"));
            assert_eq!(names, PLAIN);
        }
        // Any other cookie changes nothing.
        for lines in [&[][..], &[("cookie", "theme=dark; _ga=1")], &[("cookie", "sessions=2")]] {
            assert_eq!(text(assert_hit!(ask(&app, "/cookie", lines).await)).await, "1 for None");
        }
    }
}

#[tokio::test]
async fn an_argument_that_is_keyed_needs_no_more_than_the_condition() {
    for cache in caches() {
        let app = routes().layer(cache.layer());
        assert_eq!(bypassed(ask(&app, "/macro", &[("x-user", "ann")]).await).0.await, "1 for Some(\"ann\")");
        for run in [2, 3] {
            let (content, names) = bypassed(ask(&app, "/user", &[("x-user", "ann")]).await);
            assert_eq!(content.await, format!("{run} for Some(\"ann\")"));
            assert_eq!(names, PLAIN, "not even `private`");
        }
        assert_eq!(text(assert_miss!(ask(&app, "/user", &[]).await)).await, "4 for None");
        let hit = assert_hit!(ask(&app, "/user", &[]).await);
        assert_eq!(hit.headers()[header::CACHE_CONTROL], "no-cache", "nobody's");
    }
}

#[tokio::test]
async fn each_of_several_conditions_is_enough() {
    for cache in caches() {
        let app = routes().layer(cache.layer());
        assert_miss!(ask(&app, "/either/1", &[]).await);
        assert_hit!(ask(&app, "/either/1", &[]).await);
        assert_eq!(bypassed(ask(&app, "/either/1?preview", &[]).await).0.await, "2 of 1, true");
        assert_eq!(bypassed(ask(&app, "/either/9", &[]).await).0.await, "3 of 9, false");
        assert_eq!(bypassed(ask(&app, "/either/9", &[]).await).0.await, "4 of 9, false");
    }
}

#[tokio::test]
async fn a_condition_on_all_fields_says_nothing_of_cookies() {
    for cache in caches() {
        let app = routes().layer(cache.layer());
        assert_miss!(ask(&app, "/all", &[]).await);
        assert_hit!(ask(&app, "/all", &[]).await);
        stands_aside(&ask(&app, "/all", &[("cookie", "session=ann")]).await);
        assert_eq!(bypassed(ask(&app, "/all", &[("x-preview", "1")]).await).0.await, "3 for None");
    }
}

#[tokio::test]
async fn a_condition_on_a_property_of_a_user_shares_nothing_of_others() {
    for cache in caches() {
        let app = routes().layer(cache.layer());
        assert_miss!(ask(&app, "/property", &[]).await);
        assert_hit!(ask(&app, "/property", &[]).await);
        assert_eq!(text(ask(&app, "/property", &[("x-user", "ann")]).await).await, "2 for Some(\"ann\")");
        assert_eq!(text(ask(&app, "/property", &[("x-user", "bob")]).await).await, "3 for Some(\"bob\")");
        assert_eq!(bypassed(ask(&app, "/property", &[("x-user", "root")]).await).0.await, "4 for Some(\"root\")");
    }
}

#[tokio::test]
async fn the_handler_sees_all_fields_that_it_would_without_a_cache() {
    for cache in caches() {
        let app = routes().layer(cache.layer());
        let lines = [("accept-language", "de"), ("x-other", "1")];
        assert_eq!(text(ask(&app, "/fields", &lines).await).await, "accept-language");
        let lines = [("accept-language", "de"), ("x-other", "1"), ("x-mine", "1")];
        assert_eq!(bypassed(ask(&app, "/fields", &lines).await).0.await, "accept-language x-mine x-other");
    }
}

#[tokio::test]
async fn no_run_is_shared() {
    for cache in caches() {
        let app = routes().layer(cache.layer());
        let mine = [("x-mine", "1")];
        let (one, other) = tokio::join!(ask(&app, "/together", &mine), ask(&app, "/together", &mine));
        let mut runs = [bypassed(one).0.await, bypassed(other).0.await];
        runs.sort();
        assert_eq!(runs, ["1", "2"]);
    }
}

#[tokio::test]
async fn a_failure_of_one_that_bypasses_is_its_own() {
    for cache in caches() {
        let app = routes().layer(cache.layer());
        for _ in 0..2 {
            let response = ask(&app, "/failing", &[("x-mine", "1")]).await;
            assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
            assert!(bypassed(response).0.await.is_empty());
        }
        assert_miss!(ask(&app, "/failing", &[]).await);
        assert_hit!(ask(&app, "/failing", &[]).await);
    }
}

#[tokio::test]
async fn a_write_that_bypasses_invalidates_its_path_all_the_same() {
    for cache in caches() {
        let app = routes().layer(cache.layer());
        assert_miss!(ask(&app, "/cookie", &[]).await);
        assert_hit!(ask(&app, "/cookie", &[]).await);
        let write = Request::builder().method(Method::POST).uri("/cookie").header("cookie", "session=ann").body(Body::empty()).unwrap();
        assert_eq!(bypassed(app.clone().oneshot(write).await.unwrap()).0.await, "2 for Some(\"ann\")");
        assert_miss!(ask(&app, "/cookie", &[]).await);
    }
}
