//! Requests with content and without, behind a layer whose body never says that it is empty: it undoes the coding of what
//! clients send.

use std::{io::Write, sync::atomic::AtomicUsize, sync::atomic::Ordering};

use axum::{
    Extension, Router,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{any, get as route},
};
use cached_handler::{CacheLayer, cached, secs, testing::TestCache};
use cached_handler_tests::curl::{Ask, Http, Site, get, head};
use futures_core::Stream;
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tower_http::{decompression::RequestDecompressionLayer, normalize_path::NormalizePathLayer};

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Says what it was sent, and which run it is.
async fn answer(request: Request) -> Response {
    let content = to_bytes(request.into_body(), 1 << 20).await.expect("content");
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    ([("cache-control", "max-age=60")], [("x-run", run.to_string())], format!("sent {}", String::from_utf8_lossy(&content))).into_response()
}

#[cached(ttl = from_response, vary = from_response)]
async fn forwards(request: Request) -> Response {
    answer(request).await
}

/// The request is not its first argument.
#[cached(ttl = from_response, vary = from_response)]
async fn forwards_too(fields: HeaderMap, request: Request) -> Response {
    drop(fields);
    answer(request).await
}

fn routers(cache: &TestCache) -> Vec<(&'static str, Router)> {
    let known = || Extension(cache.cache().clone());
    let layer = || CacheLayer::new("pages", secs(60));
    let outside = |router: Router| router.layer(RequestDecompressionLayer::new()).layer(known());
    let inside = Router::new().route("/", any(answer)).layer(RequestDecompressionLayer::new());
    vec![
        ("attribute", outside(Router::new().route("/", any(forwards)))),
        ("attribute, two arguments", outside(Router::new().route("/", any(forwards_too)))),
        ("layer", outside(Router::new().route("/", route(answer)).layer(layer()))),
        (
            "layer around a service",
            outside(
                Router::new().route_service(
                    "/",
                    layer().around(service_fn(async |request| Ok::<_, std::convert::Infallible>(answer(request).await))),
                ),
            ),
        ),
        ("layer around a router", Router::new().fallback_service(ServiceBuilder::new().layer(known()).layer(layer()).service(inside))),
    ]
}

fn zipped(content: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content.as_bytes()).expect("a vector");
    encoder.finish().expect("a vector")
}

struct Pieces(Vec<&'static str>);

impl Stream for Pieces {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.pop().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))))
    }
}

#[tokio::test]
async fn a_get_without_content_is_cached_behind_a_layer_that_never_says_so() {
    let cache = TestCache::with(|builder| builder.cache_status("t"));
    for (way, router) in routers(&cache) {
        for around in [false, true] {
            let site = if around {
                // A body that is not axum's cannot be given back what was read of it, so it is made one of axum's.
                let app = ServiceBuilder::new()
                    .layer(NormalizePathLayer::trim_trailing_slash())
                    .layer(RequestDecompressionLayer::new())
                    .map_request(|request: axum::http::Request<_>| request.map(Body::new));
                Site::start(app.service(router.clone())).await
            } else {
                Site::start(router.clone()).await
            };
            for http in Http::BOTH {
                let target = format!("/?{around}{http:?}");
                let asks: Vec<Ask> = vec![get(&target), get(&target), head(&target), get(&target).with("content-length", "0")];
                let asks = if http == Http::One { asks } else { asks[..3].to_vec() };
                let answers = site.curl_well(http, &asks).await;
                assert!(!answers[0].is_hit() && answers[1].is_hit() && answers[1].text() == "sent ", "{way}, {http:?}: {answers:?}");
                // To a handler that is shown the method a HEAD is another request.
                let sees_the_method = way.starts_with("attribute");
                assert!(
                    answers[2..].iter().enumerate().all(|(at, answer)| answer.is_hit() || at == 0 && sees_the_method),
                    "{way}: {answers:?}"
                );
                // With content it is none of the cache's business, and nothing is left out of that.
                let text = "content ".repeat(5000);
                for ask in [get(&target).content(&text), get(&target).content(&text).with("expect", "100-continue")] {
                    let answers = site.curl_well(http, &[ask, get(&target)]).await;
                    assert!(!answers[0].is_hit() && answers[0].field("cache-status").contains("bypass"), "{way}, {http:?}: {answers:?}");
                    assert_eq!(answers[0].text(), format!("sent {text}"), "{way}, {http:?}");
                    assert!(answers[1].is_hit() && answers[1].text() == "sent ", "{way}, {http:?}: {answers:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn content_that_nothing_announces_is_seen_and_handed_on_whole() {
    let cache = TestCache::with(|builder| builder.cache_status("t"));
    for (way, router) in routers(&cache) {
        let ask = async |body: Body, coding: Option<&'static str>| {
            let mut request = Request::new(body);
            if let Some(coding) = coding {
                request.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
            let response = router.clone().oneshot(request).await.expect("an answer");
            let status = response.headers()["cache-status"].to_str().expect("text").to_owned();
            let content = to_bytes(response.into_body(), 1 << 20).await.expect("content");
            (status, String::from_utf8_lossy(&content).into_owned())
        };
        assert_eq!(ask(Body::empty(), None).await.1, "sent ", "{way}");
        for (body, coding, sent) in [
            (Body::from("one"), None, "one"),
            (Body::from_stream(Pieces(vec!["two", "one ", ""])), None, "one two"),
            (Body::from(zipped("one two")), Some("gzip"), "one two"),
        ] {
            let (status, text) = ask(body, coding).await;
            assert!(status.contains("bypass") && text == format!("sent {sent}"), "{way}, {sent}: {status} {text}");
            let (status, text) = ask(Body::from_stream(Pieces(Vec::new())), None).await;
            assert!(status.contains("hit") && text == "sent ", "{way}: {status} {text}");
        }
    }
}
