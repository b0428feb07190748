//! What is taken via an extractor (`#[from_request(via(…))]`) is keyed as that extractor is.

use super::{App, Page, Pool, User, send, sent, text, user, via};
use axum::{
    Extension, Router,
    body::Body,
    extract::{FromRequest, FromRequestParts, Query, Request, State, rejection::QueryRejection},
    http::Uri,
    middleware::from_fn,
    routing::get,
};
use axum_extra::{TypedHeader, headers::UserAgent};
use cached_handler::{
    Bypass, CacheKey, Forward, Outcome, cached, invalidates,
    testing::{TestCache, assert_hit, assert_miss},
};
use serde::Deserialize;
use tower::ServiceExt;

#[derive(Deserialize)]
struct Sort {
    by: Option<String>,
}

#[derive(FromRequestParts, CacheKey)]
struct Seen {
    #[from_request(via(Query))]
    sort: Sort,
    #[from_request(via(Extension))]
    user: User,
    uri: Uri,
    state: State<App>,
    origin: Option<TypedHeader<axum_extra::headers::Origin>>,
    #[cache_key(skip)]
    #[from_request(via(TypedHeader))]
    agent: UserAgent,
}

#[cached(ttl = 60)]
async fn by_fields(seen: Seen) -> String {
    let _ = (seen.state, seen.agent, seen.origin);
    format!("{} {:?} {}", seen.user.0, seen.sort.by, seen.uri)
}

#[tokio::test]
async fn what_is_taken_via_an_extractor_is_keyed_as_that_extractor_is() {
    let router = Router::new()
        .route("/via/{id}", get(via))
        .route("/fields", get(by_fields))
        .layer(from_fn(user))
        .layer(TestCache::new().layer())
        .with_state(App { pool: Pool });
    assert_miss!(send(&router, "GET", "/via/1?limit=2").await);
    assert_eq!(text(assert_hit!(send(&router, "GET", "/via/1?x=1&limit=2").await)).await, "1 Some(2.0)");
    assert_eq!(text(assert_miss!(send(&router, "GET", "/via/1?limit=3").await)).await, "1 Some(3.0)");
    assert_eq!(text(assert_miss!(send(&router, "GET", "/via/2?limit=3").await)).await, "2 Some(3.0)");

    let private = assert_miss!(sent(&router, "GET", "/fields?by=a", "ann").await);
    assert!(private.headers()["cache-control"].to_str().unwrap().contains("private"));
    assert!(private.headers()["vary"].to_str().unwrap().contains("origin"));
    assert_eq!(text(assert_hit!(sent(&router, "GET", "/fields?by=a", "ann").await)).await, "ann Some(\"a\") /fields?by=a");
    assert_eq!(text(assert_miss!(sent(&router, "GET", "/fields?by=a", "bob").await)).await, "bob Some(\"a\") /fields?by=a");
    assert_miss!(sent(&router, "GET", "/fields?by=b", "ann").await);
}

/// Content has no `FromRequestParts`: such a handler cannot be cached, and one that writes takes the same types.
#[derive(Deserialize, FromRequest)]
#[from_request(via(axum::Json))]
struct Edit {
    title: String,
}

#[invalidates(group = "title:{edit.title}")]
async fn retitle(edit: Edit) -> String {
    edit.title
}

#[tokio::test]
async fn content_that_is_taken_via_json_is_no_obstacle_to_invalidates() {
    let router = Router::new().route("/", axum::routing::put(retitle)).layer(TestCache::new().layer());
    let request = Request::put("/").header("content-type", "application/json").body(Body::from(r#"{"title":"a"}"#)).unwrap();
    assert_eq!(text(router.oneshot(request).await.unwrap()).await, "a");
}

/// A parameter that only the extractor has to know.
#[derive(CacheKey)]
struct Listing<T> {
    page: Query<T>,
    origin: Option<TypedHeader<axum_extra::headers::Origin>>,
}

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Listing<T> {
    type Rejection = QueryRejection;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, state: &S) -> Result<Self, QueryRejection> {
        Ok(Self { page: Query::from_request_parts(parts, state).await?, origin: None })
    }
}

#[cached(ttl = 60)]
async fn listing(Listing { page: Query(Page { page }), origin }: Listing<Page>) -> String {
    format!("{page:?} {}", origin.is_none())
}

#[tokio::test]
async fn an_extractor_of_a_parameter_is_keyed_as_that_extractor_is() {
    let router = Router::new().route("/", get(listing)).layer(TestCache::new().layer());
    assert_miss!(send(&router, "GET", "/?page=1").await);
    assert_eq!(text(assert_hit!(send(&router, "GET", "/?page=1&x=2").await)).await, "Some(1) true");
    assert_eq!(text(assert_miss!(send(&router, "GET", "/?page=2").await)).await, "Some(2) true");
}

/// axum takes these as `Result<Query<Page>, _>` and `Option<Query<Page>>`.
#[derive(FromRequestParts, CacheKey)]
struct Lenient {
    #[from_request(via(Query))]
    strictly: Result<Page, QueryRejection>,
    #[from_request(via(Query))]
    perhaps: Option<Page>,
}

#[cached(ttl = 60)]
async fn lenient(Lenient { strictly, perhaps }: Lenient) -> String {
    format!("{:?} {:?}", strictly.map(|page| page.page).map_err(|error| error.body_text()), perhaps.map(|page| page.page))
}

#[derive(FromRequestParts, CacheKey)]
struct Forgiving {
    #[from_request(via(Query))]
    perhaps: Option<Page>,
}

#[cached(ttl = 60)]
async fn forgiving(Forgiving { perhaps }: Forgiving) -> String {
    format!("{:?}", perhaps.map(|page| page.page))
}

#[tokio::test]
async fn what_is_taken_via_an_extractor_that_may_fail_is_keyed_as_that_is() {
    let router = Router::new().route("/", get(lenient)).route("/forgiving", get(forgiving)).layer(TestCache::new().layer());
    assert_miss!(send(&router, "GET", "/?page=1").await);
    assert_eq!(text(assert_hit!(send(&router, "GET", "/?page=1&x=2").await)).await, "Ok(Some(1)) Some(Some(1))");
    assert_eq!(text(assert_miss!(send(&router, "GET", "/?page=2").await)).await, "Ok(Some(2)) Some(Some(2))");
    for page in ["a", "b"] {
        // Whatever the rejection says, it is nobody else's.
        let response = send(&router, "GET", &format!("/?page={page}")).await;
        let outcome = response.extensions().get::<Outcome>().unwrap().clone();
        assert!(matches!(outcome, Outcome::Forward { why: Forward::Bypass(Bypass::RejectedArgument), .. }), "{outcome}");
    }
    assert_eq!(text(assert_miss!(send(&router, "GET", "/forgiving").await)).await, "Some(None)");
    assert_eq!(text(assert_miss!(send(&router, "GET", "/forgiving?page=1").await)).await, "Some(Some(1))");
    assert_eq!(text(assert_miss!(send(&router, "GET", "/forgiving?page=a").await)).await, "None");
    assert_eq!(text(assert_hit!(send(&router, "GET", "/forgiving?page=1").await)).await, "Some(Some(1))");
}
