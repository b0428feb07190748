//! A copy in memory in front of a backend that processes share: what it costs, and that it is never used past an invalidation by
//! any of them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Extension, Router,
    extract::{Path, State},
    routing::get,
};
use cached_handler::{Cache, CacheBuilder, ManualClock, Outcome, Target, Tier, ValueOptions, cached, secs};
use cached_handler_tests::{
    files::Scratch,
    harness::{Dict, PATIENT, ask, moment, text},
    redis_server::RedisServer,
};

/// Where responses rest, and how many calls of that a hit in memory makes.
enum Far {
    Files(Scratch),
    Redis(RedisServer),
    Own(Dict),
}

impl Far {
    fn all(test: &str) -> [Self; 3] {
        [Self::Files(Scratch::new(test)), Self::Redis(RedisServer::start()), Self::Own(Dict::default())]
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Files(_) => "fs",
            Self::Redis(_) => "redis",
            Self::Own(_) => "own",
        }
    }

    /// Files and epochs of this process are asked without a wait; in Redis the epochs are read.
    fn calls_of_a_near_hit(&self) -> u64 {
        u64::from(matches!(self, Self::Redis(_)))
    }

    fn is_shared(&self) -> bool {
        !matches!(self, Self::Own(_))
    }

    fn set_up(&self, builder: CacheBuilder) -> CacheBuilder {
        let builder = builder.namespace("tiers").shares_namespace();
        match self {
            Self::Files(scratch) => builder.fs(scratch.cache()).limits("fs", PATIENT),
            Self::Redis(server) => builder.redis(server.url()).limits("redis", PATIENT),
            Self::Own(dict) => builder.backend("own", dict.clone()),
        }
    }

    /// A process with copies in memory.
    async fn process(&self, clock: &ManualClock) -> Process {
        self.process_on(&format!("memory+{}", self.name()), clock).await
    }

    async fn process_on(&self, backend: &str, clock: &ManualClock) -> Process {
        let builder = self.set_up(Cache::builder()).default_backend(backend).outcome_on_hits().cache_status("here");
        let cache = builder.clock(clock.clone()).build().await.unwrap();
        let began = moment();
        while cache.invalidate(Target::group("nobody's")).await.is_err() {
            assert!(began.elapsed() < secs(60), "{cache:?}");
        }
        assert!(cache.drain(secs(60)).await);
        let runs = Arc::new(AtomicUsize::new(0));
        let router = Router::new().route("/{id}", get(page)).with_state(Arc::clone(&runs)).layer(Extension(cache.clone()));
        Process { cache, router, runs }
    }
}

/// A cache that stands for a process.
struct Process {
    cache: Cache,
    router: Router,
    runs: Arc<AtomicUsize>,
}

#[cached(ttl = 60, group = ["pages", "page:{id}"])]
async fn page(State(runs): State<Arc<AtomicUsize>>, Path(id): Path<String>) -> String {
    let _ = id;
    runs.fetch_add(1, Ordering::SeqCst).to_string()
}

impl Process {
    /// Which copy answered; none, where the handler ran.
    async fn get(&self, id: &str) -> Option<Tier> {
        let response = ask(&self.router, &format!("/{id}")).await;
        let outcome = response.extensions().get::<Outcome>().cloned();
        let status = response.headers()["cache-status"].to_str().unwrap().to_owned();
        text(response).await;
        assert!(self.cache.drain(secs(60)).await);
        let tier = if let Some(Outcome::Hit { tier, .. }) = outcome { Some(tier) } else { None };
        assert_eq!(status.ends_with("; detail=near"), tier == Some(Tier::Near), "{status}");
        tier
    }

    /// How many calls of the backend that takes.
    async fn calls_of(&self, id: &str, expected: Option<Tier>) -> u64 {
        let before = self.cache.stats().backend_calls;
        assert_eq!(self.get(id).await, expected);
        self.cache.stats().backend_calls - before
    }
}

