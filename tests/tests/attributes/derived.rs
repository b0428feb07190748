//! `#[derive(CacheKey)]` beside the derives of axum and axum-extra, and handlers of axum-extra's typed routes.

mod via;

use std::sync::Arc;

use axum::{
    Extension, Router,
    body::Body,
    extract::{FromRequestParts, Path, Query, Request, State},
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use axum_extra::routing::{RouterExt, TypedPath};
use cached_handler::{
    Bypass, CacheKey, Forward, KeyPart, KeyWriter, Outcome, cached, invalidates,
    testing::{TestCache, assert_hit, assert_miss},
};
use serde::Deserialize;
use tower::ServiceExt;

async fn send(router: &Router, method: &str, target: &str) -> Response {
    sent(router, method, target, "").await
}

async fn sent(router: &Router, method: &str, target: &str, user: &str) -> Response {
    let request = Request::builder().method(method).uri(target).header("x-user", user).body(Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

#[derive(TypedPath, Deserialize, CacheKey)]
#[typed_path("/users/{id}/posts/{post}")]
struct PostPath {
    id: u32,
    post: String,
}

#[derive(TypedPath)]
#[typed_path("/about")]
#[derive(CacheKey)]
struct About;

#[derive(TypedPath, Deserialize, CacheKey)]
#[typed_path("/tags/{tag}")]
struct Tag(String);

#[derive(Deserialize)]
struct Page {
    page: Option<u8>,
}

#[cached(ttl = 60, group = "user:{id}")]
async fn post(PostPath { id, post }: PostPath, Query(Page { page }): Query<Page>) -> String {
    format!("{id} {post} {page:?}")
}

#[cached(ttl = 60)]
async fn about(_: About) -> &'static str {
    "about"
}

#[cached(ttl = 60)]
async fn tag(Tag(tag): Tag) -> String {
    tag
}

#[invalidates(group = "user:{path.id}")]
async fn edit(path: PostPath) -> String {
    path.post
}

#[tokio::test]
async fn typed_routes_take_cached_and_invalidating_handlers() {
    let router = Router::new().typed_get(post).typed_put(edit).typed_get(about).typed_get(tag).layer(TestCache::new().layer());
    assert_miss!(send(&router, "GET", "/users/1/posts/a?page=2").await);
    assert_eq!(text(assert_hit!(send(&router, "GET", "/users/1/posts/a?page=2&utm=x").await)).await, "1 a Some(2)");
    assert_miss!(send(&router, "GET", "/users/1/posts/a").await);
    assert_eq!(text(assert_miss!(send(&router, "GET", "/users/2/posts/a").await)).await, "2 a None");
    assert_eq!(send(&router, "PUT", "/users/1/posts/x").await.status(), 200);
    assert_miss!(send(&router, "GET", "/users/1/posts/a").await);
    assert_hit!(send(&router, "GET", "/users/2/posts/a").await);
    assert_miss!(send(&router, "GET", "/about").await);
    assert_hit!(send(&router, "GET", "/about").await);
    assert_miss!(send(&router, "GET", "/tags/a").await);
    assert_eq!(text(assert_miss!(send(&router, "GET", "/tags/b").await)).await, "b");
}

/// A pool and the like, which are no parts of a key.
#[derive(Clone)]
struct Pool;

#[derive(Clone, FromRequestParts, CacheKey)]
#[from_request(via(State))]
struct App {
    #[expect(dead_code, reason = "it only has to be there")]
    pool: Pool,
}

#[derive(Deserialize, FromRequestParts, CacheKey)]
#[from_request(via(Query))]
struct Filter {
    limit: Option<f32>,
}

#[derive(Deserialize, FromRequestParts, CacheKey)]
#[from_request(via(Path), rejection(axum::extract::rejection::PathRejection))]
struct Id {
    id: f32,
}

#[derive(Clone, FromRequestParts, CacheKey)]
#[from_request(via(Extension))]
#[cache_key(private)]
struct User(String);

#[cached(ttl = 60)]
async fn via(_: App, Filter { limit }: Filter, Id { id }: Id) -> String {
    format!("{id} {limit:?}")
}

async fn user(mut request: Request, next: Next) -> Response {
    let user = request.headers().get("x-user").map(|user| user.to_str().unwrap().to_owned()).unwrap_or_default();
    request.headers_mut().insert("user-agent", "test".parse().unwrap());
    request.extensions_mut().insert(Arc::new(User(user.clone())));
    request.extensions_mut().insert(State(User(user.clone())));
    request.extensions_mut().insert(Arc::new(Path(user.clone())));
    request.extensions_mut().insert(User(user));
    next.run(request).await
}

#[cached(ttl = 60)]
async fn of_arc(Extension(user): Extension<Arc<User>>) -> String {
    user.0.clone()
}

#[cached(ttl = 60)]
async fn of_state(Extension(State(User(user))): Extension<State<User>>) -> String {
    user
}

#[cached(ttl = 60)]
async fn of_path(user: Option<Extension<Arc<Path<String>>>>) -> String {
    user.map(|user| user.0.to_string()).unwrap_or_default()
}

/// A middleware may put anything into an `Extension`, which the request then says nothing of.
#[tokio::test]
async fn an_extension_is_keyed_by_its_value_or_bypasses_where_that_says_nothing() {
    let router = Router::new()
        .route("/arc", get(of_arc))
        .route("/state", get(of_state))
        .route("/path", get(of_path))
        .layer(from_fn(user))
        .layer(TestCache::new().layer());
    assert_miss!(sent(&router, "GET", "/arc", "ann").await);
    assert_eq!(text(assert_hit!(sent(&router, "GET", "/arc", "ann").await)).await, "ann");
    assert_eq!(text(assert_miss!(sent(&router, "GET", "/arc", "bob").await)).await, "bob");
    for path in ["/state", "/path"] {
        for user in ["ann", "bob"] {
            let response = sent(&router, "GET", path, user).await;
            let outcome = response.extensions().get::<Outcome>().unwrap().clone();
            assert!(matches!(outcome, Outcome::Forward { why: Forward::Bypass(Bypass::ExtractorInExtension), .. }), "{outcome}");
            assert_eq!(text(response).await, user, "{path}");
        }
    }
}

/// A type of another crate, which knows nothing of keys.
#[derive(Deserialize)]
#[serde(from = "f32")]
struct Rounded(f32);

impl From<f32> for Rounded {
    fn from(value: f32) -> Self {
        Self(value)
    }
}

impl std::fmt::Display for Rounded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1}", self.0)
    }
}

