//! Pairs of requests, of which the second must not get what belongs to the first: over sockets, HTTP/1.1 and h2.
//!
//! Each pair has handlers as a careless author would write them, as far as the compiler lets them. A naive cache that
//! knows a response by its path alone runs through the same pairs, to show that they would find what they look for. All of
//! it in memory, in files and in a Redis.

mod layered;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{FromRequestParts, MatchedPath, OriginalUri, Path, Query, RawQuery, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use axum_extra::{TypedHeader, extract::CookieJar, headers};
use cached_handler::{Cache, CacheKey, DoNotStore, FreshFor, OnMiss, Policy, Values, cached, secs, testing::TestCache};
use cached_handler_tests::places::Place;
use http_body_util::BodyExt;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

static RUNS: AtomicUsize = AtomicUsize::new(0);

fn run() -> usize {
    RUNS.fetch_add(1, Ordering::SeqCst)
}

// ---- handlers -------------------------------------------------------------------------------------------------------

#[cached(ttl = 60)]
async fn sets_cookie() -> Response {
    ([(header::SET_COOKIE, format!("sid={}", run()))], "welcome").into_response()
}

#[cached(ttl = 60)]
async fn adds_cookie_twice() -> Response {
    let mut response = "welcome".into_response();
    response.headers_mut().append(header::SET_COOKIE, format!("a={}", run()).parse().unwrap());
    response.headers_mut().append(header::SET_COOKIE, "b=1".parse().unwrap());
    response
}

#[cached(ttl = 60, cache_control = "public, max-age=60")]
async fn sets_cookie_though_public() -> Response {
    ([(header::SET_COOKIE, format!("sid={}", run()))], "welcome").into_response()
}

#[cached(ttl = 60)]
async fn by_typed_authorization(TypedHeader(user): TypedHeader<headers::Authorization<headers::authorization::Bearer>>) -> String {
    format!("for {}", user.token())
}

#[cached(ttl = 60)]
async fn by_optional_authorization(user: Option<TypedHeader<headers::Authorization<headers::authorization::Bearer>>>) -> String {
    format!("for {:?}", user.map(|user| user.token().to_owned()))
}

#[cached(ttl = from_response, vary = from_response)]
async fn forwards(request: Request) -> Response {
    let field = |name: &str| {
        request.headers().get(name).map_or_else(|| "nobody".to_owned(), |value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let body = format!("{} {} {}", field("authorization"), field("cookie"), request.uri());
    ([(header::CACHE_CONTROL, "max-age=60")], body).into_response()
}

#[cached(ttl = from_response, vary = from_response)]
async fn forwards_by_language(headers: HeaderMap) -> Response {
    let language = headers.get("accept-language").map_or("none", |value| value.to_str().unwrap_or("junk")).to_owned();
    ([(header::CACHE_CONTROL, "max-age=60"), (header::VARY, "Accept-Language")], language).into_response()
}

#[cached(ttl = 60, vary = "accept-language")]
async fn reads_all_fields(headers: HeaderMap) -> String {
    let mut fields: Vec<_> = headers.iter().map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value.as_bytes()))).collect();
    fields.sort();
    fields.join("\n")
}

#[cached(ttl = 60)]
async fn varies_unasked() -> Response {
    ([(header::VARY, "authorization"), (header::CACHE_CONTROL, "public, max-age=60")], run().to_string()).into_response()
}

#[cached(ttl = 60, vary = "accept")]
async fn varies_on_two_lines() -> Response {
    let mut response = run().to_string().into_response();
    response.headers_mut().append(header::VARY, "accept".parse().unwrap());
    response.headers_mut().append(header::VARY, "Cookie".parse().unwrap());
    response
}

#[cached(ttl = 60, skip(headers))]
async fn skips_what_it_reads(headers: HeaderMap) -> String {
    format!("{:?}", headers.get("cookie"))
}

#[cached(ttl = 60, skip(headers))]
async fn skips_and_says_public(headers: HeaderMap) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=60")], format!("{:?}", headers.get("cookie"))).into_response()
}

#[cached(ttl = 60, key(headers.get("accept-language").cloned()))]
async fn reduces_and_says_public(headers: HeaderMap) -> Response {
    ([(header::CACHE_CONTROL, "s-maxage=60")], format!("{:?}", headers.get("authorization"))).into_response()
}

/// Whom a middleware has found out, and put beside the request.
#[derive(Clone)]
struct Whom(String);

async fn finds_out(mut request: Request, next: Next) -> Response {
    let whom = request.headers().get("x-token").map(|token| Whom(token.to_str().unwrap().to_owned()));
    if let Some(whom) = whom {
        request.extensions_mut().insert(whom);
    }
    next.run(request).await
}

#[cached(ttl = 60, vary = from_response)]
async fn shows_whom(request: Request) -> String {
    request.extensions().get::<Whom>().map_or_else(|| "nobody".to_owned(), |whom| whom.0.clone())
}

