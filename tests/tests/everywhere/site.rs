//! One way of caching on one backend, behind the same questions: whatever answers, an answer is the number of the run
//! that made it.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, Request, StatusCode, request, response},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{Cache, CacheBuilder, CacheLayer, ManualClock, Policy, ValueOptions, cached, secs, testing::Chaos};
use cached_handler_tests::redis_server::RedisServer;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::{sync::Semaphore, task::JoinHandle};
use tower::ServiceExt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Attribute,
    Layer,
    Values,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Memory,
    Files,
    Redis,
}

/// What is asked for, which differs in its stale windows. Its name is that of the handler, the layer, the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Fresh for a minute, and nothing else.
    Plain,
    /// Stale for another one, while it is made anew.
    Behind,
    /// Stale for another one, in place of a failure.
    Instead,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Behind => "behind",
            Self::Instead => "instead",
        }
    }
}

/// What answers where nothing is stored.
#[derive(Debug)]
pub struct Source {
    runs: AtomicU64,
    mood: Mutex<Mood>,
    go: Semaphore,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    Fails,
    Panics,
    /// Until [`Source::lets_go`].
    Waits,
    /// More than is stored.
    Long,
    /// Frame by frame, of no declared length.
    Streams,
    /// The same, and broken off.
    BreaksOff,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Failed(u64);

impl Source {
    fn new() -> Arc<Self> {
        Arc::new(Self { runs: AtomicU64::new(0), mood: Mutex::new(Mood::Well), go: Semaphore::new(0) })
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }

    pub async fn has_begun(&self, runs: u64) {
        let begins = async {
            while self.runs() < runs {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(4), begins).await.expect("a run of its own, before it has waited for another");
    }

    pub fn lets_go(&self, runs: usize) {
        self.go.add_permits(runs);
    }

    /// Those who come next wait again.
    pub fn forgets_permits(&self) {
        self.go.forget_permits(usize::MAX);
    }

    async fn run(&self) -> Result<String, Failed> {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Fails => return Err(Failed(run)),
            Mood::Panics => panic!("on purpose"),
            Mood::Waits => self.go.acquire().await.unwrap().forget(),
            Mood::Long => return Ok(format!("{run}{}", " ".repeat(LONGEST))),
            Mood::Well | Mood::Streams | Mood::BreaksOff => {}
        }
        Ok(run.to_string())
    }

    async fn answer(&self) -> Response {
        match self.run().await {
            Err(Failed(run)) => (StatusCode::BAD_GATEWAY, format!("failed {run}")).into_response(),
            Ok(text) => match *self.mood.lock().unwrap() {
                Mood::Streams => streamed(text, false),
                Mood::BreaksOff => streamed(text, true),
                _ => text.into_response(),
            },
        }
    }
}

fn streamed(text: String, is_broken: bool) -> Response {
    let end = is_broken.then(|| Err(std::io::Error::other("broken off")));
    let frames = [Ok(Frame::data(Bytes::from(text))), Ok(Frame::data(Bytes::from_static(b" ")))].into_iter().chain(end);
    Body::new(StreamBody::new(stream_of(frames))).into_response()
}

fn stream_of<T>(items: impl Iterator<Item = T> + Unpin) -> impl futures_core::Stream<Item = T> {
    struct Items<I>(I);
    impl<I: Iterator + Unpin> futures_core::Stream for Items<I> {
        type Item = I::Item;

        fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<I::Item>> {
            std::task::Poll::Ready(self.0.next())
        }
    }
    Items(items)
}

const LONGEST: usize = 1 << 10;
const POLICY: Policy = Policy::new().jitter(0).max_body(LONGEST);
const PLAIN: Policy = POLICY.name("plain");
const BEHIND: Policy = POLICY.name("behind");
const INSTEAD: Policy = POLICY.name("instead");

#[cached(ttl = 60, group = ["pages", "page:{id}"], policy = PLAIN)]
async fn plain(State(source): State<Arc<Source>>, Path(id): Path<String>) -> Response {
    source.answer().await
}

#[cached(ttl = 60, group = ["pages", "page:{id}"], stale_while_revalidate = 60, policy = BEHIND)]
async fn behind(State(source): State<Arc<Source>>, Path(id): Path<String>) -> Response {
    source.answer().await
}

#[cached(ttl = 60, group = ["pages", "page:{id}"], stale_if_error = 60, policy = INSTEAD)]
async fn instead(State(source): State<Arc<Source>>, Path(id): Path<String>) -> Response {
    source.answer().await
}

#[cached(ttl = 60, group = "pages", vary = "accept-language")]
async fn by_language(State(source): State<Arc<Source>>, Path(_): Path<String>, _fields: HeaderMap) -> Response {
    source.answer().await
}

async fn uncached(State(source): State<Arc<Source>>, Path(_): Path<String>) -> Response {
    source.answer().await
}

fn attribute() -> Router<Arc<Source>> {
    Router::new()
        .route("/plain/{id}", get(plain))
        .route("/behind/{id}", get(behind))
        .route("/instead/{id}", get(instead))
        .route("/language/{id}", get(by_language))
}

fn layered(cache: &Cache) -> Router<Arc<Source>> {
    let layer = |name| {
        let layer = CacheLayer::new(name, secs(60)).cache(cache.clone()).policy(POLICY);
        let page = |path: &str| format!("page:{}", path.rsplit('/').next().unwrap_or(path));
        layer.group("pages").groups(move |request| vec![page(request.uri.path())])
    };
    let route = |path, layer| Router::new().route(path, get(uncached)).layer(layer);
    route("/plain/{id}", layer("plain"))
        .merge(route("/behind/{id}", layer("behind").stale_while_revalidate(secs(60))))
        .merge(route("/instead/{id}", layer("instead").stale_if_error(secs(60))))
        .merge(route("/language/{id}", layer("language").vary(["accept-language"])))
}

/// Where stored responses rest, for as long as a test goes on.
#[derive(Debug)]
enum Home {
    Memory,
    Files(PathBuf),
    Redis(RedisServer),
    Sick(Chaos),
}

impl Home {
    fn new(place: Place) -> Arc<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        Arc::new(match place {
            Place::Memory => Self::Memory,
            Place::Files => {
                let name = format!("cached-handler-everywhere-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
                Self::Files(std::env::temp_dir().join(name))
            }
            Place::Redis => Self::Redis(RedisServer::start()),
        })
    }