#[derive(Deserialize, CacheKey)]
struct Place<T> {
    #[cache_key(display)]
    at: T,
    #[cache_key(skip)]
    _nothing: Option<f32>,
}

#[cached(ttl = 60, key(place))]
async fn near(Query(place): Query<Place<Rounded>>) -> String {
    place.at.to_string()
}

#[cached(ttl = 60, key(at))]
async fn at(Path(at): Path<chrono::DateTime<chrono::FixedOffset>>) -> String {
    at.to_rfc3339()
}

#[tokio::test]
async fn a_field_that_is_displayed_is_keyed_by_what_it_prints() {
    let router = Router::new().route("/near", get(near)).layer(TestCache::new().layer());
    assert_miss!(send(&router, "GET", "/near?at=1.21").await);
    assert_eq!(text(assert_hit!(send(&router, "GET", "/near?at=1.19").await)).await, "1.2");
    assert_eq!(text(assert_miss!(send(&router, "GET", "/near?at=1.31").await)).await, "1.3");
}

#[tokio::test]
async fn a_moment_in_two_zones_is_two_keys() {
    let router = Router::new().route("/at/{at}", get(at)).layer(TestCache::new().layer());
    for (path, answer) in
        [("/at/2026-07-01T12:00:00+02:00", "2026-07-01T12:00:00+02:00"), ("/at/2026-07-01T10:00:00Z", "2026-07-01T10:00:00+00:00")]
    {
        assert_eq!(text(assert_miss!(send(&router, "GET", path).await)).await, answer);
        assert_hit!(send(&router, "GET", path).await);
    }
}

/// An author's own, which only has the name of an extractor.
#[derive(Deserialize)]
struct Version(u32);

impl KeyPart for Version {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.part(&self.0);
    }
}

#[derive(Deserialize, CacheKey)]
struct Release {
    version: Version,
    before: Option<u32>,
}

#[cached(ttl = 60)]
async fn release(Extension(release): Extension<Arc<Release>>) -> String {
    format!("{} {:?}", release.version.0, release.before)
}

#[tokio::test]
async fn a_type_of_ones_own_with_the_name_of_an_extractor_is_keyed_by_its_value() {
    let cache = TestCache::new();
    let of = |version: u32, before: Option<u32>| {
        let release_of = Arc::new(Release { version: Version(version), before });
        Router::new().route("/", get(release)).layer(Extension(release_of)).layer(cache.layer())
    };
    assert_miss!(send(&of(1, None), "GET", "/").await);
    assert_eq!(text(assert_hit!(send(&of(1, None), "GET", "/").await)).await, "1 None");
    assert_eq!(text(assert_miss!(send(&of(2, None), "GET", "/").await)).await, "2 None");
    assert_eq!(text(assert_miss!(send(&of(2, Some(1)), "GET", "/").await)).await, "2 Some(1)");
}