#[cached(ttl = 60, vary = from_response)]
async fn shows_whom_in_parts(parts: Parts) -> String {
    parts.extensions.get::<Whom>().map_or_else(|| "nobody".to_owned(), |whom| whom.0.clone())
}

#[cached(ttl = 60, vary = from_response)]
async fn shows_where(request: Request) -> String {
    request.extensions().get::<OriginalUri>().map_or_else(|| "nowhere".to_owned(), |uri| uri.0.path_and_query().unwrap().to_string())
}

#[cached(ttl = 60, key(jar.get("theme").map(|cookie| cookie.value().to_owned())))]
async fn by_one_cookie(jar: CookieJar) -> String {
    jar.get("theme").map_or("light", |cookie| cookie.value()).to_owned()
}

macro_rules! says {
    ($($name:ident: $line:literal;)*) => { $(
        #[cached(ttl = 60)]
        async fn $name() -> Response {
            ([(header::CACHE_CONTROL, $line)], run().to_string()).into_response()
        }
    )* };
}
says! {
    private: "private";
    private_cased: "Private, Max-Age=60";
    private_named: "max-age=60, private=\"x-user\"";
    no_store: "NO-STORE";
    no_cache: "no-cache";
    no_store_after_quotes: "x=\"a,b\", no-store";
    no_store_past_junk: "max-age=60;; no-store";
}

#[cached(ttl = 60)]
async fn varies_on_anything() -> Response {
    ([(header::VARY, "*")], run().to_string()).into_response()
}

#[expect(deprecated, reason = "as long as it is there it is in use")]
#[cached(ttl = 60)]
async fn shows_host(axum_extra::extract::Host(host): axum_extra::extract::Host) -> String {
    host
}

#[cached(ttl = 60)]
async fn shows_target(OriginalUri(uri): OriginalUri, inner: Uri) -> String {
    format!("{uri} {inner}")
}

#[cached(ttl = 60)]
async fn shows_raw_query(RawQuery(query): RawQuery) -> String {
    format!("{query:?}")
}

#[derive(serde::Deserialize, Debug)]
#[expect(dead_code, reason = "shown by `Debug`")]
struct Search {
    #[serde(alias = "query")]
    q: String,
    page: Option<u32>,
}

#[cached(ttl = 60)]
async fn shows_search(Query(search): Query<Search>) -> String {
    format!("{search:?}")
}

#[cached(ttl = 60)]
async fn shows_map(Query(search): Query<HashMap<String, String>>) -> String {
    let mut all: Vec<_> = search.into_iter().collect();
    all.sort();
    format!("{all:?}")
}

#[cached(ttl = 60)]
async fn shows_method(method: Method) -> String {
    format!("{method} {}", run())
}

#[cached(ttl = 60)]
async fn shows_nothing() -> String {
    format!("page {}", run())
}

#[cached(ttl = 60, skip(request))]
async fn answers_head_with_nothing(request: Request) -> String {
    if request.method() == Method::HEAD { String::new() } else { "the page".to_owned() }
}

#[cached(ttl = 60)]
async fn me(path: MatchedPath, Path(id): Path<String>) -> String {
    format!("{} {id}", path.as_str())
}

#[cached(ttl = 60)]
async fn tenant(OriginalUri(uri): OriginalUri) -> String {
    uri.path().to_owned()
}

#[cached(ttl = 60)]
async fn plain_path() -> String {
    run().to_string()
}

macro_rules! status {
    ($($name:ident: $status:expr;)*) => { $(
        #[cached(ttl = 60)]
        async fn $name(Query(asked): Query<HashMap<String, String>>) -> Response {
            let _ = asked;
            let run = run();
            let number = [("x-run", run.to_string())];
            if run % 2 == 0 { ($status, number, "bad").into_response() } else { (number, "good").into_response() }
        }
    )* };
}
status! {
    fails: StatusCode::INTERNAL_SERVER_ERROR;
    refuses: StatusCode::BAD_REQUEST;
    is_missing: StatusCode::NOT_FOUND;
    has_nothing: StatusCode::NO_CONTENT;
    is_limited: StatusCode::TOO_MANY_REQUESTS;
    is_partial: StatusCode::PARTIAL_CONTENT;
    is_unchanged: StatusCode::NOT_MODIFIED;
}

const SHORT_404: Policy = Policy::new().status(404, secs(5));

#[cached(ttl = 60, policy = SHORT_404)]
async fn by_policy(Path(id): Path<u64>) -> Response {
    if id == 1 { (StatusCode::NOT_FOUND, "no such page").into_response() } else { id.to_string().into_response() }
}

#[cached(ttl = 60)]
async fn not_to_be_stored() -> (DoNotStore, FreshFor, String) {
    (DoNotStore, FreshFor(secs(60)), run().to_string())
}

mod one {
    #[super::cached(ttl = 60)]
    pub async fn list() -> &'static str {
        "one"
    }
}

mod two {
    #[super::cached(ttl = 60)]
    pub async fn list() -> &'static str {
        "two"
    }
}

