//! The attribute, the layer and typed values, on memory, files and a Redis: one story, told three times for each. Two
//! caches stand for two processes where a backend is shared.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, routing::get};
use cached_handler::{
    Cache, CacheLayer, ManualClock, Target, ValueOptions, cached, secs,
    testing::{assert_hit, assert_miss},
};
use cached_handler_tests::{
    harness::{ask, text},
    redis_server::RedisServer,
};

/// What everything here shows.
type Version = Arc<AtomicU64>;

macro_rules! attribute {
    ($name:ident, $backend:literal) => {
        #[cached(ttl = 60, group = "version", backend = $backend)]
        async fn $name(State(version): State<Version>) -> String {
            version.load(Ordering::SeqCst).to_string()
        }
    };
}
attribute!(in_memory, "memory");
attribute!(in_files, "fs");
attribute!(in_redis, "redis");

async fn plain(State(version): State<Version>) -> String {
    version.load(Ordering::SeqCst).to_string()
}

/// A process: its caches share a backend with others', where that can be.
#[derive(Clone)]
struct Process {
    cache: Cache,
    clock: ManualClock,
    attribute: Router,
    layer: Router,
    backend: &'static str,
    version: Version,
}

impl Process {
    fn new(backend: &'static str, cache: Cache, clock: ManualClock, version: &Version) -> Self {
        let handler = match backend {
            "memory" => get(in_memory),
            "fs" => get(in_files),
            _ => get(in_redis),
        };
        let attribute = Router::new().route("/", handler).with_state(Arc::clone(version)).layer(axum::Extension(cache.clone()));
        let layer = CacheLayer::new("everywhere", secs(60)).backend(backend).group("version").cache(cache.clone());
        let layer = Router::new().route("/", get(plain)).with_state(Arc::clone(version)).layer(layer);
        Self { cache, clock, attribute, layer, backend, version: Arc::clone(version) }
    }

    /// A value, and whether it was computed for it.
    async fn value(&self) -> (u64, bool) {
        let values = self.cache.values::<u64>("everywhere").backend(self.backend);
        let computed = Arc::new(AtomicU64::new(0));
        let options = ValueOptions::new(secs(60)).group("version");
        let (version, counts) = (Arc::clone(&self.version), Arc::clone(&computed));
        let compute = async move || {
            counts.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::convert::Infallible>(version.load(Ordering::SeqCst))
        };
        let Ok(value) = values.get_or_insert_with("version", options, compute).await;
        (*value, computed.load(Ordering::SeqCst) > 0)
    }

    /// What is stored behind the answers has come to rest.
    async fn settled(&self) {
        assert!(self.cache.drain(Duration::from_secs(10)).await);
    }

    async fn misses(&self, expected: u64) {
        for router in [&self.attribute, &self.layer] {
            assert_eq!(text(assert_miss!(ask(router, "/").await)).await, expected.to_string(), "{}", self.backend);
        }
        assert_eq!(self.value().await, (expected, true), "{}", self.backend);
        self.settled().await;
    }

    async fn hits(&self, expected: u64) {
        for router in [&self.attribute, &self.layer] {
            assert_eq!(text(assert_hit!(ask(router, "/").await)).await, expected.to_string(), "{}", self.backend);
        }
        assert_eq!(self.value().await, (expected, false), "{}", self.backend);
    }
}

/// `one` and `other` share a backend, but for the memory, where they are one.
async fn story(one: Process, other: Process) {
    one.misses(0).await;
    one.hits(0).await;
    other.hits(0).await;
    one.version.store(1, Ordering::SeqCst);
    other.hits(0).await;
    // One of them invalidates, for both.
    other.cache.invalidate(Target::group("version")).await.unwrap();
    one.misses(1).await;
    other.hits(1).await;
    for clock in [&one.clock, &other.clock] {
        clock.advance(Duration::from_secs(61));
    }
    one.version.store(2, Ordering::SeqCst);
    one.misses(2).await;
    other.hits(2).await;
}

#[tokio::test]
async fn in_memory_the_attribute_the_layer_and_values_go_the_same_way() {
    let (version, clock) = (Version::default(), ManualClock::new());
    let cache = Cache::builder().clock(clock.clone()).outcome_on_hits().build().await.unwrap();
    // In memory every layer that is made is one of its own.
    let one = Process::new("memory", cache, clock, &version);
    story_of_two_clocks_in_one(one.clone(), one).await;
}

#[cfg(unix)]
#[tokio::test]
async fn in_files_the_attribute_the_layer_and_values_go_the_same_way() {
    let directory = std::env::temp_dir().join(format!("cached-handler-everywhere-{}", std::process::id()));
    let (version, clock) = (Version::default(), ManualClock::new());
    let process = async || {
        let builder = Cache::builder().namespace("everywhere").fs(&directory);
        let cache = builder.clock(clock.clone()).outcome_on_hits().build().await.unwrap();
        Process::new("fs", cache, clock.clone(), &version)
    };
    let (one, other) = (process().await, process().await);
    story_of_two_clocks_in_one(one, other).await;
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn in_redis_the_attribute_the_layer_and_values_go_the_same_way() {
    let server = RedisServer::start();
    let (version, clock) = (Version::default(), ManualClock::new());
    let process = async || {
        let builder = Cache::builder().namespace("everywhere").redis(server.url());
        let cache = builder.clock(clock.clone()).outcome_on_hits().build().await.unwrap();
        Process::new("redis", cache, clock.clone(), &version)
    };
    let (one, other) = (process().await, process().await);
    for process in [&one, &other] {
        // Redis is connected to behind everything else.
        while process.cache.invalidate(Target::group("warm")).await.is_err() {}
    }
    story_of_two_clocks_in_one(one, other).await;
}

/// The two processes have one clock, which goes on once.
async fn story_of_two_clocks_in_one(one: Process, other: Process) {
    let still = ManualClock::new();
    story(one, Process { clock: still, ..other }).await;
}
