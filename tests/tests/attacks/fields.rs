//! Header fields that change the answer: languages, codings, hosts of proxies, a framework's own.

use axum::{
    Router,
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get as on_get,
};
use axum_extra::{
    TypedHeader,
    either::Either,
    headers::{self, ContentType, Header, Origin, Referer},
};
use cached_handler::{CacheKey, KeyWriter, cached};

use super::{
    case::{Attack, attack},
    wire::{Ask, get},
};

/// Everything that the map shows, in its order.
fn all_of(headers: &HeaderMap) -> String {
    let mut text = String::new();
    for (name, value) in headers {
        text.push_str(&format!("{name}={}\n", value.as_bytes().escape_ascii()));
    }
    text
}

/// Shows all that there is, as debug pages do.
#[cached(ttl = 60, vary = "accept-language")]
async fn debug_page(headers: HeaderMap) -> String {
    all_of(&headers)
}

#[cached(ttl = 60, vary = ["x-a", "x-b"])]
async fn two_fields(headers: HeaderMap) -> String {
    all_of(&headers)
}

#[cached(ttl = 60, vary = "accept-encoding")]
async fn coded(headers: HeaderMap) -> Response {
    let codings = headers.get("accept-encoding").map(HeaderValue::as_bytes).unwrap_or_default();
    if codings.starts_with(b"rot13") { ([("content-encoding", "rot13")], "uryyb").into_response() } else { "hello".into_response() }
}

/// Says that it depends on fields that it does not get.
#[cached(ttl = 60, vary = "accept-language")]
async fn vary_on_two_lines(headers: HeaderMap) -> Response {
    let mut response = all_of(&headers).into_response();
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-language"));
    response.headers_mut().append(header::VARY, HeaderValue::from_static("cookie"));
    response
}

/// Builds absolute links.
#[cached(ttl = 60, vary = ["x-forwarded-host", "x-forwarded-proto"])]
async fn links(headers: HeaderMap) -> String {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.as_bytes().escape_ascii().to_string()).unwrap_or_default();
    format!("<link href={}://{}/>", text("x-forwarded-proto"), text("x-forwarded-host"))
}

#[cached(ttl = 60)]
async fn cors(origin: Option<TypedHeader<Origin>>) -> Response {
    let origin = origin.map(|origin| origin.to_string()).unwrap_or_default();
    ([("access-control-allow-origin", origin)], "data").into_response()
}

#[cached(ttl = 60)]
async fn came_from(referer: Option<TypedHeader<Referer>>) -> String {
    format!("back to {:?}", referer.map(|referer| referer.to_string()))
}

#[cached(ttl = 60)]
async fn kind(kind: Either<TypedHeader<ContentType>, TypedHeader<Origin>>) -> String {
    match kind {
        Either::E1(kind) => format!("1 {}", kind.0),
        Either::E2(origin) => format!("2 {}", origin.0),
    }
}

/// A header type of the author's own, which shows less than was sent.
#[derive(CacheKey)]
struct Plan(bool);

impl Header for Plan {
    fn name() -> &'static HeaderName {
        static NAME: HeaderName = HeaderName::from_static("x-plan");
        &NAME
    }

    fn decode<'i, I: Iterator<Item = &'i HeaderValue>>(values: &mut I) -> Result<Self, headers::Error> {
        values.next().map(|value| Self(value.as_bytes().eq_ignore_ascii_case(b"pro"))).ok_or_else(headers::Error::invalid)
    }

    fn encode<E: Extend<HeaderValue>>(&self, values: &mut E) {
        values.extend([HeaderValue::from_static(if self.0 { "pro" } else { "free" })]);
    }
}

#[cached(ttl = 60)]
async fn by_plan(TypedHeader(Plan(pro)): TypedHeader<Plan>) -> String {
    format!("pro: {pro}")
}

/// A language that an extractor of the author's makes of the field.
struct Language(String);

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let first = parts.headers.get("accept-language").and_then(|value| value.to_str().ok()?.split(',').next().map(str::to_lowercase));
        Ok(Self(first.unwrap_or_default()))
    }
}

impl CacheKey for Language {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        key.part(&self.0).vary("accept-language");
    }
}

