//! Law L5 where runs go wrong: panics, recursion, limits, invalidations in between, runtimes that end. `one_run.rs` has
//! what happens when they go right.

mod invalidated;
mod limits;
mod runtimes;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::harness::{Random, ask, count, leaves_at, pause, text};
use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};
use cached_handler::{
    Cache, CacheGroups, Collapse, Policy, cached,
    testing::{TestCache, assert_hit},
};
use tokio::{
    sync::Semaphore,
    task::{JoinError, JoinSet},
    time::Instant,
};

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