    fn set_up(&self, builder: CacheBuilder) -> CacheBuilder {
        let builder = builder.namespace("everywhere");
        match self {
            Self::Memory => builder,
            Self::Files(directory) => builder.fs(directory).default_backend("fs"),
            Self::Redis(server) => builder.redis(server.url()).default_backend("redis"),
            Self::Sick(chaos) => builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs()).default_backend("sick"),
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Self::Files(directory) = self {
            _ = std::fs::remove_dir_all(directory);
        }
    }
}

/// A process that answers in one of the ways. Clones are the same one.
#[derive(Clone)]
pub struct Site {
    pub way: Way,
    pub cache: Cache,
    pub source: Arc<Source>,
    clock: ManualClock,
    router: Router,
    home: Arc<Home>,
    errors_of_the_start: u64,
}

impl Site {
    pub async fn new(way: Way, place: Place) -> Self {
        Self::at(way, Home::new(place), Source::new(), ManualClock::new()).await
    }

    /// One whose backend a test makes sick.
    pub async fn sick(way: Way) -> (Self, Chaos) {
        let chaos = Chaos::new();
        (Self::at(way, Arc::new(Home::Sick(chaos.clone())), Source::new(), ManualClock::new()).await, chaos)
    }

    /// Another process, which shares the backend and what is asked for; in memory, where nothing is shared, the same one.
    pub async fn another(&self) -> Self {
        match &*self.home {
            Home::Memory => self.clone(),
            _ => Self::at(self.way, Arc::clone(&self.home), Arc::clone(&self.source), self.clock.clone()).await,
        }
    }

    async fn at(way: Way, home: Arc<Home>, source: Arc<Source>, clock: ManualClock) -> Self {
        let cache = home.set_up(Cache::builder()).clock(clock.clone()).build().await.unwrap();
        // Redis is connected to behind everything else.
        while cache.invalidate(cached_handler::Target::all()).await.is_err() {}
        let router = if way == Way::Layer { layered(&cache) } else { attribute() };
        let router = router.with_state(Arc::clone(&source)).layer(Extension(cache.clone()));
        // Until it was connected.
        let errors_of_the_start = cache.stats().backend_errors;
        Self { way, cache, source, clock, router, home, errors_of_the_start }
    }

    pub fn waits(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// What goes on behind an answer is over.
    pub async fn settled(&self) {
        assert!(self.cache.drain(Duration::from_secs(10)).await);
    }

    /// Asks, and gives the number of the run that made the answer; `failed` before one that failed. By then it is stored.
    pub async fn get(&self, kind: Kind, id: &str) -> String {
        let asked = self.asks(kind, id).await;
        self.settled().await;
        self.is_in_time();
        match asked {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => "panicked".to_owned(),
            Err(error) => panic!("{error}"),
        }
    }

    /// On a machine that is too busy a healthy backend, too, takes longer than its limits, and then everything is a miss.
    fn is_in_time(&self) {
        let errors = self.cache.stats().backend_errors - self.errors_of_the_start;
        let is_well = !matches!(*self.home, Home::Sick(_));
        assert!(!is_well || errors == 0, "{errors} calls of {:?} took longer than their limits: this machine is too busy", self.home);
    }

    /// The same in a task.
    pub fn asks(&self, kind: Kind, id: &str) -> JoinHandle<String> {
        let (site, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            if site.way == Way::Values {
                return site.value(kind, &id).await;
            }
            let uri = format!("/{}/{id}", kind.name());
            site.read(Request::get(uri)).await.1
        })
    }

    /// For what only requests can say: the response, and its content. By then it is stored.
    pub async fn send(&self, request: request::Builder) -> (response::Parts, String) {
        let answer = self.read(request).await;
        self.settled().await;
        answer
    }

    async fn read(&self, request: request::Builder) -> (response::Parts, String) {
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = match body.collect().await {
            Ok(content) => String::from_utf8(content.to_bytes().to_vec()).unwrap(),
            Err(_) => "broken off".to_owned(),
        };
        (parts, text.trim_end().to_owned())
    }

    async fn value(&self, kind: Kind, id: &str) -> String {
        let options = ValueOptions::new(secs(60)).group("pages").group(format!("page:{id}"));
        let options = match kind {
            Kind::Plain => options,
            Kind::Behind => options.stale_while_revalidate(secs(60)),
            Kind::Instead => options.stale_if_error(secs(60)),
        };
        let values = self.cache.values::<String>(kind.name()).jitter(0).max_json(LONGEST);
        let source = Arc::clone(&self.source);
        match values.get_or_insert_with(id, options, async move || source.run().await).await {
            Ok(value) => value.trim_end().to_owned(),
            Err(Failed(run)) => format!("failed {run}"),
        }
    }
}
