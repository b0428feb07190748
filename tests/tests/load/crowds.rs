//! Law L5 for crowds that a process, an invalidation or a failure has come between: in memory, in files and in a Redis. In a
//! program of its own, as a backend that is kept waiting by others is one that fails.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    extract::{FromRef, FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{Cache, CacheBuilder, Target, cached, testing::assert_hit};
use cached_handler_tests::{
    files::Scratch,
    harness::{PATIENT, ask, moment, text},
    redis_server::RedisServer,
};
use tokio::{sync::Semaphore, task::JoinSet};

const CROWD: usize = 200;

/// What extractors and handlers read, and where each of them waits: the gate of its version.
struct Source {
    version: AtomicUsize,
    extracts: Semaphore,
    extracted: AtomicUsize,
    /// By the version that a handler was given.
    handles: [Semaphore; 2],
    runs: AtomicUsize,
    fails: usize,
}

impl Source {
    fn new(fails: usize) -> Arc<Self> {
        Arc::new(Self {
            version: AtomicUsize::new(0),
            extracts: Semaphore::new(0),
            extracted: AtomicUsize::new(0),
            handles: [Semaphore::new(0), Semaphore::new(0)],
            runs: AtomicUsize::new(0),
            fails,
        })
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

type Shared = Arc<Source>;

/// A row that is read before the handler's body runs.
struct Row(usize);

impl<S: Sync> FromRequestParts<S> for Row
where
    Shared: FromRef<S>,
{
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        let source = Shared::from_ref(state);
        let version = source.version.load(Ordering::SeqCst);
        source.extracted.fetch_add(1, Ordering::SeqCst);
        source.extracts.acquire().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?.forget();
        Ok(Self(version))
    }
}

#[cached(ttl = 600, group = "rows", skip(row))]
async fn of_a_row(row: Row, State(source): State<Shared>) -> Result<String, StatusCode> {
    source.runs.fetch_add(1, Ordering::SeqCst);
    source.handles[row.0].acquire().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?.forget();
    Ok(row.0.to_string())
}

#[cached(ttl = 600)]
async fn recovers(State(source): State<Shared>) -> Response {
    let run = source.runs.fetch_add(1, Ordering::SeqCst);
    source.handles[0].acquire().await.unwrap().forget();
    if run < source.fails { StatusCode::INTERNAL_SERVER_ERROR.into_response() } else { "well".into_response() }
}

enum Home {
    Memory,
    Files(Scratch),
    Redis(RedisServer),
}

impl Home {
    fn all(test: &str) -> [Self; 3] {
        [Self::Memory, Self::Files(Scratch::new(test)), Self::Redis(RedisServer::start())]
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Files(_) => "files",
            Self::Redis(_) => "redis",
        }
    }

    /// A process that nobody has asked for anything.
    async fn process(&self, source: &Shared) -> (Cache, Router) {
        let builder = Cache::builder().outcome_on_hits().shares_namespace();
        let cache = self.set_up(builder).build().await.unwrap();
        let router = Router::new().route("/row", get(of_a_row)).route("/recovers", get(recovers));
        (cache.clone(), router.with_state(Arc::clone(source)).layer(Extension(cache)))
    }

    /// The same, once its server is reached.
    async fn connected(&self, source: &Shared) -> (Cache, Router) {
        let (cache, router) = self.process(source).await;
        until(|| !matches!(self, Self::Redis(_)) || format!("{cache:?}").contains("phase: \"up\"")).await;
        (cache, router)
    }

    fn set_up(&self, builder: CacheBuilder) -> CacheBuilder {
        match self {
            Self::Memory => builder,
            Self::Files(scratch) => builder.namespace("crowds").fs(scratch.cache()).default_backend("fs").limits("fs", PATIENT),
            Self::Redis(server) => builder.namespace("crowds").redis(server.url()).default_backend("redis").limits("redis", PATIENT),
        }
    }
}

async fn until(is_so: impl Fn() -> bool) {
    let began = moment();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not come to that");
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
}

/// On a machine that is too busy a healthy backend, too, takes longer than its limits: then a process is on its own.
fn is_in_time(cache: &Cache, errors_before: u64) {
    let errors = cache.stats().backend_errors - errors_before;
    assert_eq!(errors, 0, "{errors} calls took longer than their limits: this machine is too busy");
}

/// Few enough for a backend to answer all of them within its limits, also on a busy machine.
const AT_ONCE: usize = 20;

async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}

/// Lets the whole crowd out of their extractors.
async fn come_on(source: &Source) {
    for _ in 0..CROWD / AT_ONCE {
        source.extracts.add_permits(AT_ONCE);
        a_moment().await;
    }
}

/// A crowd, soon in their extractors.
async fn crowd(router: &Router, uri: &'static str) -> JoinSet<(StatusCode, String)> {
    crowd_with(router, uri, a_moment).await
}

async fn crowd_with<F: Future<Output = ()>>(router: &Router, uri: &'static str, pause: impl Fn() -> F) -> JoinSet<(StatusCode, String)> {
    let mut tasks = JoinSet::new();
    for number in 0..CROWD {
        if number % AT_ONCE == 0 {
            pause().await;
        }
        let router = router.clone();
        tasks.spawn(async move {
            let response = ask(&router, uri).await;
            (response.status(), text(response).await)
        });
    }
    tasks
}