#[tokio::test]
async fn a_hit_in_memory_reads_no_content_and_is_told_apart() {
    for far in Far::all("near-hit") {
        let clock = ManualClock::new();
        let one = far.process(&clock).await;
        assert_eq!(one.get("a").await, None);
        for _ in 0..3 {
            assert_eq!(one.calls_of("a", Some(Tier::Near)).await, far.calls_of_a_near_hit(), "{}", far.name());
        }
        let stats = one.cache.stats();
        assert_eq!((stats.hits, stats.near_hits, stats.far_hits), (3, 3, 0));
        if far.is_shared() {
            let other = far.process(&clock).await;
            assert_eq!(other.get("a").await, Some(Tier::Far), "{}", far.name());
            assert_eq!(other.get("a").await, Some(Tier::Near), "{}", far.name());
            assert_eq!(other.runs.load(Ordering::SeqCst), 0);
            let alone = far.process_on(far.name(), &clock).await;
            assert_eq!(alone.get("a").await, Some(Tier::Only), "one keeps no copies, and shares all else");
        }
    }
}

#[tokio::test]
async fn an_invalidation_by_any_process_is_seen_by_all_copies() {
    for far in Far::all("invalidated") {
        let clock = ManualClock::new();
        let one = far.process(&clock).await;
        let other = if far.is_shared() { Some(far.process_on(far.name(), &clock).await) } else { None };
        let by = other.as_ref().unwrap_or(&one);
        for target in [Target::group("page:a"), Target::group("pages"), Target::path("/a"), Target::handler(page), Target::all()] {
            one.get("a").await;
            assert_eq!(one.get("a").await, Some(Tier::Near));
            // What concerns another page costs this one a look at its epochs, and no content.
            by.cache.invalidate(Target::group("page:b")).await.unwrap();
            assert_eq!(one.calls_of("a", Some(Tier::Near)).await, 1, "{}", far.name());
            assert_eq!(one.calls_of("a", Some(Tier::Near)).await, far.calls_of_a_near_hit(), "{}", far.name());
            by.cache.invalidate(target.clone()).await.unwrap();
            assert_eq!(one.get("a").await, None, "{target:?} in {}", far.name());
            one.get("a").await;
            by.cache.expire(target.clone()).await.unwrap();
            assert_eq!(one.get("a").await, None, "{target:?} in {}", far.name());
        }
    }
}

#[tokio::test]
async fn a_copy_lives_no_longer_than_its_response() {
    for far in Far::all("lifetimes") {
        let clock = ManualClock::new();
        let (one, other) = (far.process(&clock).await, far.process(&clock).await);
        one.get("a").await;
        clock.advance(secs(59));
        assert_eq!(one.get("a").await, Some(Tier::Near));
        if far.is_shared() {
            // It is as old as what rests, and not as young as the copy.
            assert_eq!(other.get("a").await, Some(Tier::Far));
        }
        clock.advance(secs(2));
        assert_eq!(one.get("a").await, None);
        if far.is_shared() {
            assert_eq!(other.get("a").await, Some(Tier::Far), "another process has made it anew");
        }
    }
}

#[tokio::test]
async fn a_value_is_held_as_it_is() {
    for far in Far::all("values") {
        let clock = ManualClock::new();
        let one = far.process(&clock).await;
        let values = one.cache.values::<Vec<String>>("names");
        let made = values.get_or_insert_with("a", secs(60), async || Ok::<_, ()>(vec!["x".to_owned()])).await.unwrap();
        assert!(one.cache.drain(secs(60)).await);
        let [first, second] = [values.get("a").await.unwrap(), values.get("a").await.unwrap()];
        assert!(Arc::ptr_eq(&first, &second) && Arc::ptr_eq(&made, &first), "{}", far.name());
        if far.is_shared() {
            let other = far.process(&clock).await;
            let values = other.cache.values::<Vec<String>>("names");
            let [first, second] = [values.get("a").await.unwrap(), values.get("a").await.unwrap()];
            assert!(Arc::ptr_eq(&first, &second) && first == made, "{}", far.name());
            assert_eq!((other.cache.stats().near_hits, other.cache.stats().far_hits), (1, 1));
            one.cache.values::<Vec<String>>("names").insert("a", Vec::new(), ValueOptions::new(secs(60))).await.unwrap();
            assert!(values.get("a").await.unwrap().is_empty(), "{}", far.name());
        }
    }
}
