//! One way of caching on one backend, behind the same questions: whatever answers, an answer is the number of the run
//! that made it.

mod handlers;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use self::handlers::{attribute, layered};
use super::source::{Failed, LONGEST, Source};
use axum::{
    Extension, Router,
    body::Body,
    http::{Request, request, response},
};
use cached_handler::{
    Cache, CacheBuilder, CacheKey, Error, KeyWriter, ManualClock, Target, ValueOptions,
    backend::{BackendLimits, Effect, EpochSnapshot, Epochs, InProcessEpochs, Scopes},
    secs,
    testing::Chaos,
};
use cached_handler_tests::{
    harness::{Dict, moment},
    redis_server::RedisServer,
};
use http_body_util::BodyExt;
use tokio::task::JoinHandle;
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
    /// A store of one's own, whose epochs are of this process.
    Own,
    /// The same with epochs that processes share.
    Shared,
    /// Each of these but memory, with copies in memory in front of it.
    NearFiles,
    NearRedis,
    NearOwn,
    NearShared,
}

impl Place {
    /// Whether copies in memory stand in front of it.
    fn has_near(self) -> bool {
        matches!(self, Self::NearFiles | Self::NearRedis | Self::NearOwn | Self::NearShared)
    }
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
    /// Fresh for a minute, and nobody waits for another's run.
    Hasty,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Behind => "behind",
            Self::Instead => "instead",
            Self::Hasty => "hasty",
        }
    }
}

/// The routes that a page asks for what it is made of.
#[derive(Clone)]
pub struct Inside(pub Router);

/// It is the same for every request.
impl CacheKey for Inside {
    fn cache_key(&self, _: &mut KeyWriter<'_>) {}
}

/// What is told here holds however long a backend takes.
const PATIENT: BackendLimits = BackendLimits::new().read(secs(3)).write(secs(3)).invalidate(secs(3));

/// Where stored responses rest, for as long as a test goes on.
#[derive(Debug)]
struct Home {
    /// What stands before the name of the backend, where copies in memory do.
    near: &'static str,
    far: Far,
}

#[derive(Debug)]
enum Far {
    Memory,
    Files(PathBuf),
    Redis(RedisServer),
    Own(Dict),
    Shared(Dict, SharedEpochs),
    Sick(Chaos),
}

/// Epochs that lie somewhere else: whoever has a clone asks the same ones.
#[derive(Debug, Clone)]
struct SharedEpochs(Arc<InProcessEpochs>);

impl Epochs for SharedEpochs {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        self.0.read(scopes).await
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        self.0.advance(target, effect).await
    }
}

impl Home {
    fn new(place: Place) -> Arc<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let far = match place {
            Place::Memory => Far::Memory,
            Place::Files | Place::NearFiles => {
                let name = format!("cached-handler-everywhere-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
                Far::Files(std::env::temp_dir().join(name))
            }
            Place::Redis | Place::NearRedis => Far::Redis(RedisServer::start()),
            Place::Own | Place::NearOwn => Far::Own(Dict::default()),
            Place::Shared | Place::NearShared => Far::Shared(Dict::default(), SharedEpochs(Arc::default())),
        };
        Arc::new(Self { near: if place.has_near() { "memory+" } else { "" }, far })
    }

    fn set_up(&self, builder: CacheBuilder) -> CacheBuilder {
        let builder = builder.namespace("everywhere").shares_namespace();
        let (builder, name) = match &self.far {
            Far::Memory => (builder, "memory"),
            Far::Files(directory) => (builder.fs(directory).limits("fs", PATIENT), "fs"),
            Far::Redis(server) => (builder.redis(server.url()).redis_lease(Duration::from_millis(100)).limits("redis", PATIENT), "redis"),
            Far::Own(dict) => (builder.backend("own", dict.clone()), "own"),
            Far::Shared(dict, epochs) => (builder.backend_with_epochs("own", dict.clone(), epochs.clone()), "own"),
            Far::Sick(chaos) => (builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs()), "sick"),
        };
        builder.default_backend(format!("{}{name}", self.near))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Far::Files(directory) = &self.far {
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
        (Self::at(way, Arc::new(Home { near: "", far: Far::Sick(chaos.clone()) }), Source::new(), ManualClock::new()).await, chaos)
    }