#[tokio::test]
async fn the_first_requests_of_a_process_share_a_run_also_where_an_argument_is_kept_back() {
    for home in Home::all("crowds-cold") {
        let source = Source::new(0);
        let (cache, router) = home.connected(&source).await;
        let crowd = crowd(&router, "/row").await;
        until(|| source.extracted.load(Ordering::SeqCst) == CROWD).await;
        come_on(&source).await;
        source.handles[0].add_permits(CROWD);
        source.extracts.add_permits(1);
        for (status, answer) in crowd.join_all().await {
            assert_eq!((status, &*answer), (StatusCode::OK, "0"));
        }
        is_in_time(&cache, 0);
        assert_eq!(source.runs(), 1, "{}", home.name());
        assert!(cache.drain(Duration::from_secs(10)).await);
        assert_hit!(ask(&router, "/row").await);
    }
}

/// Redis is connected to behind everything else. What is made of requests from before that is not stored.
#[tokio::test]
async fn requests_before_a_server_is_reached_share_one_run_and_later_ones_another() {
    let (home, source) = (Home::Redis(RedisServer::start()), Source::new(0));
    let (cache, router) = home.process(&source).await;
    // Without a pause, in which it would be connected to.
    let before = crowd_with(&router, "/row", || std::future::ready(())).await;
    until(|| source.extracted.load(Ordering::SeqCst) == CROWD).await;
    until(|| format!("{cache:?}").contains("phase: \"up\"")).await;
    come_on(&source).await;
    until(|| source.runs() >= 1).await;
    // Who could not look up in time shares that run all the same.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let errors = cache.stats().backend_errors;
    let after = crowd(&router, "/row").await;
    come_on(&source).await;
    until(|| source.runs() >= 2).await;
    source.extracts.add_permits(1);
    source.handles[0].add_permits(2);
    before.join_all().await;
    after.join_all().await;
    is_in_time(&cache, errors);
    assert_eq!(source.runs(), 2);
    assert!(cache.drain(Duration::from_secs(10)).await);
    assert_hit!(ask(&router, "/row").await);
}

#[tokio::test]
async fn l5_outdated_requests_share_a_run_in_memory_and_run_four_at_a_time_elsewhere() {
    for home in Home::all("crowds-between") {
        let source = Source::new(0);
        let (cache, router) = home.connected(&source).await;
        let mut before = crowd(&router, "/row").await;
        until(|| source.extracted.load(Ordering::SeqCst) == CROWD).await;
        source.version.store(1, Ordering::SeqCst);
        cache.invalidate(Target::group("rows")).await.unwrap();
        come_on(&source).await;
        let few = if matches!(home, Home::Memory) { 1 } else { 4 };
        until(|| source.runs() >= few).await;

        // It comes after the invalidation, and is the first to be done.
        source.extracts.add_permits(3);
        source.handles[1].add_permits(1);
        assert_eq!(text(ask(&router, "/row").await).await, "1", "{}", home.name());
        until(|| cache.stats().kept.contains_key("stored")).await;
        assert_hit!(ask(&router, "/row").await);
        assert_eq!(source.runs(), few + 1);

        source.handles[0].add_permits(CROWD);
        let mut made = [0, 0];
        while let Some(answer) = before.join_next().await {
            let (status, version) = answer.unwrap();
            assert_eq!(status, StatusCode::OK);
            made[usize::from(version == "1")] += 1;
        }
        is_in_time(&cache, 0);
        assert_eq!(source.runs(), few + 1, "{}: the rest are answered with what is stored", home.name());
        if few > 1 {
            assert_eq!(made, [few, CROWD - few], "{}", home.name());
        }
        assert_hit!(ask(&router, "/row").await);
    }
}

/// Where writes come all the time, nothing is stored that those who wait could be answered with.
#[tokio::test]
async fn after_eight_outdated_runs_nobody_waits_for_another() {
    for home in Home::all("crowds-outdated").into_iter().filter(|home| !matches!(home, Home::Memory)) {
        let source = Source::new(0);
        let (cache, router) = home.connected(&source).await;
        let crowd = crowd(&router, "/row").await;
        until(|| source.extracted.load(Ordering::SeqCst) == CROWD).await;
        cache.invalidate(Target::group("rows")).await.unwrap();
        come_on(&source).await;
        until(|| source.runs() >= 4).await;
        assert_eq!(source.runs(), 4, "{}", home.name());
        source.handles[0].add_permits(4);
        // None of these has come to an end, and they keep nobody.
        until(|| source.runs() == CROWD).await;
        source.handles[0].add_permits(CROWD);
        assert!(crowd.join_all().await.iter().all(|(status, _)| *status == StatusCode::OK));
        is_in_time(&cache, 0);
    }
}

#[tokio::test]
async fn requests_that_wait_for_a_failed_key_get_what_is_stored_once_it_recovers() {
    for home in Home::all("crowds-failing") {
        let source = Source::new(2);
        let (cache, router) = home.connected(&source).await;
        let crowd = crowd(&router, "/recovers").await;
        until(|| source.runs() == 1).await;
        source.handles[0].add_permits(1);
        until(|| source.runs() == 5).await;
        source.handles[0].add_permits(CROWD);
        let answers = crowd.join_all().await;
        is_in_time(&cache, 0);
        assert_eq!(answers.iter().filter(|(status, _)| status.is_server_error()).count(), 2, "{}", home.name());
        assert!(source.runs() <= 1 + 4 + 4, "{}: {} runs", home.name(), source.runs());
    }
}
