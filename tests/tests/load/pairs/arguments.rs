//! Handlers whose arguments show something of a request.

use std::collections::HashMap;

use super::run;
use axum::{
    Extension,
    extract::{FromRequestParts, MatchedPath, OriginalUri, Path, Query, RawQuery, Request},
    http::{HeaderMap, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::{TypedHeader, extract::CookieJar, headers};
use cached_handler::{CacheKey, OnMiss, cached};

#[cached(ttl = 60)]
pub(super) async fn by_typed_authorization(
    TypedHeader(user): TypedHeader<headers::Authorization<headers::authorization::Bearer>>,
) -> String {
    format!("for {}", user.token())
}

#[cached(ttl = 60)]
pub(super) async fn by_optional_authorization(user: Option<TypedHeader<headers::Authorization<headers::authorization::Bearer>>>) -> String {
    format!("for {:?}", user.map(|user| user.token().to_owned()))
}

#[cached(ttl = 60, vary = "accept-language")]
pub(super) async fn reads_all_fields(headers: HeaderMap) -> String {
    let mut fields: Vec<_> = headers.iter().map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value.as_bytes()))).collect();
    fields.sort();
    fields.join("\n")
}

#[cached(ttl = 60, skip(headers))]
pub(super) async fn skips_what_it_reads(headers: HeaderMap) -> String {
    format!("{:?}", headers.get("cookie"))
}

#[cached(ttl = 60, skip(headers))]
pub(super) async fn skips_and_says_public(headers: HeaderMap) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=60")], format!("{:?}", headers.get("cookie"))).into_response()
}

#[cached(ttl = 60, key(headers.get("accept-language").cloned()))]
pub(super) async fn reduces_and_says_public(headers: HeaderMap) -> Response {
    ([(header::CACHE_CONTROL, "s-maxage=60")], format!("{:?}", headers.get("authorization"))).into_response()
}

/// Whom a middleware has found out, and put beside the request.
#[derive(Clone)]
struct Whom(String);

pub(super) async fn finds_out(mut request: Request, next: Next) -> Response {
    let whom = request.headers().get("x-token").map(|token| Whom(token.to_str().unwrap().to_owned()));
    if let Some(whom) = whom {
        request.extensions_mut().insert(whom);
    }
    next.run(request).await
}

#[cached(ttl = 60, vary = from_response)]
pub(super) async fn shows_whom(request: Request) -> String {
    request.extensions().get::<Whom>().map_or_else(|| "nobody".to_owned(), |whom| whom.0.clone())
}

#[cached(ttl = 60, vary = from_response)]
pub(super) async fn shows_whom_in_parts(parts: Parts) -> String {
    parts.extensions.get::<Whom>().map_or_else(|| "nobody".to_owned(), |whom| whom.0.clone())
}

#[cached(ttl = 60, vary = from_response)]
pub(super) async fn shows_where(request: Request) -> String {
    request.extensions().get::<OriginalUri>().map_or_else(|| "nowhere".to_owned(), |uri| uri.0.path_and_query().unwrap().to_string())
}

#[cached(ttl = 60, key(jar.get("theme").map(|cookie| cookie.value().to_owned())))]
pub(super) async fn by_one_cookie(jar: CookieJar) -> String {
    jar.get("theme").map_or("light", |cookie| cookie.value()).to_owned()
}

#[expect(deprecated, reason = "as long as it is there it is in use")]
#[cached(ttl = 60)]
pub(super) async fn shows_host(axum_extra::extract::Host(host): axum_extra::extract::Host) -> String {
    host
}

#[cached(ttl = 60)]
pub(super) async fn shows_target(OriginalUri(uri): OriginalUri, inner: Uri) -> String {
    format!("{uri} {inner}")
}

#[cached(ttl = 60)]
pub(super) async fn shows_raw_query(RawQuery(query): RawQuery) -> String {
    format!("{query:?}")
}

