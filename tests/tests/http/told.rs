//! What clients are told: `Cache-Control` (law L10) and `Vary`.

use axum::{
    Extension,
    extract::{FromRequestParts, OptionalFromRequestParts, Path},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use axum_extra::{
    TypedHeader,
    headers::{Authorization, Origin, authorization::Bearer},
};
use cached_handler::{CacheKey, OnMiss, Policy, Rejected, cached};

use super::site::{Frames, Site, with_fields};

#[cached(ttl = 60)]
async fn hello() -> &'static str {
    "hello"
}

#[tokio::test]
async fn clients_ask_again_unless_someone_says_otherwise() {
    let site = Site::of(hello);
    for _ in 0..2 {
        let reply = site.get("/").await;
        assert_eq!(reply.field("cache-control"), Some("no-cache"));
        assert!(reply.field("etag").is_some(), "and they have something to ask with");
    }
}

#[cached(ttl = 600, cache_control = "public, max-age=60, immutable")]
async fn told() -> &'static str {
    "hello"
}

#[tokio::test]
async fn the_attributes_max_age_counts_from_the_answer() {
    let site = Site::of(told);
    assert_eq!(site.get("/").await.field("cache-control"), Some("public, max-age=60, immutable"));
    for (later, age, max_age) in [(0, 0, 60), (1, 1, 61), (99, 100, 160), (499, 599, 659)] {
        site.later(later);
        let hit = site.get("/").await;
        assert!(hit.is_hit());
        assert_eq!(hit.field("age"), Some(age.to_string().as_str()));
        assert_eq!(hit.field("cache-control"), Some(format!("public, max-age={max_age}, immutable").as_str()));
    }
}

#[cached(ttl = 600, cache_control = "public, max-age=60")]
async fn its_own() -> impl IntoResponse {
    ([("cache-control", "max-age=90, s-maxage=600")], "hello")
}

#[tokio::test]
async fn a_handlers_own_cache_control_is_sent_as_it_is() {
    let site = Site::of(its_own);
    for later in [0, 50] {
        site.later(later);
        assert_eq!(site.get("/").await.field("cache-control"), Some("max-age=90, s-maxage=600"));
    }
}

#[cached(ttl = 60, cache_control = "public, max-age=60")]
async fn not_stored(Path(said): Path<String>) -> Response {
    match said.split_once('=') {
        Some((name, value)) => with_fields([(name, value.as_bytes())], "hello"),
        None => said.parse::<StatusCode>().expect("a status").into_response(),
    }
}

#[tokio::test]
async fn an_answer_that_is_not_stored_says_no_more_than_its_handler_does() {
    let site = Site::of(not_stored);
    for (said, expected) in [
        ("set-cookie=sid", "no-cache"),
        ("vary=*", "no-cache"),
        ("500", "no-cache"),
        ("404", "no-cache"),
        ("cache-control=private", "private"),
        ("cache-control=no-store", "no-store"),
        ("cache-control=No-Cache,%20Max-Age=5", "No-Cache, Max-Age=5"),
    ] {
        let reply = site.get(&format!("/{said}")).await;
        assert_eq!(reply.field("cache-control"), Some(expected), "{said}");
        assert!(!site.get(&format!("/{said}")).await.is_hit(), "{said}");
    }
}

/// Who is logged in.
#[derive(Debug, Clone, CacheKey)]
#[cache_key(vary = ["x-user", "accept"], private)]
struct User(String);

impl<S: Sync> FromRequestParts<S> for User {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let name = parts.headers.get("x-user").ok_or(StatusCode::UNAUTHORIZED)?;
        Ok(Self(String::from_utf8_lossy(name.as_bytes()).into_owned()))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for User {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.headers.get("x-user").map(|name| Self(String::from_utf8_lossy(name.as_bytes()).into_owned())))
    }
}

#[cached(ttl = 60)]
async fn inbox(User(name): User) -> String {
    format!("mail of {name}")
}

#[cached(ttl = 60, cache_control = "public, max-age=60, s-maxage=90")]
async fn public_inbox(User(name): User) -> String {
    format!("mail of {name}")
}

#[cached(ttl = 60)]
async fn inbox_of_its_own(User(name): User) -> impl IntoResponse {
    let fields: [(&str, &[u8]); 3] =
        [("cache-control", b"Public, S-MaxAge=600"), ("cache-control", b"max-age=5"), ("cdn-cache-control", b"max-age=600")];
    with_fields(fields, format!("mail of {name}"))
}

const TARGETED: Policy = Policy::new().targeted_fields(&["surrogate-control"]);

#[cached(ttl = 60, policy = TARGETED)]
async fn targeted_inbox(User(name): User) -> impl IntoResponse {
    let fields: [(&str, &[u8]); 3] =
        [("surrogate-control", b"max-age=600"), ("cache-control", b"max-age=5"), ("cdn-cache-control", b"max-age=600")];
    with_fields(fields, format!("mail of {name}"))
}

#[cached(ttl = 60)]
async fn streamed_inbox(User(name): User) -> Response {
    Frames::of(&["mail of ", &name]).into_response()
}

