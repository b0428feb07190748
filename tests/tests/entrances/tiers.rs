//! A copy in memory in front of a backend that processes share: what it costs, and that it is never used past an invalidation by
//! any of them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Request, header},
    routing::get,
};
use cached_handler::{
    Cache, CacheBuilder, ManualClock, Outcome, Target, Tier, ValueOptions, cached, secs,
    testing::{Chaos, Fault},
};
use cached_handler_tests::{
    files::Scratch,
    harness::{Dict, PATIENT, moment, text},
    redis_server::RedisServer,
};
use tower::ServiceExt;

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

    /// At most: files and epochs of this process are asked without a wait; in Redis the epochs are read until there is a lease.
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
        Process { router: router(&cache, &runs), cache, runs }
    }
}

fn router(cache: &Cache, runs: &Arc<AtomicUsize>) -> Router {
    let pages = Router::new().route("/{id}", get(page)).route("/long/{id}", get(long)).route("/language/{id}", get(by_language));
    pages.with_state(Arc::clone(runs)).layer(Extension(cache.clone()))
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

#[cached(ttl = 60)]
async fn long(State(runs): State<Arc<AtomicUsize>>, Path(id): Path<String>) -> String {
    let _ = id;
    runs.fetch_add(1, Ordering::SeqCst);
    "x".repeat(100 << 10)
}

#[cached(ttl = 60, vary = from_response)]
async fn by_language(
    State(runs): State<Arc<AtomicUsize>>,
    Path(id): Path<String>,
    fields: HeaderMap,
) -> ([(&'static str, &'static str); 1], String) {
    runs.fetch_add(1, Ordering::SeqCst);
    ([("vary", "accept-language")], format!("{id} in {:?}", fields.get(header::ACCEPT_LANGUAGE)))
}

impl Process {
    /// Which copy answered; none, where the handler ran.
    async fn get(&self, id: &str) -> Option<Tier> {
        self.sends(Request::get(format!("/{id}"))).await.0
    }

    async fn sends(&self, request: axum::http::request::Builder) -> (Option<Tier>, String) {
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let outcome = response.extensions().get::<Outcome>().cloned();
        let status = response.headers()["cache-status"].to_str().unwrap().to_owned();
        let text = text(response).await;
        assert!(self.cache.drain(secs(60)).await);
        let tier = if let Some(Outcome::Hit { tier, .. }) = outcome { Some(tier) } else { None };
        assert_eq!(status.ends_with("; detail=near"), tier == Some(Tier::Near), "{status}");
        (tier, text)
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
            assert!(one.calls_of("a", Some(Tier::Near)).await <= far.calls_of_a_near_hit(), "{}", far.name());
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
            assert!(one.calls_of("a", Some(Tier::Near)).await <= 1, "{}", far.name());
            assert!(one.calls_of("a", Some(Tier::Near)).await <= far.calls_of_a_near_hit(), "{}", far.name());
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

#[tokio::test]
async fn copies_and_what_is_in_memory_alone_share_one_budget() {
    for far in Far::all("budget") {
        let builder = far.set_up(Cache::builder()).memory(1 << 20).default_backend(format!("memory+{}", far.name()));
        let cache = builder.outcome_on_hits().cache_status("here").build().await.unwrap();
        let began = moment();
        while cache.invalidate(Target::group("nobody's")).await.is_err() {
            assert!(began.elapsed() < secs(60), "{cache:?}");
        }
        let runs = Arc::new(AtomicUsize::new(0));
        let process = Process { router: router(&cache, &runs), cache, runs };
        let mut tiers = Vec::new();
        for _ in 0..2 {
            for id in 0..30 {
                tiers.push(process.get(&format!("long/{id}")).await);
            }
        }
        let stats = process.cache.stats();
        assert!(stats.memory_bytes <= 1 << 20 && stats.evictions > 0, "{stats:?}");
        assert_eq!(process.runs.load(Ordering::SeqCst), 30, "what has no place in memory rests in {}", far.name());
        assert!(tiers[30..].contains(&Some(Tier::Far)));
    }
}

#[tokio::test]
async fn each_variant_has_a_copy_of_its_own() {
    for far in Far::all("variants") {
        let clock = ManualClock::new();
        let (one, other) = (far.process(&clock).await, far.process(&clock).await);
        let ask =
            async |process: &Process, language| process.sends(Request::get("/language/a").header(header::ACCEPT_LANGUAGE, language)).await;
        for language in ["de", "en"] {
            let (tier, made) = ask(&one, language).await;
            assert_eq!(tier, None);
            assert_eq!(ask(&one, language).await, (Some(Tier::Near), made.clone()));
            if far.is_shared() {
                assert_eq!(ask(&other, language).await, (Some(Tier::Far), made.clone()));
                assert_eq!(ask(&other, language).await, (Some(Tier::Near), made));
            }
        }
        one.cache.invalidate(Target::path("/language/a")).await.unwrap();
        for process in [&one, &other] {
            assert_ne!(ask(process, "de").await.0, Some(Tier::Near), "{}", far.name());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_fails_answers_nothing_from_a_copy_and_fails_nobody() {
    let chaos = Chaos::new();
    let builder = Cache::builder().backend_with_epochs("sick", chaos.clone(), chaos.epochs()).default_backend("memory+sick");
    let cache = builder.outcome_on_hits().cache_status("here").build().await.unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let process = Process { router: router(&cache, &runs), cache, runs };
    process.get("a").await;
    assert_eq!(process.get("a").await, Some(Tier::Near));
    chaos.suffers(Fault::Fail, 1.0);
    // Nobody can say whether it was invalidated elsewhere; by the end the circuit breaker is open.
    for _ in 0..10 {
        assert_eq!(process.get("a").await, None);
    }
    chaos.heals();
    tokio::time::sleep(secs(60)).await;
    assert_eq!(process.get("a").await, Some(Tier::Near), "nothing has invalidated it");
}

#[tokio::test]
async fn a_copy_is_not_used_any_more_where_its_backend_begins_anew() {
    let clock = ManualClock::new();
    let (scratch, mut server) = (Scratch::new("begins-anew"), RedisServer::start());
    let files = Far::Files(scratch);
    let one = files.process(&clock).await;
    one.get("a").await;
    assert_eq!(one.get("a").await, Some(Tier::Near));
    let Far::Files(scratch) = &files else { return };
    std::fs::remove_dir_all(scratch.cache()).unwrap();
    assert_eq!(one.get("a").await, None, "the directory was removed");

    let far = Far::Redis(server);
    let one = far.process(&clock).await;
    let ask = async || one.sends(Request::get("/a")).await;
    ask().await;
    let before = ask().await;
    assert_eq!(before.0, Some(Tier::Near));
    let Far::Redis(started) = far else { return };
    server = started;
    server.restart();
    let began = moment();
    // Meanwhile handlers run.
    while one.cache.invalidate(Target::group("nobody's")).await.is_err() {
        assert!(began.elapsed() < secs(60));
        assert_ne!(ask().await.1, before.1);
    }
    assert!(one.cache.drain(secs(60)).await);
    assert_ne!(ask().await.1, before.1, "the server was started again");
}

#[tokio::test]
async fn under_a_lease_a_copy_in_front_of_redis_answers_without_a_call_of_it() {
    let (far, clock) = (Far::Redis(RedisServer::start()), ManualClock::new());
    let (one, other) = (far.process(&clock).await, far.process(&clock).await);
    let holds_a_lease = async || {
        let began = moment();
        one.get("a").await;
        while one.calls_of("a", Some(Tier::Near)).await > 0 {
            assert!(began.elapsed() < secs(60), "no lease: {:?}", one.cache);
        }
    };
    for target in [Target::group("page:a"), Target::group("pages"), Target::path("/a"), Target::handler(page), Target::all()] {
        for by in [&one, &other] {
            holds_a_lease().await;
            by.cache.invalidate(target.clone()).await.unwrap();
            assert_eq!(one.get("a").await, None, "{target:?}");
            holds_a_lease().await;
            by.cache.expire(target.clone()).await.unwrap();
            assert_eq!(one.get("a").await, None, "{target:?}");
        }
    }
}