struct A;
struct B;

impl A {
    #[cached(ttl = 60)]
    async fn list() -> &'static str {
        "A"
    }
}

impl B {
    #[cached(ttl = 60)]
    async fn list() -> &'static str {
        "B"
    }
}

#[cached(ttl = 60)]
async fn generic<const N: u32>() -> String {
    N.to_string()
}

/// Dispatches one path to different handlers by a field: what a router by version would do.
async fn by_version(request: Request) -> Response {
    use tower::ServiceExt;
    let inner = if request.headers().contains_key("x-two") {
        Router::new().route("/list", get(two::list)).route("/of", get(B::list)).route("/generic", get(generic::<2>))
    } else {
        Router::new().route("/list", get(one::list)).route("/of", get(A::list)).route("/generic", get(generic::<1>))
    };
    inner.oneshot(request).await.into_response()
}

/// Rewrites `/fr/page` and `/de/page` to `/page`, outside of the router that has the handler.
async fn by_language(mut request: Request) -> Response {
    use tower::ServiceExt;
    let inner = Router::new().route("/page", get(tenant));
    *request.uri_mut() = "/page".parse().unwrap();
    inner.oneshot(request).await.into_response()
}

/// Takes the query away, outside of the router that has the handler.
async fn without_query(mut request: Request) -> Response {
    use tower::ServiceExt;
    let inner = Router::new().route("/where", get(shows_where));
    *request.uri_mut() = "/where".parse().unwrap();
    inner.oneshot(request).await.into_response()
}