#[cached(ttl = 60)]
async fn perhaps_inbox(user: Option<User>) -> String {
    format!("mail of {:?}", user.map(|user| user.0))
}

#[cached(ttl = 60)]
async fn by_token(TypedHeader(token): TypedHeader<Authorization<Bearer>>) -> String {
    token.token().to_owned()
}

#[cached(ttl = 60)]
async fn late_by_token(token: OnMiss<TypedHeader<Authorization<Bearer>>>) -> Result<String, Rejected> {
    Ok(token.extract().await?.token().to_owned())
}

#[tokio::test]
async fn an_answer_for_one_person_is_sent_as_private() {
    let ann = [("x-user", "ann"), ("authorization", "Bearer ann")];
    for (site, expected) in [
        (Site::of(inbox), "private, no-cache"),
        (Site::of(public_inbox), "private, max-age=60"),
        (Site::of(inbox_of_its_own), "private, max-age=5"),
        (Site::of(targeted_inbox), "private, max-age=5"),
        (Site::of(streamed_inbox), "private, no-cache"),
        (Site::of(perhaps_inbox), "private, no-cache"),
        (Site::of(by_token), "private, no-cache"),
        // Known from the type alone, as the extractor runs late.
        (Site::of(late_by_token), "private, no-cache"),
    ] {
        for stored in [false, true] {
            let reply = site.ask("GET", "/", &ann).await;
            assert_eq!(reply.is_hit(), stored, "{}", reply.why());
            assert_eq!(reply.field("cache-control"), Some(expected), "{}", reply.text());
            assert_eq!((reply.field("cdn-cache-control"), reply.field("surrogate-control")), (None, None));
        }
        let unchanged = site.ask("GET", "/", &[ann[0], ann[1], ("if-none-match", "*")]).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.field("cache-control")), (304, Some(expected)));
    }
}

#[cached(ttl = 60, skip(headers))]
async fn may_see(headers: HeaderMap) -> Response {
    let private = headers.contains_key("x-set-cookie");
    if private { with_fields([("cache-control", &b"public, max-age=5"[..])], "hello") } else { "hello".into_response() }
}

#[tokio::test]
async fn an_answer_to_credentials_that_is_not_stored_is_sent_as_private() {
    let site = Site::of(may_see);
    for name in ["authorization", "cookie"] {
        let reply = site.ask("GET", "/", &[(name, "secret")]).await;
        assert_eq!(reply.field("cache-control"), Some("private, no-cache"), "{name}");
    }
    assert_eq!(site.get("/").await.field("cache-control"), Some("no-cache"));
}

#[cached(ttl = 60, vary = ["accept-language", "origin"])]
async fn varying(headers: HeaderMap) -> Response {
    let fields: [(&str, &[u8]); 2] = [("vary", b"Origin"), ("vary", b"origin, ,ORIGIN")];
    with_fields(fields, format!("{:?}", headers.get("accept-language")))
}

#[cached(ttl = 60)]
async fn by_types(origin: Option<TypedHeader<Origin>>, user: Option<User>, same: Option<TypedHeader<Origin>>) -> String {
    format!("{} {} {}", origin.is_some(), user.is_some(), same.is_some())
}

#[tokio::test]
async fn vary_names_what_the_attribute_and_the_arguments_depend_on_on_one_line() {
    for (site, expected) in [
        (Site::of(varying), "origin, accept-language"),
        (Site::of(by_types), "origin, x-user, accept"),
        (Site::of(inbox), "x-user, accept"),
    ] {
        for stored in [false, true] {
            let reply = site.ask("GET", "/", &[("x-user", "ann"), ("accept-language", "de")]).await;
            assert_eq!(reply.is_hit(), stored);
            assert_eq!(reply.field("vary"), Some(expected));
        }
        let unchanged = site.ask("GET", "/", &[("x-user", "ann"), ("accept-language", "de"), ("if-none-match", "*")]).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.field("vary")), (304, Some(expected)));
    }
    assert_eq!(Site::of(hello).get("/").await.field("vary"), None);
}

#[cached(ttl = 60, vary = "accept-language")]
async fn varying_on_anything(_headers: HeaderMap) -> impl IntoResponse {
    ([("vary", "*")], "hello")
}

#[tokio::test]
async fn vary_any_stays_what_it_is() {
    let site = Site::of(varying_on_anything);
    for _ in 0..2 {
        let reply = site.get("/").await;
        assert!(!reply.is_hit());
        assert_eq!(reply.field("vary"), Some("*"));
    }
}

/// A part of the user, which others may have too. Whoever keeps the answer cannot know that.
#[cached(ttl = 60, key(user.0.len()))]
async fn by_part(Extension(user): Extension<User>) -> String {
    user.0.len().to_string()
}

#[tokio::test]
async fn an_answer_for_a_part_of_a_person_is_sent_as_private_too() {
    let mut site = Site::of(by_part);
    site.router = site.router.layer(Extension(User("ann".to_owned())));
    assert_eq!(site.get("/").await.field("cache-control"), Some("private, no-cache"));
    assert!(site.get("/").await.is_hit());
}