#[cached(ttl = 60)]
async fn by_language(Language(language): Language) -> String {
    format!("bonjour in {language}")
}

/// Rewrites the request for whoever comes after it.
struct Normalise;

impl<S: Sync> FromRequestParts<S> for Normalise {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // The language that the visitor chose before counts.
        if let Some(chosen) = parts.headers.get("x-chosen").cloned() {
            parts.headers.insert("accept-language", chosen);
        }
        Ok(Self)
    }
}

/// The normaliser itself shows nothing.
#[cached(ttl = 60, vary = "accept-language", skip(_normalise))]
async fn normalised(_normalise: Normalise, headers: HeaderMap) -> String {
    all_of(&headers)
}

/// The same as a middleware.
async fn choose(mut request: Request, next: Next) -> Response {
    if let Some(chosen) = request.headers().get("x-chosen").cloned() {
        request.headers_mut().insert("accept-language", chosen);
    }
    next.run(request).await
}

fn serve<H: axum::handler::Handler<T, ()>, T: 'static>(handler: H) -> Router {
    Router::new().route("/", on_get(handler))
}

fn page() -> Ask {
    get("/")
}

/// Fields that frameworks and proxies listen to, and that debug pages show: Param Miner's list and the advisories'.
pub const MAGIC: &[&str] = &[
    "x-forwarded-host",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-original-url",
    "x-original-host",
    "x-original-uri",
    "x-rewrite-url",
    "x-host",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-proxyuser-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-requested-with",
    "x-wap-profile",
    "x-arbitrary",
    "x-http-destinationurl",
    "x-http-host-override",
    "x-backend-host",
    "x-custom-ip-authorization",
    "x-middleware-prefetch",
    "x-middleware-subrequest",
    "x-middleware-rewrite",
    "x-nextjs-data",
    "x-now-route-matches",
    "x-matched-path",
    "x-invoke-path",
    "x-invoke-status",
    "x-prerender-revalidate",
    "next-router-prefetch",
    "next-router-state-tree",
    "rsc",
    "purpose",
    "x-purpose",
    "sec-purpose",
    "x-invalidate-cache",
    "x-cache-key",
    "x-cache-bypass",
    "x-no-cache",
    "x-refresh",
    "x-purge",
    "x-get-cache-key",
    "x-cache-hash",
    "x-debug",
    "x-test",
    "x-amz-website-redirect-location",
    "x-forwarded-path",
    "x-envoy-original-path",
    "x-envoy-decorator-operation",
    "x-akamai-edgescape",
    "pragma",
    "cache-control",
    "surrogate-control",
    "cdn-cache-control",
    "warning",
    "if-match",
    "if-unmodified-since",
    "if-range",
    "range",
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-datetime",
    "user-agent",
    "referer",
    "origin",
    "from",
    "forwarded",
    "via",
    "max-forwards",
    "expect-ct",
    "dnt",
    "save-data",
    "downlink",
    "ect",
    "rtt",
    "device-memory",
    "viewport-width",
    "width",
    "dpr",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-fetch-site",
    "sec-fetch-mode",
    "priority",
    "x-device",
    "x-country",
    "x-currency",
    "x-tenant",
    "x-user",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-request-id",
    "traceparent",
    "cookie2",
    "date",
    "age",
    "etag",
    "vary",
    "content-encoding",
    "content-language",
    "content-location",
    "x-nonce",
];