/// An extractor that authenticates.
#[derive(CacheKey)]
#[cache_key(vary = "x-token", private)]
struct User {
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
async fn of_user(user: User) -> String {
    format!("for {}", user.name)
}

#[cached(ttl = 60, key(user.name.len()))]
async fn checks_user(user: User) -> String {
    format!("{} letters", user.name.len())
}

#[cached(ttl = 60, skip(user))]
async fn checks_user_on_miss(user: OnMiss<User>) -> Response {
    match user.extract().await {
        Ok(_) => "the same for all users".into_response(),
        Err(rejection) => rejection.into_response(),
    }
}

#[cached(ttl = 60, key(jar.get("theme").map(|user| user.value().to_owned())))]
async fn of_user_and_cookie(user: User, jar: CookieJar) -> String {
    format!("for {} in {:?}", user.name, jar.get("theme").map(|theme| theme.value().to_owned()))
}

#[cached(ttl = 60)]
async fn maybe_of_user(user: Result<User, StatusCode>) -> String {
    user.map_or_else(|status| status.to_string(), |user| user.name)
}

#[cached(ttl = 60, key(a, b))]
async fn joins(Path((a, b)): Path<(String, String)>, Query(_q): Query<Search>) -> String {
    format!("{a}|{b}")
}

#[cached(ttl = 60, key(parts.0.as_str(), parts.1.as_str()))]
async fn by_two_parts(Extension(parts): Extension<(String, String)>) -> String {
    format!("{parts:?}")
}

async fn two_parts(mut request: Request, next: Next) -> Response {
    let part = |fields: &HeaderMap, name: &str| fields.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let parts = (part(request.headers(), "x-first"), part(request.headers(), "x-second"));
    request.extensions_mut().insert(parts);
    next.run(request).await
}

#[cached(ttl = 60)]
async fn reflects_forwarded_host(forwarded: Option<TypedHeader<headers::Host>>) -> String {
    format!("{:?}", forwarded.map(|host| host.0.to_string()))
}

fn router() -> Router {
    Router::new()
        .route("/sets-cookie", get(sets_cookie))
        .route("/adds-cookie-twice", get(adds_cookie_twice))
        .route("/sets-cookie-though-public", get(sets_cookie_though_public))
        .route("/typed-authorization", get(by_typed_authorization))
        .route("/optional-authorization", get(by_optional_authorization))
        .route("/forwards", any(forwards))
        .route("/forwards-by-language", get(forwards_by_language))
        .route("/all-fields", get(reads_all_fields))
        .route("/varies-unasked", get(varies_unasked))
        .route("/varies-on-two-lines", get(varies_on_two_lines))
        .route("/varies-on-anything", get(varies_on_anything))
        .route("/skips-what-it-reads", get(skips_what_it_reads))
        .route("/skips-and-says-public", get(skips_and_says_public))
        .route("/reduces-and-says-public", get(reduces_and_says_public))
        .route("/whom", get(shows_whom).layer(middleware::from_fn(finds_out)))
        .route("/whom-in-parts", get(shows_whom_in_parts).layer(middleware::from_fn(finds_out)))
        .route("/where", any(without_query))
        .route("/one-cookie", get(by_one_cookie))
        .route("/private", get(private))
        .route("/private-cased", get(private_cased))
        .route("/private-named", get(private_named))
        .route("/no-store", get(no_store))
        .route("/no-cache", get(no_cache))
        .route("/no-store-after-quotes", get(no_store_after_quotes))
        .route("/no-store-past-junk", get(no_store_past_junk))
        .route("/host", get(shows_host))
        .route("/typed-host", get(reflects_forwarded_host))
        .route("/target", get(shows_target))
        .route("/raw-query", get(shows_raw_query))
        .route("/search", get(shows_search))
        .route("/map", get(shows_map))
        .route("/method", any(shows_method))
        .route("/nothing", any(shows_nothing))
        .route("/head", get(answers_head_with_nothing))
        .nest("/a", Router::new().route("/me/{id}", get(me)).route("/tenant", get(tenant)))
        .nest("/b", Router::new().route("/me/{id}", get(me)).route("/tenant", get(tenant)))
        .route("/path/{*rest}", get(plain_path))
        .route("/fails", get(fails))
        .route("/refuses", get(refuses))
        .route("/is-missing", get(is_missing))
        .route("/has-nothing", get(has_nothing))
        .route("/is-limited", get(is_limited))
        .route("/is-partial", get(is_partial))
        .route("/is-unchanged", get(is_unchanged))
        .route("/policy/{id}", get(by_policy))
        .route("/not-stored", get(not_to_be_stored))
        .route("/list", any(by_version))
        .route("/of", any(by_version))
        .route("/generic", any(by_version))
        .route("/fr/page", any(by_language))
        .route("/de/page", any(by_language))
        .route("/user", get(of_user))
        .route("/user-and-cookie", get(of_user_and_cookie))
        .route("/checks-user", get(checks_user))
        .route("/maybe-user", get(maybe_of_user))
        .route("/user-on-miss", get(checks_user_on_miss))
        .route("/joins/{a}/{b}", get(joins))
        .route("/two-parts", get(by_two_parts).layer(middleware::from_fn(two_parts)))
}

// ---- pairs ----------------------------------------------------------------------------------------------------------

/// A request in one line: method, target, and fields.
#[derive(Clone, Copy)]
struct Ask(&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// What came back.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: StatusCode,
    fields: HeaderMap,
    content: Bytes,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

enum Right {
    /// The victim gets another content than the first.
    Differs,
    /// The victim gets this.
    Says(&'static str),
    /// The victim gets the same, as it may: that the pair is no attack shows that the cache works at all.
    Same,
    /// Anything, judged by both answers.
    Judged(fn(&Answer, &Answer) -> bool),
}

use Right::{Differs, Judged, Same, Says};

const NONE: &[(&str, &str)] = &[];
const TOKEN_A: &[(&str, &str)] = &[("authorization", "Bearer a")];
const TOKEN_B: &[(&str, &str)] = &[("authorization", "Bearer b")];

fn gets(uri: &'static str) -> Ask {
    Ask("GET", uri, NONE)
}

fn with(uri: &'static str, fields: &'static [(&'static str, &'static str)]) -> Ask {
    Ask("GET", uri, fields)
}

/// Name, first request, victim's request, what is right.
fn pairs() -> Vec<(&'static str, Ask, Ask, Right)> {
    let no_cookie_of_another = |_: &Answer, victim: &Answer| victim.fields.get_all(header::SET_COOKIE).iter().count() == 1;
    let differs_in_cookie = |first: &Answer, victim: &Answer| first.fields[header::SET_COOKIE] != victim.fields[header::SET_COOKIE];
    let whole = |_: &Answer, victim: &Answer| victim.status == StatusCode::OK && victim.text() == "the page";
    // A good answer may be shared, a bad one never.
    let good_after_bad =
        |first: &Answer, victim: &Answer| first.status == StatusCode::OK || first.fields["x-run"] != victim.fields["x-run"];
    vec![
        ("the cookie that a handler sets", gets("/sets-cookie"), gets("/sets-cookie"), Judged(differs_in_cookie)),
        ("one of two cookies", gets("/adds-cookie-twice"), gets("/adds-cookie-twice"), Judged(differs_in_cookie)),
        (
            "a cookie on a response that clients may keep",
            gets("/sets-cookie-though-public"),
            gets("/sets-cookie-though-public"),
            Judged(no_cookie_of_another),
        ),
        (
            "a cookie's answer told to be kept",
            gets("/sets-cookie-though-public"),
            gets("/sets-cookie-though-public"),
            Judged(|_, victim| victim.fields.get(header::CACHE_CONTROL).is_none_or(|said| !said.to_str().unwrap().contains("public"))),
        ),
        ("another's typed token", with("/typed-authorization", TOKEN_A), with("/typed-authorization", TOKEN_B), Says("for b")),
        ("a token's answer without one", with("/optional-authorization", TOKEN_A), gets("/optional-authorization"), Says("for None")),
        (
            "an anonymous answer to a token",
            gets("/optional-authorization"),
            with("/optional-authorization", TOKEN_A),
            Says("for Some(\"a\")"),
        ),
        (
            "two tokens against one",
            with("/optional-authorization", &[("authorization", "Bearer a"), ("authorization", "Bearer c")]),
            with("/optional-authorization", TOKEN_A),
            Says("for Some(\"a\")"),
        ),
        (
            "an answer for a token that goes out as private",
            with("/typed-authorization", TOKEN_A),
            with("/typed-authorization", TOKEN_A),
            // A handler without a cache says nothing of it: what comes of a token is for nobody else then (RFC 9111 §3.5).
            Judged(|_, victim| victim.fields.get(header::CACHE_CONTROL).is_none_or(|said| said.to_str().unwrap().contains("private"))),
        ),
        ("a forwarded token's answer", with("/forwards", TOKEN_A), gets("/forwards"), Says("nobody nobody /forwards")),
        ("an anonymous answer forwarded to a token", gets("/forwards"), with("/forwards", TOKEN_A), Says("Bearer a nobody /forwards")),
        (
            "a forwarded basic token",
            with("/forwards", &[("authorization", "Basic YTph")]),
            with("/forwards", &[("authorization", "Basic YTpi")]),
            Says("Basic YTpi nobody /forwards"),
        ),
        ("a forwarded empty token", with("/forwards", &[("authorization", "")]), gets("/forwards"), Says("nobody nobody /forwards")),
        ("a forwarded cookie", with("/forwards", &[("cookie", "sid=a")]), gets("/forwards"), Says("nobody nobody /forwards")),
        ("a forwarded cookie's stranger", gets("/forwards"), with("/forwards", &[("cookie", "sid=b")]), Says("nobody sid=b /forwards")),
        (
            "a cookie in an argument that `skip` names, of a response that says it is public",
            with("/skips-and-says-public", &[("cookie", "sid=a")]),
            with("/skips-and-says-public", &[("cookie", "sid=b")]),
            Says("Some(\"sid=b\")"),
        ),
        (
            "a token in an argument of which `key` names a part, of a response that says it is shared",
            with("/reduces-and-says-public", TOKEN_A),
            with("/reduces-and-says-public", TOKEN_B),
            Says("Some(\"Bearer b\")"),
        ),
        (
            "whom a middleware found out, to another",
            with("/whom", &[("x-token", "ann")]),
            with("/whom", &[("x-token", "bob")]),
            Says("nobody"),
        ),
        (
            "whom a middleware found out, in parts",
            with("/whom-in-parts", &[("x-token", "ann")]),
            with("/whom-in-parts", &[("x-token", "bob")]),
            Says("nobody"),
        ),
        ("a query that was taken away on the way", gets("/where?a=1"), gets("/where?a=2"), Says("/where?a=2")),
        ("a forwarded query", gets("/forwards?a=1"), gets("/forwards?a=2"), Says("nobody nobody /forwards?a=2")),
        ("a forwarded method", Ask("POST", "/forwards", NONE), gets("/forwards"), Says("nobody nobody /forwards")),
        (
            "a variant by language",
            with("/forwards-by-language", &[("accept-language", "de")]),
            with("/forwards-by-language", &[("accept-language", "fr")]),
            Says("fr"),
        ),
        (
            "a variant without language",
            with("/forwards-by-language", &[("accept-language", "de")]),
            gets("/forwards-by-language"),
            Says("none"),
        ),
        (
            "a field that `vary` does not name",
            with("/all-fields", &[("x-secret", "a"), ("cookie", "sid=a"), ("x-forwarded-host", "evil")]),
            gets("/all-fields"),
            Says(""),
        ),
        (
            "a field that `vary` names",
            with("/all-fields", &[("accept-language", "de")]),
            with("/all-fields", &[("accept-language", "fr")]),
            Says("accept-language=fr"),
        ),
        (
            "a field on two lines against one",
            with("/all-fields", &[("accept-language", "de"), ("accept-language", "fr")]),
            with("/all-fields", &[("accept-language", "de, fr")]),
            Says("accept-language=de, fr"),
        ),
        ("`Vary: authorization` that nobody declared", with("/varies-unasked", TOKEN_A), with("/varies-unasked", TOKEN_B), Differs),
        (
            "a `Vary` on the second line",
            with("/varies-on-two-lines", &[("cookie", "a")]),
            with("/varies-on-two-lines", &[("cookie", "b")]),
            Differs,
        ),
        ("`Vary: *`", gets("/varies-on-anything"), gets("/varies-on-anything"), Differs),
        ("a cookie that `skip` hides", with("/skips-what-it-reads", &[("cookie", "a")]), gets("/skips-what-it-reads"), Says("None")),
        (
            "a cookie's stranger that `skip` hides",
            gets("/skips-what-it-reads"),
            with("/skips-what-it-reads", &[("cookie", "b")]),
            Says("Some(\"b\")"),
        ),
        (
            "one keyed cookie",
            with("/one-cookie", &[("cookie", "theme=dark")]),
            with("/one-cookie", &[("cookie", "theme=red; sid=1")]),
            Says("red"),
        ),
        ("a missing keyed cookie", with("/one-cookie", &[("cookie", "theme=dark")]), gets("/one-cookie"), Says("light")),
        ("`private`", gets("/private"), gets("/private"), Differs),
        ("`Private` in odd case", gets("/private-cased"), gets("/private-cased"), Differs),
        ("`private` with a name", gets("/private-named"), gets("/private-named"), Differs),
        ("`NO-STORE`", gets("/no-store"), gets("/no-store"), Differs),
        ("`no-cache`", gets("/no-cache"), gets("/no-cache"), Differs),
        ("`no-store` after quotes", gets("/no-store-after-quotes"), gets("/no-store-after-quotes"), Differs),
        ("`no-store` past junk", gets("/no-store-past-junk"), gets("/no-store-past-junk"), Differs),
        (
            "a reflected host",
            with("/host", &[("x-forwarded-host", "evil")]),
            gets("/host"),
            Judged(|_, victim| !victim.text().contains("evil")),
        ),
        (
            "a reflected host in `Forwarded`",
            with("/host", &[("forwarded", "host=evil")]),
            gets("/host"),
            Judged(|_, victim| !victim.text().contains("evil")),
        ),
        ("the query of a shown target", gets("/target?a"), gets("/target?b"), Says("/target?b /target?b")),
        ("an empty query against none", gets("/raw-query?"), gets("/raw-query"), Says("None")),
        ("the order of a raw query", gets("/raw-query?a&b"), gets("/raw-query?b&a"), Says("Some(\"b&a\")")),
        ("another search", gets("/search?q=a"), gets("/search?q=b"), Says("Search { q: \"b\", page: None }")),
        ("a search by its other name", gets("/search?q=a"), gets("/search?query=b"), Says("Search { q: \"b\", page: None }")),
        ("a second parameter", gets("/search?q=a&page=1"), gets("/search?q=a&page=2"), Says("Search { q: \"a\", page: Some(2) }")),
        (
            "a parameter hidden behind `;`",
            gets("/search?q=a;page=2"),
            gets("/search?q=a&page=2"),
            Says("Search { q: \"a\", page: Some(2) }"),
        ),
        ("an escaped separator", gets("/search?q=a%26page=2"), gets("/search?q=a&page=2"), Says("Search { q: \"a\", page: Some(2) }")),
        ("an escaped null", gets("/search?q=a%00"), gets("/search?q=a"), Says("Search { q: \"a\", page: None }")),
        ("a plus against its escape", gets("/search?q=a+b"), gets("/search?q=a%2Bb"), Says("Search { q: \"a+b\", page: None }")),
        ("a parameter in other letter case", gets("/search?q=a"), gets("/search?q=a&Q=b"), Says("Search { q: \"a\", page: None }")),
        (
            "a repeated parameter",
            gets("/search?q=a"),
            gets("/search?q=a&q=b"),
            Judged(|_, victim| victim.status == StatusCode::BAD_REQUEST),
        ),
        ("a parameter that nobody reads", gets("/search?q=z"), gets("/search?utm=1&q=z&x"), Same),
        ("a parameter of a map", gets("/map?a=1"), gets("/map?a=1&b=2"), Says("[(\"a\", \"1\"), (\"b\", \"2\")]")),
        ("a shown method", gets("/method"), Ask("HEAD", "/method", NONE), Judged(|_, victim| victim.content.is_empty())),
        ("an unsafe method's answer", Ask("POST", "/nothing", NONE), gets("/nothing"), Differs),
        ("a page to an unsafe method", gets("/nothing"), Ask("POST", "/nothing", NONE), Differs),
        ("an overridden method", with("/nothing", &[("x-http-method-override", "DELETE")]), gets("/nothing"), Same),
        ("HEAD's empty page", Ask("HEAD", "/head", NONE), gets("/head"), Judged(whole)),
        ("HEAD's page", Ask("HEAD", "/nothing", NONE), gets("/nothing"), Judged(|_, victim| victim.text().starts_with("page"))),
        ("the same handler under two nests", gets("/a/me/1"), gets("/b/me/1"), Says("/b/me/{id} 1")),
        ("the same handler under two tenants", gets("/a/tenant"), gets("/b/tenant"), Says("/b/tenant")),
        ("a rewritten path", gets("/fr/page"), gets("/de/page"), Says("/de/page")),
        ("an escaped letter in a path", gets("/path/%61"), gets("/path/a"), Differs),
        ("a double slash in a path", gets("/path/a//b"), gets("/path/a/b"), Differs),
        ("a parameter in a path", gets("/path/a;x"), gets("/path/a"), Differs),
        ("a path in other letter case", gets("/path/A"), gets("/path/a"), Differs),
        ("an ending that looks like a file", gets("/path/a/x.css"), gets("/path/a"), Differs),
        ("an error of the server", gets("/fails?1"), gets("/fails?1"), Judged(good_after_bad)),
        ("an error of a client", gets("/refuses?1"), gets("/refuses?1"), Judged(good_after_bad)),
        ("a missing page", gets("/is-missing?1"), gets("/is-missing?1"), Judged(good_after_bad)),
        ("an empty answer", gets("/has-nothing?1"), gets("/has-nothing?1"), Judged(good_after_bad)),
        ("a limited client", gets("/is-limited?1"), gets("/is-limited?1"), Judged(good_after_bad)),
        ("a part of a page", gets("/is-partial?1"), gets("/is-partial?1"), Judged(good_after_bad)),
        ("a handler's own 304", gets("/is-unchanged?1"), gets("/is-unchanged?1"), Judged(good_after_bad)),
        ("a missing page by policy", gets("/policy/1"), gets("/policy/2"), Says("2")),
        ("a response that says not to be stored", gets("/not-stored"), gets("/not-stored"), Differs),
        ("two handlers of one name", gets("/list"), with("/list", &[("x-two", "1")]), Says("two")),
        ("one method name on two types", gets("/of"), with("/of", &[("x-two", "1")]), Says("B")),
        ("two instances of a generic handler", gets("/generic"), with("/generic", &[("x-two", "1")]), Says("2")),
        ("another user", with("/user", &[("x-token", "ann")]), with("/user", &[("x-token", "bob")]), Says("for bob")),
        (
            "another user where `key` has a variable of the argument's name",
            with("/user-and-cookie", &[("x-token", "ann")]),
            with("/user-and-cookie", &[("x-token", "bob")]),
            Says("for bob in None"),
        ),
        (
            "a user's page without login",
            with("/user", &[("x-token", "ann")]),
            gets("/user"),
            Judged(|_, victim| victim.status == StatusCode::UNAUTHORIZED),
        ),
        (
            "a revoked token on a warm key",
            with("/checks-user", &[("x-token", "regular")]),
            with("/checks-user", &[("x-token", "revoked")]),
            Judged(|_, victim| victim.status == StatusCode::UNAUTHORIZED),
        ),
        ("a rejection on a warm key", gets("/maybe-user"), with("/maybe-user", &[("x-token", "ann")]), Says("ann")),
        ("a user's page to a rejected one", with("/maybe-user", &[("x-token", "ann")]), gets("/maybe-user"), Says("401 Unauthorized")),
        (
            "a rejection that `OnMiss` made",
            gets("/user-on-miss"),
            with("/user-on-miss", &[("x-token", "ann")]),
            Says("the same for all users"),
        ),
        ("parts that a join would mix up", gets("/joins/a:b/c?q=1"), gets("/joins/a/b:c?q=1"), Says("a|b:c")),
        (
            "parts that differ by where they end",
            with("/two-parts", &[("x-first", "ab"), ("x-second", "c")]),
            with("/two-parts", &[("x-first", "a"), ("x-second", "bc")]),
            Says("(\"a\", \"bc\")"),
        ),
        ("an empty part", with("/two-parts", &[("x-first", "ab")]), with("/two-parts", &[("x-second", "ab")]), Says("(\"\", \"ab\")")),
        (
            "a range",
            with("/path/range", &[("range", "bytes=0-0")]),
            gets("/path/range"),
            Judged(|first, victim| {
                victim.status == StatusCode::OK && victim.content.len() > 1 && victim.content.starts_with(&first.content)
            }),
        ),
        (
            "a client's precondition",
            with("/path/condition", &[("if-none-match", "*")]),
            gets("/path/condition"),
            Judged(|_, victim| victim.status == StatusCode::OK && !victim.content.is_empty()),
        ),
        (
            "another's host in the target's place",
            with("/typed-host", &[("host", "one.example")]),
            with("/typed-host", &[("host", "two.example")]),
            Judged(|first, victim| first.content != victim.content),
        ),
        (
            "fields that purge elsewhere",
            with("/path/purge", &[("x-cache-bypass", "1"), ("cache-control", "no-cache"), ("pragma", "no-cache")]),
            with("/path/purge", &[("cache-control", "no-cache")]),
            Same,
        ),
    ]
}

// ---- running them ---------------------------------------------------------------------------------------------------

async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn send(client: &Client<hyper_util::client::legacy::connect::HttpConnector, Body>, address: SocketAddr, ask: Ask) -> Answer {
    let Ask(method, target, fields) = ask;
    let what = format!("{method:?} {target} {fields:?}");
    let mut request = Request::builder().method(method).uri(format!("http://{address}{target}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let response = client.request(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let content = body.collect().await.unwrap_or_else(|error| panic!("{what}: {error:?} {parts:?}")).to_bytes();
    Answer { status: parts.status, fields: parts.headers, content }
}

/// What the pairs came to.
#[derive(Default)]
struct Found {
    /// Those that went wrong, by name.
    wrong: Vec<String>,
    /// Responses that came to rest, and answers that came from there.
    stored: u64,
    hits: u64,
    /// Pairs for which the backend was too slow, so that its content was not looked at.
    spared: usize,
}

impl Found {
    fn say(&self, what: &str) {
        let Self { wrong, stored, hits, spared } = self;
        println!("- {} pairs {what}: {} wrong ({stored} stored, {hits} hits, {spared} not looked at)", pairs().len(), wrong.len());
    }

    fn is_nothing(&self) {
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
        assert!(self.spared <= pairs().len() / 10, "{} were not looked at", self.spared);
        // Most pairs are of what may be stored; few second requests may have it.
        assert!(self.stored > 60 && self.hits > 2, "{} stored, {} hits", self.stored, self.hits);
    }
}

/// A cache and a server for each pair, so that none profits from another.
async fn found(version_2: bool, place: &Place, make: impl Fn(&Cache) -> Router) -> Found {
    let client = Client::builder(TokioExecutor::new()).http2_only(version_2).build_http();
    let mut found = Found::default();
    for (name, first, victim, right) in pairs() {
        let cache = place.cache().await;
        let ready = cache.stats();
        let address = serve(make(&cache)).await;
        let first = send(&client, address, first).await;
        // What is waited for is stored after the answer.
        assert!(cache.drain(secs(10)).await);
        let victim = send(&client, address, victim).await;
        let is_right = match right {
            Differs => first.content != victim.content,
            Same => first.content == victim.content,
            // In h2 the target names the authority, and in HTTP/1.1 a field does that is shown where every key has it.
            Says(text) => ["http://", "\nhost=", "host="]
                .iter()
                .fold(victim.text(), |said, before| said.replace(&format!("{before}{address}"), ""))
                .eq(text),
            Judged(judge) => judge(&first, &victim),
        };
        let stats = cache.stats();
        found.stored += stats.kept.get("stored").copied().unwrap_or_default();
        found.hits += stats.hits;
        if (stats.backend_errors, stats.backend_spared) != (ready.backend_errors, ready.backend_spared) {
            found.spared += 1;
        } else if !is_right {
            found.wrong.push(format!("{name}: {} {:?}", victim.status, victim.text()));
        }
    }
    found
}

fn version(is_2: bool) -> &'static str {
    if is_2 { "h2" } else { "HTTP/1.1" }
}

async fn nothing_is_found_in(place: Place, name: &str) {
    for version_2 in [false, true] {
        let found = found(version_2, &place, |cache| router().layer(Extension(cache.clone()))).await;
        found.say(&format!("in {name} over {}", version(version_2)));
        found.is_nothing();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_gets_what_is_anothers_over_either_version() {
    nothing_is_found_in(Place::Memory, "memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_gets_what_is_anothers_in_files() {
    nothing_is_found_in(Place::files("pairs"), "files").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_gets_what_is_anothers_in_a_redis() {
    nothing_is_found_in(Place::redis(), "a Redis").await;
}

/// What many write first: a response by its path, wherever it rests.
#[derive(Clone)]
struct ByPath(Arc<Values<Whole>>);

type Whole = (u16, Vec<(String, Vec<u8>)>, Vec<u8>);

async fn by_path(Extension(stored): Extension<ByPath>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if let Some(whole) = stored.0.get(&path).await {
        let (status, fields, content) = &*whole;
        let mut response = (StatusCode::from_u16(*status).unwrap(), content.clone()).into_response();
        response.headers_mut().clear();
        for (name, value) in fields {
            response.headers_mut().append(HeaderName::try_from(name).unwrap(), HeaderValue::from_bytes(value).unwrap());
        }
        return response;
    }
    let (parts, body) = next.run(request).await.into_parts();
    let content = body.collect().await.unwrap().to_bytes();
    let fields = parts.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    stored.0.insert(&path, (parts.status.as_u16(), fields, content.to_vec()), secs(60)).await.unwrap();
    (parts.status, parts.headers, content).into_response()
}

async fn a_cache_by_path_is_found_in(place: Place, name: &str) {
    let naive = |cache: &Cache| {
        let naive = router().layer(middleware::from_fn(by_path)).layer(Extension(ByPath(Arc::new(cache.values("by path")))));
        naive.layer(Extension(cache.clone()))
    };
    let found = found(false, &place, naive).await;
    found.say(&format!("through a cache by path in {name}"));
    assert!(found.wrong.len() > 40 && found.hits > 40, "{} hits, {:#?}", found.hits, found.wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_pairs_find_a_cache_that_goes_by_the_path() {
    a_cache_by_path_is_found_in(Place::Memory, "memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_pairs_find_a_cache_that_goes_by_the_path_in_files_and_in_a_redis() {
    a_cache_by_path_is_found_in(Place::files("by-path"), "files").await;
    a_cache_by_path_is_found_in(Place::redis(), "a Redis").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_at_once_get_a_cookie_each() {
    let address = serve(router().layer(TestCache::new().layer())).await;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let client = client.clone();
        tasks.spawn(async move { send(&client, address, gets("/sets-cookie")).await.fields[header::SET_COOKIE].clone() });
    }
    let cookies: std::collections::HashSet<_> = tasks.join_all().await.into_iter().collect();
    assert_eq!(cookies.len(), 200);
}
