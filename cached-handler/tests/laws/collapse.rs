//! Law L5 where runs go wrong: panics, recursion, limits, invalidations in between, runtimes that end. `one_run.rs` has
//! what happens when they go right.

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::harness::{Random, ask, count, leaves_at, pause, text};
use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::Request,
    response::Response,
    routing::get,
};
use cached_handler::{
    Cache, CacheGroups, Collapse, Policy, Target, cached,
    testing::{TestCache, assert_hit, assert_miss},
};
use tokio::{
    sync::Semaphore,
    task::{JoinError, JoinSet},
    time::Instant,
};
use tower::ServiceExt;
use tracing::Instrument;

const WORK: Duration = Duration::from_millis(100);

#[derive(Clone)]
struct App {
    begun: Arc<AtomicUsize>,
    panicked: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
    /// A run that stops here goes on with a permit.
    gate: Arc<Semaphore>,
    router: Arc<OnceLock<Router>>,
}

impl App {
    fn begin(&self) -> usize {
        self.begun.fetch_add(1, Ordering::SeqCst)
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    async fn ask(&self, uri: &str) -> String {
        text(ask(self.router.get().unwrap(), uri).await).await
    }
}

/// Counts runs that are dropped before their end.
struct Unfinished(Option<Arc<AtomicUsize>>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(dropped) = self.0.take() {
            dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[cached(ttl = 60)]
async fn slow(State(app): State<App>, Path(_key): Path<usize>) -> String {
    let run = app.begin();
    let mut unfinished = Unfinished(Some(Arc::clone(&app.dropped)));
    tokio::time::sleep(WORK).await;
    unfinished.0 = None;
    run.to_string()
}

#[cached(ttl = 60)]
async fn somewhat(State(app): State<App>, Path(key): Path<usize>) -> String {
    let run = app.begin();
    pause(Random::new(key as u64).next()).await;
    pause(Random::new(run as u64).next()).await;
    run.to_string()
}

#[cached(ttl = 60, group = ["gated", "gated:{key}"])]
async fn gated(State(app): State<App>, Path(key): Path<usize>) -> (CacheGroups, String) {
    let _ = key;
    let run = app.begin();
    app.gate.acquire().await.unwrap().forget();
    (CacheGroups::of(["gated"]), run.to_string())
}

#[cached(ttl = 60)]
async fn known_late(State(app): State<App>) -> (CacheGroups, String) {
    let run = app.begin();
    app.gate.acquire().await.unwrap().forget();
    (CacheGroups::of(["late"]), run.to_string())
}

#[cached(ttl = 60)]
async fn panics(State(app): State<App>, Path(seed): Path<u64>) -> String {
    let run = app.begin();
    tokio::time::sleep(WORK).await;
    if Random::new(seed << 32 | run as u64).one_in(2) {
        app.panicked.fetch_add(1, Ordering::SeqCst);
        // As `panic!` does, without a line for each of thousands.
        std::panic::resume_unwind(Box::new("as planned"));
    }
    run.to_string()
}

#[cached(ttl = 60)]
async fn first_is_stuck(State(app): State<App>) -> String {
    let run = app.begin();
    if run == 0 {
        app.gate.acquire().await.unwrap().forget();
    }
    run.to_string()
}

const INLINE: Policy = Policy::new().collapse(Collapse::Inline);

#[cached(ttl = 60, policy = INLINE)]
async fn gated_in_place(State(app): State<App>) -> String {
    let run = app.begin();
    app.gate.acquire().await.unwrap().forget();
    run.to_string()
}

tokio::task_local! {
    static TENANT: usize;
}

#[cached(ttl = 60, policy = INLINE)]
async fn tenant_in_place() -> String {
    format!("{:?}", TENANT.try_with(|tenant| *tenant).ok())
}

#[cached(ttl = 60)]
async fn tenant_detached() -> String {
    format!("{:?}", TENANT.try_with(|tenant| *tenant).ok())
}

#[cached(ttl = 60)]
async fn ping(State(app): State<App>) -> String {
    let run = app.begin();
    tokio::time::sleep(WORK).await;
    if run == 0 { format!("ping {}", app.ask("/pong").await) } else { "ping".to_owned() }
}

#[cached(ttl = 60)]
async fn pong(State(app): State<App>) -> String {
    tokio::time::sleep(WORK).await;
    format!("pong {}", app.ask("/ping").await)
}

#[cached(ttl = 60)]
async fn asks_in_another_task(State(app): State<App>) -> String {
    let run = app.begin();
    if run > 0 {
        return "inner".to_owned();
    }
    let inner = app.clone();
    let inner = tokio::spawn(async move { inner.ask("/asks-in-another-task").await }).await.unwrap();
    format!("outer {inner}")
}

const HONORING: Policy = Policy::new().honor_request_directives();

#[cached(ttl = 60, policy = HONORING)]
async fn honoring(State(app): State<App>) -> String {
    let run = app.begin();
    tokio::time::sleep(WORK).await;
    run.to_string()
}

#[cached(ttl = 60)]
async fn traced() -> &'static str {
    tracing::info!(target: "traced", "in the handler");
    tokio::time::sleep(WORK).await;
    tracing::info!(target: "traced", "after an await");
    "traced"
}

fn app() -> (App, TestCache, Router) {
    app_on(TestCache::new())
}

fn app_on(cache: TestCache) -> (App, TestCache, Router) {
    let app = App {
        begun: Arc::default(),
        panicked: Arc::default(),
        dropped: Arc::default(),
        gate: Arc::new(Semaphore::new(0)),
        router: Arc::default(),
    };
    let router = Router::new()
        .route("/slow/{key}", get(slow))
        .route("/somewhat/{key}", get(somewhat))
        .route("/gated/{key}", get(gated))
        .route("/known-late", get(known_late))
        .route("/panics/{seed}", get(panics))
        .route("/first-is-stuck", get(first_is_stuck))
        .route("/gated-in-place", get(gated_in_place))
        .route("/tenant-in-place", get(tenant_in_place))
        .route("/tenant-detached", get(tenant_detached))
        .route("/ping", get(ping))
        .route("/pong", get(pong))
        .route("/asks-in-another-task", get(asks_in_another_task))
        .route("/honoring", get(honoring))
        .route("/traced", get(traced))
        .with_state(app.clone())
        .layer(cache.layer());
    app.router.set(router.clone()).unwrap();
    (app, cache, router)
}

/// Sends that many, and lets each go as far as it can without time going on.
async fn crowd(router: &Router, uri: &str, count: usize) -> JoinSet<String> {
    let mut tasks = JoinSet::new();
    for _ in 0..count {
        let (router, uri) = (router.clone(), uri.to_owned());
        tasks.spawn(async move { text(ask(&router, &uri).await).await });
    }
    settle().await;
    tasks
}

/// Under a paused clock: all tasks have gone as far as they can when a nap is over.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

async fn answers(mut tasks: JoinSet<String>) -> Vec<Result<String, JoinError>> {
    let mut answers = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        answers.push(answer);
    }
    answers
}

fn in_flight(cache: &Cache) -> String {
    let shown = format!("{cache:?}");
    shown.split("runs: ").nth(1).unwrap().split([',', ' ']).next().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn however_many_ask_for_a_cold_key_there_is_one_run() {
    for crowd_of in [1_000, 5_000] {
        let (app, cache, router) = app();
        let tasks = crowd(&router, "/slow/1", crowd_of).await;
        assert!(answers(tasks).await.iter().all(|answer| answer.as_deref().is_ok_and(|answer| answer == "0")));
        println!("- {crowd_of} concurrent requests for a cold key: {} run", app.begun());
        assert_eq!(app.begun(), 1, "of {crowd_of}");
        assert_eq!(in_flight(cache.cache()), "0");
    }
}

#[tokio::test(start_paused = true)]
async fn an_inline_run_takes_no_place_of_those_in_tasks_of_their_own() {
    let (app, cache, router) = app_on(TestCache::with(|builder| builder.max_detached_runs(1)));
    let inline = crowd(&router, "/gated-in-place", 1).await;
    let mut leaves = crowd(&router, "/slow/1", 1).await;
    assert_eq!(app.begun(), 2);
    leaves.shutdown().await;
    assert!(cache.cache().drain(WORK * 2).await);
    assert_hit!(ask(&router, "/slow/1").await);
    app.gate.add_permits(1);
    assert!(answers(inline).await.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limit_runs_stay_in_the_requests_task() {
    let (app, cache, router) = app_on(TestCache::with(|builder| builder.max_detached_runs(2)));
    let mut all = JoinSet::new();
    for key in 0..3 {
        let router = router.clone();
        all.spawn(async move { ask(&router, &format!("/slow/{key}")).await });
        settle().await;
    }
    assert_eq!(app.begun(), 3);
    all.shutdown().await;
    assert_eq!(app.dropped.load(Ordering::SeqCst), 1, "the third run goes with its client");
    assert!(cache.cache().drain(WORK * 2).await);
    assert_hit!(ask(&router, "/slow/0").await);
    assert_hit!(ask(&router, "/slow/1").await);
    assert_miss!(ask(&router, "/slow/2").await);
    assert_eq!(in_flight(cache.cache()), "0");
}

#[tokio::test(start_paused = true)]
async fn whoever_follows_a_run_beyond_the_limit_takes_it_over() {
    let (app, _, router) = app_on(TestCache::with(|builder| builder.max_detached_runs(0)));
    let leader = crowd(&router, "/slow/1", 1).await;
    let followers = crowd(&router, "/slow/1", 50).await;
    drop(leader);
    assert!(answers(followers).await.iter().all(Result::is_ok));
    assert_eq!((app.begun(), app.dropped.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn whatever_panics_nobody_hangs_and_nobody_elses_request_fails() {
    let rounds = count(1000);
    let (app, cache, router) = app();
    let mut panics = 0;
    for seed in 0..rounds {
        let tasks = crowd(&router, &format!("/panics/{seed}"), 100).await;
        let answers = tokio::time::timeout(Duration::from_secs(30), answers(tasks)).await.expect("nobody hangs");
        let failed = answers.iter().filter(|answer| answer.is_err()).count();
        assert_eq!(failed, app.panicked.swap(0, Ordering::SeqCst), "each panic is one client's");
        panics += failed;
        assert!(answers.iter().flatten().all(|answer| answer.parse::<usize>().is_ok()));
        assert_hit!(ask(&router, &format!("/panics/{seed}")).await);
    }
    println!("{rounds} x 100 requests for a handler that panics every other time: 0 hung, {panics} panics, {} runs", app.begun());
    assert!(panics > rounds / 2);
    assert_eq!(in_flight(cache.cache()), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_the_first_client_leaves_each_key_has_one_run() {
    let rounds = count(10_000);
    let (app, cache, router) = app();
    let (mut random, mut left) = (Random::new(3), 0);
    for key in 0..rounds {
        let uri = format!("/somewhat/{key}");
        let leader = tokio::spawn({
            let (router, uri, awaits, pauses) = (router.clone(), uri.clone(), random.below(2), random.next());
            async move {
                tokio::select! {
                    biased;
                    () = async { pause(pauses).await; pause(pauses >> 8).await; tokio::task::yield_now().await } => None,
                    answered = leaves_at(awaits, ask(&router, &uri)) => answered,
                }
            }
        });
        pause(random.next()).await;
        let mut followers = JoinSet::new();
        for _ in 0..3 {
            let (router, uri) = (router.clone(), uri.clone());
            followers.spawn(async move { text(ask(&router, &uri).await).await });
        }
        let answers = tokio::time::timeout(Duration::from_secs(20), answers(followers)).await.expect("nobody hangs");
        assert!(answers.iter().all(Result::is_ok));
        left += usize::from(leader.await.unwrap().is_none());
    }
    println!("{rounds} cold keys, {left} first clients left: 0 hung, {} runs", app.begun());
    assert_eq!(app.begun(), rounds);
    assert!(left > rounds / 10);
    assert!(cache.cache().drain(Duration::from_secs(10)).await);
    assert_eq!(in_flight(cache.cache()), "0");
}

#[tokio::test(start_paused = true)]
async fn followers_of_a_slow_run_are_answered_by_their_own_at_five_seconds() {
    let (app, _, router) = app();
    let began = Instant::now();
    let mut tasks = crowd(&router, "/first-is-stuck", 20).await;
    for _ in 0..19 {
        assert!(tasks.join_next().await.unwrap().is_ok());
    }
    let waited = began.elapsed();
    assert!(waited >= Duration::from_secs(5) && waited <= Duration::from_millis(5050), "{waited:?}");
    assert_hit!(ask(&router, "/first-is-stuck").await);
    app.gate.add_permits(1);
    assert_eq!(tasks.join_next().await.unwrap().unwrap(), "0");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_gave_up_its_key_does_not_take_the_next_ones_with_it() {
    let (app, cache, router) = app();
    let first = crowd(&router, "/gated-in-place", 1).await;
    cache.clock().advance(Duration::from_secs(31));
    let second = crowd(&router, "/gated-in-place", 1).await;
    assert_eq!(app.begun(), 2);
    // Its lease goes, and has to leave the later run's in place.
    drop(first);
    settle().await;
    let third = crowd(&router, "/gated-in-place", 5).await;
    assert_eq!(app.begun(), 2, "they follow the second");
    app.gate.add_permits(1);
    assert_eq!(answers(second).await.pop().unwrap().unwrap(), "1");
    assert!(answers(third).await.into_iter().all(|answer| answer.unwrap() == "1"));
    assert_eq!(in_flight(cache.cache()), "0");
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_after_an_invalidation_joins_no_run_from_before_it() {
    for target in [Target::group("gated:1"), Target::path("/gated/1"), Target::handler(gated), Target::all()] {
        let (app, cache, router) = app();
        let before = crowd(&router, "/gated/1", 10).await;
        cache.cache().invalidate(target.clone()).await.unwrap();
        let after = crowd(&router, "/gated/1", 10).await;
        assert_eq!(app.begun(), 2, "{target:?}");
        app.gate.add_permits(2);
        assert!(answers(before).await.into_iter().all(|answer| answer.unwrap() == "0"));
        assert!(answers(after).await.into_iter().all(|answer| answer.unwrap() == "1"));
        assert_eq!(text(assert_hit!(ask(&router, "/gated/1").await)).await, "1", "the later one is what is stored");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_came_before_an_invalidation_is_answered_by_the_run_from_before_it() {
    let (app, cache, router) = app();
    let leader = crowd(&router, "/gated/1", 1).await;
    // Of something else, between the leader and its followers.
    cache.cache().invalidate(Target::group("gated:2")).await.unwrap();
    let followers = crowd(&router, "/gated/1", 100).await;
    cache.cache().invalidate(Target::group("gated:1")).await.unwrap();
    app.gate.add_permits(200);
    for tasks in [leader, followers] {
        assert!(answers(tasks).await.into_iter().all(|answer| answer.unwrap() == "0"));
    }
    assert_eq!(app.begun(), 1, "not one run each");
    assert_miss!(ask(&router, "/gated/1").await);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_only_the_response_names_counts_for_followers_too() {
    let (app, cache, router) = app();
    let before = crowd(&router, "/known-late", 10).await;
    cache.cache().invalidate(Target::group("late")).await.unwrap();
    // Nobody can know yet that this concerns the run.
    let after = crowd(&router, "/known-late", 10).await;
    assert_eq!(app.begun(), 1);
    app.gate.add_permits(100);
    assert!(answers(before).await.into_iter().all(|answer| answer.unwrap() == "0"));
    assert!(answers(after).await.into_iter().all(|answer| answer.unwrap() != "0"));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_wants_no_stored_response_is_not_answered_by_anothers_run() {
    let (app, _, router) = app();
    let leader = crowd(&router, "/honoring", 1).await;
    let request = Request::get("/honoring").header("cache-control", "no-cache").body(Body::empty()).unwrap();
    let follower: Response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(text(follower).await, "1");
    assert_eq!(answers(leader).await.pop().unwrap().unwrap(), "0");
    assert_eq!(app.begun(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_handlers_that_ask_for_each_other_do_not_wait_for_each_other() {
    let (app, cache, _) = app();
    let began = Instant::now();
    assert_eq!(app.ask("/ping").await, "ping pong ping");
    assert!(began.elapsed() <= WORK * 4, "{:?}", began.elapsed());
    assert_eq!(in_flight(cache.cache()), "0");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_asks_for_its_own_key_from_another_task_goes_on_after_five_seconds() {
    let (app, _, _) = app();
    let began = Instant::now();
    assert_eq!(app.ask("/asks-in-another-task").await, "outer inner");
    assert!(began.elapsed() <= Duration::from_millis(5050), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn task_locals_are_seen_inline_and_nowhere_else() {
    let (_, _, router) = app();
    TENANT
        .scope(7, async {
            assert_eq!(text(ask(&router, "/tenant-in-place").await).await, "Some(7)");
            assert_eq!(text(ask(&router, "/tenant-detached").await).await, "None");
        })
        .await;
}

#[test]
fn a_runtime_that_ends_hands_its_runs_over_to_those_who_wait_on_another() {
    let (app, cache, router) = app();
    let [one, two] = [(); 2].map(|()| tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
    let leader = one.spawn({
        let router = router.clone();
        async move { ask(&router, "/first-is-stuck").await }
    });
    while app.begun() == 0 {
        std::thread::yield_now();
    }
    let follower = two.spawn({
        let router = router.clone();
        async move { text(ask(&router, "/first-is-stuck").await).await }
    });
    one.shutdown_background();
    let answer = two.block_on(async { tokio::time::timeout(Duration::from_secs(30), follower).await.expect("nobody hangs") });
    assert_eq!(answer.unwrap(), "1");
    drop(leader);
    assert_eq!(in_flight(cache.cache()), "0");
}

#[test]
fn runtimes_may_start_and_end_under_load() {
    let rounds = count(10_000);
    let (_, cache, router) = app();
    let mut random = Random::new(5);
    for round in 0..rounds {
        let runtime = if round % 10 == 0 {
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
        } else {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
        };
        for _ in 0..8 {
            let (router, key) = (router.clone(), random.below(20) + round / 50 * 20);
            runtime.spawn(async move { ask(&router, &format!("/somewhat/{key}")).await });
        }
        let pauses = random.next();
        runtime.block_on(pause(pauses % 16));
        if round % 2 == 0 { runtime.shutdown_background() } else { drop(runtime) }
    }
    // Those let go in the background end within a moment of theirs.
    let deadline = super::harness::moment() + Duration::from_secs(60);
    while in_flight(cache.cache()) != "0" {
        assert!(super::harness::moment() < deadline, "runs are left: {}", in_flight(cache.cache()));
        std::thread::yield_now();
    }
    println!("{rounds} runtimes started and ended under load: no run is left");
}

/// What was recorded of spans, for one thread.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    spans: Vec<&'static tracing::Metadata<'static>>,
    entered: Vec<u64>,
    /// In which spans the handler's events happened.
    events: Vec<Vec<&'static str>>,
}

impl Recorder {
    fn recorded(&self) -> std::sync::MutexGuard<'_, Recorded> {
        self.0.lock().unwrap()
    }
}

impl tracing::Subscriber for Recorder {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::Id {
        let mut recorded = self.recorded();
        recorded.spans.push(span.metadata());
        tracing::Id::from_u64(recorded.spans.len() as u64)
    }

    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        if event.metadata().target() == "traced" {
            let mut recorded = self.recorded();
            let names = recorded.entered.iter().map(|id| recorded.spans[*id as usize - 1].name()).collect();
            recorded.events.push(names);
        }
    }

    fn enter(&self, span: &tracing::Id) {
        self.recorded().entered.push(span.into_u64());
    }

    fn exit(&self, span: &tracing::Id) {
        let mut recorded = self.recorded();
        if let Some(at) = recorded.entered.iter().rposition(|id| *id == span.into_u64()) {
            recorded.entered.remove(at);
        }
    }

    fn current_span(&self) -> tracing_core::span::Current {
        let recorded = self.recorded();
        match recorded.entered.last() {
            Some(id) => tracing_core::span::Current::new(tracing::Id::from_u64(*id), recorded.spans[*id as usize - 1]),
            None => tracing_core::span::Current::none(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_span_of_the_request_goes_along_into_the_runs_own_task() {
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let (_, _, router) = app();
    text(ask(&router, "/traced").instrument(tracing::info_span!("request")).await).await;
    assert_eq!(recorder.recorded().events, [["request"], ["request"]]);
}
