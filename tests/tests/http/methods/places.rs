//! A caching proxy on each backend, and the server behind it, which answers as the test says.

use std::{
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    response::Response,
    routing::any,
};
use cached_handler::{
    Cache, CacheBuilder, Error, ManualClock, Outcome, Policy, Target,
    backend::{Effect, EpochSnapshot, Epochs, InProcessEpochs, Scopes},
    cached,
};
use cached_handler_tests::{
    harness::{Dict, PATIENT},
    redis_server::RedisServer,
};
use http_body_util::BodyExt;
use tokio::{sync::OnceCell, task::JoinHandle};
use tower::ServiceExt;

use self::clients::Served;

#[path = "../clients.rs"]
pub mod clients;

pub const PROXY: Policy = Policy::new().heuristic().honor_request_directives().cookies_by_vary().jitter(0);

/// What the server does with a request, given its method.
type Act = dyn Fn(&Method) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync;

#[derive(Clone)]
pub struct Server(Arc<Mutex<Arc<Act>>>);

impl Server {
    async fn answer(&self, request: Request) -> Response {
        let act = Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let method = request.method().clone();
        // A client that is still sending when it is answered may take that for an error, over HTTP/2.
        to_bytes(request.into_body(), 1 << 20).await.expect("content");
        act(&method).await
    }
}

macro_rules! proxies {
    ($($name:ident: $backend:literal),*) => { $(
        #[cached(ttl = from_response, vary = from_response, backend = $backend, policy = PROXY)]
        async fn $name(State(server): State<Server>, request: Request) -> Response {
            server.answer(request).await
        }
    )* };
}
proxies!(in_memory: "memory", in_files: "fs", in_redis: "redis", in_own: "own");
proxies!(near_files: "memory+fs", near_redis: "memory+redis", near_own: "memory+own");

/// The proxy as one process has it.
pub struct Place {
    pub backend: &'static str,
    pub cache: Cache,
    pub clock: ManualClock,
    pub router: Router,
    server: Server,
    /// For who asks from outside of this process.
    served: Arc<OnceCell<Served>>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub fields: HeaderMap,
    pub text: String,
    pub outcome: Outcome,
}

impl Reply {
    pub fn is_hit(&self) -> bool {
        matches!(self.outcome, Outcome::Hit { .. })
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Place {
    fn new(backend: &'static str, cache: Cache, clock: ManualClock, server: &Server) -> Self {
        let handler = match backend {
            "memory" => any(in_memory),
            "fs" => any(in_files),
            "own" => any(in_own),
            "memory+fs" => any(near_files),
            "memory+redis" => any(near_redis),
            "memory+own" => any(near_own),
            _ => any(in_redis),
        };
        let router = Router::new().fallback(handler).with_state(server.clone()).layer(Extension(cache.clone()));
        Self { backend, cache, clock, router, server: server.clone(), served: Arc::default() }
    }

    /// From now on the server answers so.
    pub fn answers(&self, act: impl Fn(&Method) -> Response + Send + Sync + 'static) {
        self.does(move |method| Box::pin(ready(act(method))));
    }

    /// The same, where it takes its time.
    pub fn does(&self, act: impl Fn(&Method) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync + 'static) {
        *self.server.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(act);
    }

    pub async fn ask(&self, method: &str, target: &str, fields: &[(&str, &str)]) -> Reply {
        self.ask_with(method, target, fields, "").await
    }

    /// The answer, and what is done behind it.
    pub async fn ask_with(&self, method: &str, target: &str, fields: &[(&str, &str)], content: &'static str) -> Reply {
        let reply = self.client().ask(method, target, fields, content).await;
        assert!(self.cache.drain(Duration::from_secs(10)).await, "it comes to rest");
        reply
    }

    /// The answer to a request of this process, with what lies beside it.
    pub async fn send(&self, request: Request) -> Reply {
        let reply = self.client().send(request).await;
        assert!(self.cache.drain(Duration::from_secs(10)).await, "it comes to rest");
        reply
    }

    /// The answer to a request that is under way meanwhile.
    pub fn sends(&self, method: &'static str, target: &'static str) -> JoinHandle<Reply> {
        let client = self.client();
        tokio::spawn(async move { client.ask(method, target, &[], "").await })
    }

    /// Whether it has copies in memory in front of what it shares with the other one.
    pub fn has_near(&self) -> bool {
        self.backend.starts_with("memory+")
    }

    pub fn client(&self) -> Client {
        Client { router: self.router.clone(), served: Arc::clone(&self.served) }
    }

    /// A GET, at rest when this returns, while a request of the other place has not ended.
    pub async fn ask_beside(&self, target: &str) {
        self.client().ask("GET", target, &[], "").await;
        // In memory it is stored before it is sent, and the other's run would be waited for here.
        assert!(self.backend == "memory" || self.cache.drain(Duration::from_secs(10)).await, "it comes to rest");
    }

    pub fn later(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }
}

/// Who asks: the test itself, or `curl`.
#[derive(Clone)]
pub struct Client {
    router: Router,
    served: Arc<OnceCell<Served>>,
}

impl Client {
    pub async fn ask(&self, method: &str, target: &str, fields: &[(&str, &str)], content: &'static str) -> Reply {
        if let Some(client) = clients::client() {
            let served = self.served.get_or_init(|| Served::start(&self.router, client)).await;
            let (answer, outcome) = served.ask(method, target, fields, content).await;
            let status = StatusCode::from_u16(answer.status).expect("a status");
            return Reply { status, text: answer.text(), fields: answer.fields, outcome: outcome.expect("an outcome") };
        }
        let mut request = request(method, target, fields);
        *request.body_mut() = Body::from(content);
        self.send(request).await
    }

    /// A request of this process.
    async fn send(&self, request: Request) -> Reply {
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let content = body.collect().await.expect("content").to_bytes();
        let text = String::from_utf8(content.to_vec()).expect("text");
        let outcome = parts.extensions.get::<Outcome>().expect("an outcome").clone();
        Reply { status: parts.status, fields: parts.headers, text, outcome }
    }
}

pub fn request(method: &str, target: &str, fields: &[(&str, &str)]) -> Request {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).expect("a request")
}

/// An answer with these fields.
pub fn answer(status: u16, fields: &[(&str, &str)], text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        response.headers_mut().append(name, HeaderValue::from_str(value).expect("a value"));
    }
    response
}

