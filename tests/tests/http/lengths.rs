//! How long the answer to a HEAD says that the content is, and a 304: as long as that of the GET of the same, or nothing
//! (RFC 9110 §8.6), through layers that change it.

use std::{collections::VecDeque, convert::Infallible};

use axum::{
    Extension, Router,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::StatusCode,
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get as route,
};
use cached_handler::{CacheLayer, Policy, cached, secs, testing::TestCache};
use cached_handler_tests::{
    curl::{Answer, Ask, Http, Site, get, head},
    harness::Dict,
};
use tower::{ServiceBuilder, service_fn};
use tower_http::{compression::CompressionLayer, normalize_path::NormalizePathLayer};

use super::site::Frames;

const PAGE: &str = "<p>a page that is long enough for compression</p>";

macro_rules! pages {
    ($($name:ident: $backend:literal),*) => { $(
        #[cached(ttl = 60, backend = $backend)]
        async fn $name() -> String {
            PAGE.repeat(10)
        }
    )* };
}
pages!(in_memory: "memory", in_a_store: "dict");

async fn uncached() -> String {
    PAGE.repeat(10)
}

async fn unstored_bare() -> impl IntoResponse {
    ([("cache-control", "no-store")], PAGE.repeat(10))
}

#[cached(ttl = 60)]
async fn unstored() -> impl IntoResponse {
    ([("cache-control", "no-store")], PAGE.repeat(10))
}

/// It knows HEAD, and says the length itself.
async fn file(request: Request) -> Result<Response, Infallible> {
    let content = if request.method() == "HEAD" { Body::empty() } else { Body::from(PAGE) };
    Ok(([("content-length", PAGE.len().to_string())], content).into_response())
}

async fn appends(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let mut content = to_bytes(body, 1 << 20).await.expect("content").to_vec();
    // As whoever changes content has to: what a service says of it holds no longer.
    parts.headers.remove("content-length");
    // Nothing is added to nothing: the answer to a HEAD that a service has sent.
    if !content.is_empty() {
        content.extend_from_slice(b"<p>footer</p>");
    }
    Response::from_parts(parts, Body::from(content))
}

fn handlers() -> Router {
    Router::new().route("/memory", route(in_memory)).route("/store", route(in_a_store)).route("/unstored", route(unstored))
}

fn bare() -> Router {
    Router::new().route("/memory", route(uncached)).route("/store", route(uncached)).route("/unstored", route(unstored_bare))
}

/// The attribute and the layer, and what stands outside.
async fn sites(cache: &TestCache) -> Vec<(&'static str, Site)> {
    let known = || Extension(cache.cache().clone());
    let layer = || CacheLayer::new("pages", secs(60)).vary(["accept-encoding"]);
    let around = || ServiceBuilder::new().layer(known()).layer(CompressionLayer::new()).layer(NormalizePathLayer::trim_trailing_slash());
    let services = || Router::new().route_service("/memory", service_fn(file)).nest_service("/store", service_fn(file));
    let within = |router: Router| router.layer(known());
    let mut sites = Vec::new();
    for (name, router) in [("attribute", handlers()), ("layer", bare().layer(layer())), ("layer, services", services().layer(layer()))] {
        let site = Site::start(within(router.clone().layer(CompressionLayer::new()))).await;
        sites.push((name, site));
        sites.push((name, Site::start(within(router.clone().layer(map_response(appends)))).await));
        sites.push((name, Site::start(within(router.clone().layer(map_response(appends)).layer(CompressionLayer::new()))).await));
        sites.push((name, Site::start(around().service(router)).await));
    }
    sites.push(("layer around", Site::start(around().layer(layer()).service(bare())).await));
    let alone = route(in_memory).layer::<_, Infallible>(map_response(appends)).layer::<_, Infallible>(CompressionLayer::new());
    sites.push(("attribute without a router", Site::start(alone.layer::<_, Infallible>(known())).await));
    sites
}

fn accepting(ask: Ask, coding: &str) -> Ask {
    if coding.is_empty() { ask } else { ask.with("accept-encoding", coding) }
}

#[tokio::test]
async fn a_head_says_no_length_that_its_get_would_not_have() {
    for http in Http::BOTH {
        let cache = TestCache::with(|builder| builder.cache_status("t").backend("dict", Dict::default()));
        for (at, (way, site)) in sites(&cache).await.into_iter().enumerate() {
            for path in ["/memory", "/store", "/unstored"] {
                for coding in ["", "gzip"] {
                    let asks = [head(path), get(path), head(path), get(path), head(path)].map(|ask| accepting(ask, coding));
                    let answers = site.curl_well(http, &asks).await;
                    let whole = &answers[3];
                    if whole.status != 200 {
                        continue;
                    }
                    let case = format!("{at}: {way}, {http:?} {path} {coding:?}: {answers:?}");
                    for said in [&answers[0], &answers[2], &answers[4]] {
                        assert!(said.content.is_empty() && said.status == 200, "{case}");
                        let is_as_without = is_the_services(way, coding) && said.field("content-length") == PAGE.len().to_string();
                        assert!(
                            ["", &whole.content.len().to_string()].contains(&&*said.field("content-length")) || is_as_without,
                            "{case}"
                        );
                    }
                    // What nothing changes is said.
                    if coding.is_empty() && !whole.text().contains("footer") {
                        assert_eq!(answers[4].field("content-length"), whole.content.len().to_string(), "{case}");
                    }
                }
            }
        }
    }
}

/// A service that a router hands on to says the length to a HEAD itself, and the layer of compression leaves alone what has no
/// content: with a cache as without.
fn is_the_services(way: &str, coding: &str) -> bool {
    way == "layer, services" && !coding.is_empty()
}