    /// Another process, which shares the backend and what is asked for; the same one, where invalidations are of one process.
    pub async fn another(&self) -> Self {
        match &self.home.far {
            Far::Memory | Far::Own(_) => self.clone(),
            _ => Self::at(self.way, Arc::clone(&self.home), Arc::clone(&self.source), self.clock.clone()).await,
        }
    }

    /// A process that makes each invalidation once more, in the same place.
    pub async fn that_settles(&self, after: Duration) -> Self {
        let (source, clock) = (Arc::clone(&self.source), self.clock.clone());
        Self::with(self.way, Arc::clone(&self.home), source, clock, |builder| builder.reinvalidate_after(after)).await
    }

    async fn at(way: Way, home: Arc<Home>, source: Arc<Source>, clock: ManualClock) -> Self {
        Self::with(way, home, source, clock, |builder| builder).await
    }

    async fn with(
        way: Way,
        home: Arc<Home>,
        source: Arc<Source>,
        clock: ManualClock,
        set: impl FnOnce(CacheBuilder) -> CacheBuilder,
    ) -> Self {
        let cache = set(home.set_up(Cache::builder())).clock(clock.clone()).build().await.unwrap();
        // Redis is connected to behind everything else.
        while cache.invalidate(Target::all()).await.is_err() {
            tokio::task::yield_now().await;
        }
        let router = if way == Way::Layer { layered(&cache) } else { attribute() };
        let router = router.merge(super::writes::routes()).merge(super::shared_path::routes());
        let router = router.with_state(Arc::clone(&source)).layer(Extension(cache.clone()));
        let router = router.clone().layer(Extension(Inside(router)));
        let mut site = Self { way, cache, source, clock, router, home, errors_of_the_start: 0 };
        // What has failed until it was connected is invalidated once more.
        site.settled().await;
        site.errors_of_the_start = site.cache.stats().backend_errors;
        site
    }

    /// Whether names have epochs of their own. Those of `InProcessEpochs` share some, so that now and then more is invalidated
    /// than was named.
    pub fn tells_names_apart(&self) -> bool {
        !matches!(self.home.far, Far::Own(_) | Far::Shared(..))
    }

    /// Whether this process has copies in memory in front of a backend that it shares with another one.
    pub fn has_near(&self) -> bool {
        !self.home.near.is_empty() && !matches!(self.home.far, Far::Own(_))
    }

    /// A name that no other site has.
    pub fn unique(name: &str) -> String {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        format!("{name}-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
    }

    pub fn waits(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// So many responses have been stored.
    pub async fn has_stored(&self, responses: u64) {
        let stores = async {
            while self.cache.stats().kept.get("stored").is_none_or(|stored| *stored < responses) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), stores).await.expect("a response that is stored");
    }

    pub fn stored(&self) -> u64 {
        self.cache.stats().kept.get("stored").copied().unwrap_or(0)
    }

    /// What goes on behind an answer is over. Where the clock is paused, its seconds pass at once, and what another test's
    /// `#[invalidates]` does in this cache, as in all of the process, takes real ones, in threads of its own.
    pub async fn settled(&self) {
        let began = moment();
        while !self.cache.drain(Duration::from_secs(10)).await {
            assert!(began.elapsed() < Duration::from_secs(60), "{:?}", self.cache);
            std::thread::yield_now();
        }
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
        let is_well = !matches!(self.home.far, Far::Sick(_));
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

    /// The same in a task.
    pub fn sends(&self, request: request::Builder) -> JoinHandle<(response::Parts, String)> {
        let site = self.clone();
        tokio::spawn(async move { site.read(request).await })
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
            Kind::Plain | Kind::Hasty => options,
            Kind::Behind => options.stale_while_revalidate(secs(60)),
            Kind::Instead => options.stale_if_error(secs(60)),
        };
        let values = self.cache.values::<String>(kind.name()).jitter(0).max_json(LONGEST);
        let values = if kind == Kind::Hasty { values.max_wait(Duration::ZERO) } else { values };
        let source = Arc::clone(&self.source);
        match values.get_or_insert_with(id, options, async move || source.run().await).await {
            Ok(value) => value.trim_end().to_owned(),
            Err(Failed(run)) => format!("failed {run}"),
        }
    }
}