pub fn attacks() -> Vec<Attack> {
    let language = |value: &str| page().with("accept-language", value);
    let host = |value: &str| page().with("x-forwarded-host", value);
    let two = |a: &str, b: &str| page().with("x-a", a).with("x-b", b);
    let magic: Vec<_> = MAGIC.iter().map(|name| page().with(name, "evil.example")).collect();
    let all_at_once = MAGIC.iter().fold(page(), |ask, name| ask.with(name, "evil.example"));
    vec![
        attack(
            "a page that shows every field it gets, after each of a hundred that frameworks listen to",
            || serve(debug_page),
            magic,
            page(),
        ),
        attack("a page that shows every field it gets, after all of them at once", || serve(debug_page), [all_at_once], page()),
        attack(
            "a page that shows every field it gets, after an agent and a proxy",
            || serve(debug_page),
            [page().with("user-agent", "evil").with("via", "1.1 evil")],
            page().with("user-agent", "fine"),
        ),
        attack("one language for another", || serve(debug_page), [language("de")], language("en")),
        attack("a language for none", || serve(debug_page), [language("de")], page()),
        attack("none for an empty language", || serve(debug_page), [page()], language("")),
        attack("an empty language for none", || serve(debug_page), [language("")], page()),
        attack("a language for one in other letter case", || serve(debug_page), [language("DE")], language("de")),
        attack(
            "two lines for one list of languages",
            || serve(debug_page),
            [language("de").with("accept-language", "en")],
            language("de, en"),
        ),
        attack(
            "two lines in another order",
            || serve(debug_page),
            [language("de").with("accept-language", "en")],
            language("en").with("accept-language", "de"),
        ),
        attack(
            "a value that is no text for another",
            || serve(debug_page),
            [page().with("accept-language", b"\xe9")],
            page().with("accept-language", b"\xe8"),
        ),
        attack("a value with a tab for one with a blank", || serve(debug_page), [language("a\tb")], language("a b")),
        attack("a field's value for another field", || serve(two_fields), [page().with("x-a", "1")], page().with("x-b", "1")),
        attack("two values cut elsewhere", || serve(two_fields), [two("1", "23")], two("12", "3")),
        attack("two values where one is empty", || serve(two_fields), [two("", "1")], two("1", "")),
        attack("a value that looks like two", || serve(two_fields), [page().with("x-a", "1, x-b: 2")], two("1", "2")),
        attack("two fields sent in another order", || serve(two_fields), [two("1", "2")], page().with("x-b", "2").with("x-a", "1")),
        attack("a coding for a client that cannot read it", || serve(coded), [page().with("accept-encoding", "rot13, gzip")], page()),
        attack("no coding for a client that asks for one", || serve(coded), [page()], page().with("accept-encoding", "rot13")),
        attack(
            "`Vary` on two lines, of which the second is not keyed",
            || serve(vary_on_two_lines),
            [page().with("cookie", "sid=1")],
            page().with("cookie", "sid=2"),
        )
        .never_stored(),
        attack("a link to a proxy's host", || serve(links), [host("evil.example")], page()),
        attack("a link to another proxy's host", || serve(links), [host("evil.example")], host("fine.example")),
        attack(
            "a link to two hosts of a proxy",
            || serve(links),
            [host("evil.example").with("x-forwarded-host", "fine.example")],
            host("fine.example"),
        ),
        attack(
            "a link of another scheme",
            || serve(links),
            [page().with("x-forwarded-proto", "javascript")],
            page().with("x-forwarded-proto", "https"),
        ),
        attack(
            "another origin that may read it",
            || serve(cors),
            [page().with("origin", "https://evil.example")],
            page().with("origin", "https://fine.example"),
        ),
        attack("an origin that may read it, for none", || serve(cors), [page().with("origin", "https://evil.example")], page()),
        attack("none for an origin that may read it", || serve(cors), [page()], page().with("origin", "https://fine.example")),
        attack(
            "another page to go back to",
            || serve(came_from),
            [page().with("referer", "http://evil.example/")],
            page().with("referer", "http://fine.example/"),
        ),
        attack(
            "one alternative for another",
            || serve(kind),
            [page().with("content-type", "text/html")],
            page().with("origin", "https://fine.example"),
        ),
        attack(
            "a field of the author's own for another value",
            || serve(by_plan),
            [page().with("x-plan", "pro")],
            page().with("x-plan", "free"),
        ),
        attack("a field of the author's own for none", || serve(by_plan), [page().with("x-plan", "pro")], page()).never_stored(),
        attack("a language by an extractor of the author's", || serve(by_language), [language("fr")], language("en")),
        attack(
            "a language that a middleware chose",
            || serve(debug_page).layer(from_fn(choose)),
            [language("en").with("x-chosen", "fr")],
            language("en"),
        ),
        // An extractor that changes the request for those after it.
        attack(
            "a language that an extractor chose for the next",
            || serve(normalised),
            [language("en").with("x-chosen", "fr")],
            language("en"),
        ),
    ]
}