const LARGE: Policy = Policy::new().max_body(100);

fn stream(fields: &'static [(&'static str, &'static str)], length: usize) -> Response {
    let mut response = Frames::of(&vec!["piece "; length]).into_response();
    for (name, value) in fields {
        response.headers_mut().insert(*name, value.parse().expect("a value"));
    }
    response
}

#[cached(ttl = 60)]
async fn streamed() -> Response {
    stream(&[("etag", "\"1\"")], 40)
}

#[cached(ttl = 60)]
async fn streamed_and_unstored() -> Response {
    stream(&[("etag", "\"1\""), ("cache-control", "no-store")], 40)
}

/// More than is read of what is not stored.
#[cached(ttl = 60, policy = LARGE)]
async fn streamed_and_long() -> Response {
    stream(&[("etag", "\"1\"")], 40)
}

/// It never ends.
#[cached(ttl = 60)]
async fn events() -> Response {
    let fields = [("content-type", "text/event-stream"), ("etag", "\"1\"")];
    (fields, Body::from_stream(Endless(VecDeque::from(["data: 1\n\n"])))).into_response()
}

struct Endless(VecDeque<&'static str>);

impl futures_core::Stream for Endless {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
        self.0.pop_front().map_or(std::task::Poll::Pending, |piece| std::task::Poll::Ready(Some(Ok(Bytes::from_static(piece.as_bytes())))))
    }
}

#[tokio::test]
async fn a_304_of_a_stream_says_the_length_of_the_200_or_none() {
    let cache = TestCache::with(|builder| builder.cache_status("t"));
    let router = || {
        let pages = Router::new().route("/", route(streamed)).route("/unstored", route(streamed_and_unstored));
        pages.route("/long", route(streamed_and_long)).route("/events", route(events))
    };
    let known = || Extension(cache.cache().clone());
    let around = ServiceBuilder::new().layer(known()).layer(CompressionLayer::new()).layer(NormalizePathLayer::trim_trailing_slash());
    let alone = route(streamed_and_unstored).layer::<_, Infallible>(CompressionLayer::new()).layer::<_, Infallible>(known());
    let sites = [
        ("within", Site::start(router().layer(CompressionLayer::new()).layer(known())).await),
        ("around", Site::start(around.service(router())).await),
        ("without a router", Site::start(alone).await),
    ];
    for (way, site) in &sites {
        for http in Http::BOTH {
            for coding in ["", "gzip"] {
                for path in ["/", "/unstored", "/long", "/events"] {
                    cache.clock().advance(secs(61));
                    let asked = |ask: Ask| accepting(ask, coding).with("if-none-match", "\"1\"");
                    // What does not end cannot be asked for as the whole.
                    let is_shown = path != "/events" || *way == "without a router" || http == Http::One || coding.is_empty();
                    let asks: Vec<_> = [asked(get(path)), asked(head(path)), asked(get(path))].into_iter().filter(|_| is_shown).collect();
                    let answers = if asks.is_empty() { Vec::new() } else { site.curl_well(http, &asks).await };
                    for answer in &answers {
                        is_a_304_of_a_stream(path, answer)
                            .unwrap_or_else(|why| panic!("{why}: {way}, {http:?} {path} {coding:?}: {answers:?}"));
                    }
                }
            }
        }
    }
}

fn is_a_304_of_a_stream(path: &str, answer: &Answer) -> Result<(), &'static str> {
    let length = answer.field("content-length");
    // A HEAD of what never ends is answered at once, like that of what is too long.
    if answer.status == 200 && (path == "/long" || path == "/events" && answer.content.is_empty()) {
        return Ok(());
    }
    if answer.status != 304 || !answer.content.is_empty() || !answer.field("content-encoding").is_empty() {
        return Err("no 304 without content");
    }
    if length.is_empty() || length == "240" { Ok(()) } else { Err("another length than that of the 200") }
}

const EMPTY: Policy = Policy::new().status(204, secs(60));

#[cached(ttl = 60, policy = EMPTY)]
async fn nothing() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// 204, 412 and 416 have no content, and say no length but that (RFC 9110 §15.3.5, §15.5.13, §15.5.17).
#[tokio::test]
async fn what_has_no_content_says_no_other_length_whatever_stands_outside() {
    let cache = TestCache::with(|builder| builder.cache_status("t"));
    let router = Router::new().route("/", route(in_memory)).route("/nothing", route(nothing)).route("/stream", route(streamed));
    let site = Site::start(router.layer(CompressionLayer::new()).layer(cache.layer())).await;
    for http in Http::BOTH {
        for coding in ["", "gzip"] {
            let asks = [
                (get("/nothing"), 204),
                (head("/nothing"), 204),
                (get("/nothing"), 204),
                (get("/").with("if-match", "\"another\""), 412),
                (head("/").with("if-match", "\"another\""), 412),
                (get("/stream").with("if-match", "\"another\""), 412),
                (get("/").with("range", "bytes=5000-"), 416),
            ];
            let sent: Vec<_> = asks.iter().map(|(ask, _)| accepting(ask.clone(), coding)).collect();
            for (answer, (ask, status)) in site.curl_well(http, &sent).await.iter().zip(&asks) {
                let case = format!("{http:?} {coding:?} {ask:?}: {answer:?}");
                assert_eq!((answer.status, answer.content.len()), (*status, 0), "{case}");
                assert!(["", "0"].contains(&&*answer.field("content-length")) && answer.field("content-encoding").is_empty(), "{case}");
            }
        }
    }
}