/// Epochs that lie somewhere else: whoever has a clone asks the same ones.
#[derive(Debug, Clone, Default)]
struct SharedEpochs(Arc<InProcessEpochs>);

impl Epochs for SharedEpochs {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        self.0.read(scopes).await
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        self.0.advance(target, effect).await
    }
}

/// Whose epochs a store of one's own has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Its process's.
    One,
    /// All processes'.
    All,
}

/// Tells a story on each backend: to two processes that share it, or to one twice, where it is the memory.
pub async fn everywhere(name: &str, story: impl AsyncFn(&Place, &Place)) {
    everywhere_with(Of::All, name, story).await;
}

/// The same where the answer to a POST can be stored: epochs of one's own do not say what else they have invalidated.
pub async fn where_post_is_stored(name: &str, story: impl AsyncFn(&Place, &Place)) {
    everywhere_with(Of::One, name, story).await;
}

async fn everywhere_with(epochs: Of, name: &str, story: impl AsyncFn(&Place, &Place)) {
    let (clock, server) = (ManualClock::new(), Server(Arc::new(Mutex::new(Arc::new(|_| unreachable!("asked too early"))))));
    let build = async |builder: CacheBuilder| {
        builder.namespace("methods").shares_namespace().clock(clock.clone()).outcome_on_hits().build().await.expect("a cache")
    };
    let memory = Place::new("memory", build(Cache::builder()).await, clock.clone(), &server);
    story(&memory, &memory).await;

    let (dict, shared) = (Dict::default(), SharedEpochs::default());
    for backend in ["own", "memory+own"] {
        if epochs == Of::One {
            let own = Place::new(backend, build(Cache::builder().backend("own", dict.clone())).await, clock.clone(), &server);
            story(&own, &own).await;
        } else {
            let builder = || Cache::builder().backend_with_epochs("own", dict.clone(), shared.clone());
            let process = async || Place::new(backend, build(builder()).await, clock.clone(), &server);
            story(&process().await, &process().await).await;
        }
        dict.map().clear();
    }

    for backend in ["redis", "memory+redis"] {
        let redis = RedisServer::start();
        let process = async || {
            let builder = Cache::builder().redis(redis.url()).limits("redis", PATIENT);
            Place::new(backend, build(builder).await, clock.clone(), &server)
        };
        let (one, other) = (process().await, process().await);
        for place in [&one, &other] {
            // Redis is connected to behind everything else.
            while place.cache.invalidate(Target::group("warm")).await.is_err() {}
        }
        story(&one, &other).await;
    }

    #[cfg(unix)]
    for backend in ["fs", "memory+fs"] {
        let directory = std::env::temp_dir().join(format!("cached-handler-methods-{name}-{}", std::process::id()));
        let process =
            async || Place::new(backend, build(Cache::builder().fs(&directory).limits("fs", PATIENT)).await, clock.clone(), &server);
        let (one, other) = (process().await, process().await);
        story(&one, &other).await;
        drop((one, other));
        // A write that took too long was given up, and ends behind.
        while directory.exists() {
            _ = std::fs::remove_dir_all(&directory);
            tokio::task::yield_now().await;
        }
    }
}
