//! A response that streams, with no known length: who was given it first is told what all others are told, and can ask by it.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Version},
    response::{IntoResponse, Response},
    routing::get as route,
};
use cached_handler::{cached, testing::TestCache};
use cached_handler_tests::{
    curl::{Answer, Http, Site, get, head},
    harness::Dict,
};
use futures_core::Stream;
use tower::ServiceExt as _;

struct Pieces(usize);

impl Stream for Pieces {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
        self.0 += 1;
        std::task::Poll::Ready((self.0 <= 10).then(|| Ok(Bytes::from(format!("piece {} ", self.0)))))
    }
}

fn stream() -> Response {
    ([("content-type", "text/html"), ("x-a", "a")], Body::from_stream(Pieces(0))).into_response()
}

#[cached(ttl = 60)]
async fn in_memory() -> Response {
    stream()
}

#[cached(ttl = 60, backend = "dict")]
async fn at_rest() -> Response {
    stream()
}

/// axum adds the length of what it is given, also where a handler is served without a router.
#[tokio::test]
async fn without_a_router_no_length_is_said_where_none_is_known() {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let cache = TestCache::new();
        let service: axum::routing::MethodRouter = route(in_memory).layer(axum::Extension(cache.cache().clone()));
        let ask = async |method: &str, tag: Option<&HeaderValue>| {
            let mut request = Request::builder().method(method).version(version).uri("/").body(Body::empty()).unwrap();
            if let Some(tag) = tag {
                request.headers_mut().insert("if-none-match", tag.clone());
            }
            let response = service.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let content = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            (parts.status.as_u16(), parts.headers, content)
        };
        let (status, head, content) = ask("HEAD", None).await;
        assert_eq!((status, head.get("content-length"), content.len()), (200, None, 0), "{version:?}");
        let (_, fields, content) = ask("GET", None).await;
        assert!(!content.is_empty(), "{version:?}");
        for method in ["GET", "HEAD"] {
            let (status, fields, content) = ask(method, fields.get("etag")).await;
            assert_eq!((status, fields.get("content-length"), content.len()), (304, None, 0), "{version:?} {method}");
        }
    }
}

/// But for what is of the connection, and what a cache says of itself.
fn fields(answer: &Answer) -> HeaderMap {
    let mut fields = answer.fields.clone();
    for name in ["age", "cache-status", "content-length", "transfer-encoding"] {
        fields.remove(name);
    }
    fields
}

#[tokio::test]
async fn a_stream_has_the_same_fields_when_it_is_sent_and_when_it_is_stored() {
    let cache = TestCache::with(|builder| builder.cache_status("t").backend("dict", Dict::default()));
    let site = Site::start(Router::new().route("/memory", route(in_memory)).route("/rest", route(at_rest)).layer(cache.layer())).await;
    for http in Http::BOTH {
        for path in ["/memory", "/rest"] {
            for coding in ["identity", "gzip"] {
                cache.clock().advance(Duration::from_secs(61));
                let asks = || get(path).with("accept-encoding", coding);
                let miss = site.ask(http, asks()).await;
                cache.clock().advance(Duration::from_secs(3));
                let hit = until_hit(&site, http, &asks()).await;
                assert!(!miss.is_hit() && miss.status == hit.status && miss.text() == hit.text(), "{miss:?} {hit:?}");
                assert_eq!(fields(&miss), fields(&hit), "{http:?} {path}");
                let tag = miss.field("etag");
                assert_eq!(tag.starts_with("W/"), coding == "gzip", "{miss:?}");
                let asked = [asks().with("if-none-match", &tag), head(path).with("if-none-match", &tag)];
                let answers = site.curl_well(http, &asked).await;
                assert!(answers.iter().all(|answer| answer.status == 304), "{http:?} {path}: {answers:?}");
                // What another run makes has another.
                cache.clock().advance(Duration::from_secs(61));
                assert_ne!(site.ask(http, asks()).await.field("etag"), tag, "{http:?} {path}");
            }
        }
    }
}

/// It is stored behind its answer.
async fn until_hit(site: &Site, http: Http, ask: &cached_handler_tests::curl::Ask) -> Answer {
    loop {
        let answer = site.ask(http, ask.clone()).await;
        if answer.is_hit() {
            return answer;
        }
    }
}
