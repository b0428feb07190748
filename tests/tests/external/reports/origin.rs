//! A server that answers as a test says, behind each way in which this crate caches whole responses.

use std::{
    future::ready,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    response::Response,
    routing::any,
};
use bytes::Bytes;
use cached_handler::{CacheLayer, Outcome, Policy, cached, secs, testing::TestCache};
use cached_handler_tests::harness::Dict;
use http_body_util::BodyExt;
use tower::ServiceExt;

const POLICY: Policy = Policy::new().honor_request_directives().jitter(0);

/// What stands between a client and the server, in memory or in a store of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// The attribute, with a lifetime of a minute.
    Timed,
    /// The attribute around a handler that forwards.
    Forwarding,
    /// The layer, with a lifetime of a minute.
    TimedLayer,
    /// The layer around a service whose responses say how long they are fresh.
    ForwardingLayer,
}

/// Those that go by what responses say.
pub const FORWARDING: [Entrance; 2] = [Entrance::Forwarding, Entrance::ForwardingLayer];
/// Those that give responses a lifetime.
pub const TIMED: [Entrance; 2] = [Entrance::Timed, Entrance::TimedLayer];
pub const ALL: [Entrance; 4] = [Entrance::Timed, Entrance::Forwarding, Entrance::TimedLayer, Entrance::ForwardingLayer];

/// A request as it reached the server.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub fields: HeaderMap,
    pub content: Bytes,
    /// The first request is 1.
    pub run: usize,
}

impl Asked {
    /// The value of a field; nothing where it has none.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

type Act = dyn Fn(Asked) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync;

#[derive(Clone)]
struct Server {
    act: Arc<Mutex<Arc<Act>>>,
    runs: Arc<AtomicUsize>,
}

impl Server {
    async fn answer(self, request: Request) -> Response {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        let (parts, body) = request.into_parts();
        let content = body.collect().await.expect("content").to_bytes();
        let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let act = Arc::clone(&self.act.lock().expect("no panic"));
        act(Asked { method: parts.method, path, fields: parts.headers, content, run }).await
    }
}

#[cached(ttl = 60, vary = from_response, policy = POLICY)]
async fn timed(State(server): State<Server>, request: Request) -> Response {
    server.answer(request).await
}

#[cached(ttl = from_response, vary = from_response, policy = POLICY)]
async fn forwarding(State(server): State<Server>, request: Request) -> Response {
    server.answer(request).await
}

async fn uncached(State(server): State<Server>, request: Request) -> Response {
    server.answer(request).await
}

pub struct Site {
    pub entrance: Entrance,
    pub backend: &'static str,
    pub cache: TestCache,
    pub router: Router,
    server: Server,
}

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub fields: HeaderMap,
    pub content: Bytes,
    pub outcome: Option<Outcome>,
}

impl Reply {
    /// The one line of a field; nothing where there is none.
    pub fn field(&self, name: &str) -> &str {
        let mut lines = self.fields.get_all(name).iter();
        let first = lines.next().map_or("", |value| value.to_str().expect("text"));
        assert!(lines.next().is_none(), "`{name}` stands there twice: {:?}", self.fields);
        first
    }

    /// All lines of a field.
    pub fn lines(&self, name: &str) -> Vec<&str> {
        self.fields.get_all(name).iter().map(|value| value.to_str().expect("text")).collect()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.content).expect("text")
    }

    pub fn is_hit(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Hit { .. }))
    }
}

impl Site {
    pub fn new(entrance: Entrance, backend: &'static str) -> Self {
        let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()).default_backend(backend));
        let server = Server { act: Arc::new(Mutex::new(Arc::new(|_| unreachable!("asked too early")))), runs: Arc::default() };
        let plain = Router::new().fallback(any(uncached));
        let layer = |layer: CacheLayer| layer.vary_from_response().policy(POLICY).cache(cache.cache().clone());
        let router = match entrance {
            Entrance::Timed => Router::new().fallback(any(timed)),
            Entrance::Forwarding => Router::new().fallback(any(forwarding)),
            Entrance::TimedLayer => plain.layer(layer(CacheLayer::new("origin", secs(60)))),
            Entrance::ForwardingLayer => plain.layer(layer(CacheLayer::from_response("origin"))),
        };
        let router = router.with_state(server.clone()).layer(cache.layer());
        Self { entrance, backend, cache, router, server }
    }

    /// From now on the server answers so.
    pub fn answers(&self, act: impl Fn(&Asked) -> Response + Send + Sync + 'static) {
        self.does(move |asked| Box::pin(ready(act(&asked))));
    }

    /// The same, where it takes its time.
    pub fn does(&self, act: impl Fn(Asked) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync + 'static) {
        *self.server.act.lock().expect("no panic") = Arc::new(act);
    }

    /// How often the server was asked.
    pub fn runs(&self) -> usize {
        self.server.runs.load(Ordering::SeqCst)
    }

    pub async fn get(&self, target: &str) -> Reply {
        self.ask("GET", target, &[]).await
    }

    pub async fn ask(&self, method: &str, target: &str, fields: &[(&str, &str)]) -> Reply {
        self.send(request(method, target, fields, "")).await
    }

    /// The answer, and what is done behind it.
    pub async fn send(&self, request: Request) -> Reply {
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let content = body.collect().await.expect("content").to_bytes();
        assert!(self.cache.cache().drain(Duration::from_secs(10)).await, "it comes to rest");
        Reply { status: parts.status, fields: parts.headers, content, outcome: parts.extensions.get().cloned() }
    }

    pub fn later(&self, secs: u64) {
        self.cache.clock().advance(Duration::from_secs(secs));
    }

    /// For messages of a test that failed.
    pub fn name(&self) -> String {
        format!("{:?} on `{}`", self.entrance, self.backend)
    }
}

/// Tells a story behind each of these entrances, in memory and at rest.
pub async fn behind(entrances: &[Entrance], story: impl AsyncFn(&Site)) {
    for entrance in entrances {
        for backend in ["memory", "dict"] {
            story(&Site::new(*entrance, backend)).await;
        }
    }
}

pub fn request(method: &str, target: &str, fields: &[(&str, &str)], content: &'static str) -> Request {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Body::from(content)).expect("a request")
}

/// An answer with these field lines.
pub fn answer(status: u16, fields: &[(&str, &str)], content: impl Into<Body>) -> Response {
    let mut response = Response::new(content.into());
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        response.headers_mut().append(name, HeaderValue::from_str(value).expect("a value"));
    }
    response
}

/// The number of the run that made it, with these field lines.
pub fn numbered(asked: &Asked, fields: &[(&str, &str)]) -> Response {
    answer(200, fields, asked.run.to_string())
}
