//! The proxy before a server, as the lines at the top of its program say.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use cached_handler::testing::TestCache;
use cached_handler_examples::proxy::{Upstream, app};
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

#[tokio::test]
async fn what_the_program_says_goes_as_it_says() {
    let site = Site::new().await;
    let miss = site.ask(Request::get("/")).await;
    assert_eq!((miss.status, miss.field("cache-status")), (StatusCode::OK, "proxy; fwd=uri-miss; stored"));

    site.cache.clock().advance(Duration::from_secs(3));
    let hit = site.ask(Request::get("/")).await;
    // The server's date may be of the second before.
    assert!(
        ["3 proxy; hit; ttl=57", "4 proxy; hit; ttl=56"].contains(&format!("{} {}", hit.field("age"), hit.field("cache-status")).as_str())
    );
    assert_eq!(hit.text, miss.text);

    let part = site.ask(Request::get("/").header(header::RANGE, "bytes=0-3")).await;
    assert_eq!((part.status, part.text.as_str()), (StatusCode::PARTIAL_CONTENT, "GET "));
    assert!(part.field("content-range").starts_with("bytes 0-3/"));

    let changed = site.ask(Request::post("/")).await;
    assert_eq!(changed.field("cache-status"), "proxy; fwd=method; detail=method");
    let none = site.ask(Request::get("/").header(header::CACHE_CONTROL, "only-if-cached")).await;
    assert_eq!((none.status, none.field("cache-status")), (StatusCode::GATEWAY_TIMEOUT, "proxy; fwd=request; detail=only-if-cached"));
    assert_eq!(site.asked(), 2, "one GET, one POST");
}

#[tokio::test]
async fn what_is_stale_is_asked_for_under_its_validator() {
    let site = Site::new().await;
    let first = site.ask(Request::get("/")).await;
    site.cache.clock().advance(Duration::from_secs(61));
    let again = site.ask(Request::get("/")).await;
    assert_eq!((again.status, &again.text), (StatusCode::OK, &first.text));
    assert_eq!(again.field("cache-status"), "proxy; fwd=stale; fwd-status=304; stored");
    assert!(site.ask(Request::get("/")).await.field("cache-status").starts_with("proxy; hit; ttl=35"));
    assert_eq!(site.asked(), 2);
}

#[tokio::test]
async fn lines_go_both_ways_but_for_those_of_the_connection() {
    let site = Site::new().await;
    let asked = Request::builder().method("M-SEARCH").uri("/any?q=1");
    let asked = asked.header("connection", "x-hop").header("x-hop", "1").header("x-end", "a").header("x-end", "b").header("te", "x");
    let reply = site.ask(asked).await;
    for line in ["M-SEARCH /any?q=1", "x-end: a", "x-end: b", "via: 1.1 cached-handler"] {
        assert!(reply.text.contains(line), "{line} in {}", reply.text);
    }
    for line in ["x-hop", "te: "] {
        assert!(!reply.text.contains(line), "{line} in {}", reply.text);
    }
    let lines: Vec<_> = reply.fields.get_all("x-line").iter().collect();
    assert_eq!(lines, ["1", "2"]);
    assert_eq!(reply.fields.get("x-of-the-hop"), None);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_bad_gateway() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let cache = TestCache::new();
    let router = app(Upstream::at(unused.to_string().parse().unwrap())).layer(cache.layer());
    let response = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap_or_else(|never| match never {});
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
}

/// The proxy, and a server that says what it was asked.
struct Site {
    cache: TestCache,
    router: Router,
    asked: Arc<AtomicU64>,
}

struct Reply {
    status: StatusCode,
    fields: HeaderMap,
    text: String,
}

async fn server(State(asked): State<Arc<AtomicU64>>, request: Request) -> Response {
    asked.fetch_add(1, Ordering::SeqCst);
    if request.headers().get(header::IF_NONE_MATCH).is_some_and(|tag| tag == "\"1\"") {
        // The server adds a `Date` by its own clock, which the test does not advance.
        return (StatusCode::NOT_MODIFIED, [("cache-control", "max-age=3600")]).into_response();
    }
    let fields = [("cache-control", "max-age=60"), ("etag", "\"1\""), ("connection", "x-of-the-hop"), ("x-of-the-hop", "1")];
    let lines: Vec<_> =
        request.headers().iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))).collect();
    let lines = lines.join("\n");
    let mut response = (fields, format!("{} {}\n{lines}\n", request.method(), request.uri())).into_response();
    for line in ["1", "2"] {
        response.headers_mut().append("x-line", line.parse().unwrap());
    }
    response
}

impl Site {
    async fn new() -> Self {
        let asked = Arc::new(AtomicU64::new(0));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = Upstream::without_idle_connections(listener.local_addr().unwrap().to_string().parse().unwrap());
        let server = Router::new().fallback(server).with_state(Arc::clone(&asked));
        tokio::spawn(async move { axum::serve(listener, server).await });
        let cache = TestCache::with(|builder| builder.cache_status("proxy"));
        let router = app(upstream).layer(cache.layer());
        Self { cache, router, asked }
    }

    async fn ask(&self, request: axum::http::request::Builder) -> Reply {
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Reply { status: parts.status, fields: parts.headers, text }
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Reply {
    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