#[derive(serde::Deserialize, Debug)]
#[expect(dead_code, reason = "shown by `Debug`")]
pub(super) struct Search {
    #[serde(alias = "query")]
    q: String,
    page: Option<u32>,
}

#[cached(ttl = 60)]
pub(super) async fn shows_search(Query(search): Query<Search>) -> String {
    format!("{search:?}")
}

#[cached(ttl = 60)]
pub(super) async fn shows_map(Query(search): Query<HashMap<String, String>>) -> String {
    let mut all: Vec<_> = search.into_iter().collect();
    all.sort();
    format!("{all:?}")
}

#[cached(ttl = 60)]
pub(super) async fn shows_method(method: Method) -> String {
    format!("{method} {}", run())
}

#[cached(ttl = 60)]
pub(super) async fn shows_nothing() -> String {
    format!("page {}", run())
}

#[cached(ttl = 60)]
pub(super) async fn me(path: MatchedPath, Path(id): Path<String>) -> String {
    format!("{} {id}", path.as_str())
}

#[cached(ttl = 60)]
pub(super) async fn tenant(OriginalUri(uri): OriginalUri) -> String {
    uri.path().to_owned()
}

#[cached(ttl = 60)]
pub(super) async fn plain_path() -> String {
    run().to_string()
}

pub(super) struct A;
pub(super) struct B;

impl A {
    #[cached(ttl = 60)]
    pub(super) async fn list() -> &'static str {
        "A"
    }
}

impl B {
    #[cached(ttl = 60)]
    pub(super) async fn list() -> &'static str {
        "B"
    }
}

#[cached(ttl = 60)]
pub(super) async fn generic<const N: u32>() -> String {
    N.to_string()
}

/// An extractor that authenticates.
#[derive(CacheKey)]
#[cache_key(vary = "x-token", private)]
pub(super) struct User {
    name: String,
}

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let token = parts.headers.get("x-token").and_then(|token| token.to_str().ok());
        token.filter(|token| !token.starts_with("revoked")).map(|name| Self { name: name.to_owned() }).ok_or(StatusCode::UNAUTHORIZED)
    }
}

#[cached(ttl = 60)]
pub(super) async fn of_user(user: User) -> String {
    format!("for {}", user.name)
}

#[cached(ttl = 60, key(user.name.len()))]
pub(super) async fn checks_user(user: User) -> String {
    format!("{} letters", user.name.len())
}

#[cached(ttl = 60, skip(user))]
pub(super) async fn checks_user_on_miss(user: OnMiss<User>) -> Response {
    match user.extract().await {
        Ok(_) => "the same for all users".into_response(),
        Err(rejection) => rejection.into_response(),
    }
}

#[cached(ttl = 60, key(jar.get("theme").map(|user| user.value().to_owned())))]
pub(super) async fn of_user_and_cookie(user: User, jar: CookieJar) -> String {
    format!("for {} in {:?}", user.name, jar.get("theme").map(|theme| theme.value().to_owned()))
}

#[cached(ttl = 60)]
pub(super) async fn maybe_of_user(user: Result<User, StatusCode>) -> String {
    user.map_or_else(|status| status.to_string(), |user| user.name)
}

#[cached(ttl = 60, key(a, b))]
pub(super) async fn joins(Path((a, b)): Path<(String, String)>, Query(_q): Query<Search>) -> String {
    format!("{a}|{b}")
}

#[cached(ttl = 60, key(parts.0.as_str(), parts.1.as_str()))]
pub(super) async fn by_two_parts(Extension(parts): Extension<(String, String)>) -> String {
    format!("{parts:?}")
}

pub(super) async fn two_parts(mut request: Request, next: Next) -> Response {
    let part = |fields: &HeaderMap, name: &str| fields.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let parts = (part(request.headers(), "x-first"), part(request.headers(), "x-second"));
    request.extensions_mut().insert(parts);
    next.run(request).await
}
