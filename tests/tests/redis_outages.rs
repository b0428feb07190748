//! The published figures of outages and of large groups: Redis killed and frozen again and again under load, and a
//! group with many members invalidated by one call.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Router, extract::Path, routing::get};
use cached_handler::{Cache, Outcome, Target, cached};
use cached_handler_tests::{
    harness::{ask, count, is_full, moment},
    redis_server::RedisServer,
};

#[cached(ttl = 600, backend = "redis", group = "members")]
async fn member(Path(id): Path<usize>) -> String {
    id.to_string()
}

async fn app(server: &RedisServer) -> (Cache, Router) {
    let cache = Cache::builder().namespace("outages").redis(server.url()).outcome_on_hits().build().await.unwrap();
    (cache.clone(), Router::new().route("/{id}", get(member)).layer(Extension(cache)))
}

/// Two thousand requests a second until it is stopped.
struct Load {
    stop: Arc<AtomicBool>,
    hits: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    failed: Arc<AtomicUsize>,
    slowest: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Load {
    fn on(router: Router) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let [hits, requests, failed] = std::array::from_fn(|_| Arc::<AtomicUsize>::default());
        let slowest = Arc::<AtomicU64>::default();
        let counters = (Arc::clone(&hits), Arc::clone(&requests), Arc::clone(&failed), Arc::clone(&slowest));
        let stopped = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_micros(500));
            // No more than the machine can do.
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
            while !stopped.load(Ordering::Relaxed) {
                ticks.tick().await;
                let (router, (hits, requests, failed, slowest)) = (router.clone(), counters.clone());
                tokio::spawn(async move {
                    let id = requests.fetch_add(1, Ordering::Relaxed) % 4;
                    let began = moment();
                    let response = ask(&router, &format!("/{id}")).await;
                    slowest.fetch_max(began.elapsed().as_micros() as u64, Ordering::Relaxed);
                    failed.fetch_add(usize::from(response.status() != 200), Ordering::Relaxed);
                    hits.fetch_add(usize::from(matches!(response.extensions().get(), Some(Outcome::Hit { .. }))), Ordering::Relaxed);
                });
            }
        });
        Self { stop, hits, requests, failed, slowest, task }
    }

    /// How long it is until a request is answered from the store.
    async fn until_cached(&self, cache: &Cache) -> Duration {
        let (began, hits) = (moment(), self.hits.load(Ordering::Relaxed));
        while self.hits.load(Ordering::Relaxed) == hits {
            assert!(began.elapsed() < Duration::from_secs(30), "not cached again: {cache:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        began.elapsed()
    }

    async fn end(self) -> (usize, usize, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        let slowest = Duration::from_micros(self.slowest.load(Ordering::Relaxed));
        (self.requests.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed), slowest)
    }
}

/// How soon all has to be cached again: a second, where the machine does nothing else.
fn limit() -> Duration {
    if is_full() { Duration::from_secs(1) } else { Duration::from_secs(15) }
}

const OUTAGE: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_under_load_no_request_fails_and_all_is_cached_within_a_second() {
    let mut server = RedisServer::start();
    let (cache, router) = app(&server).await;
    let load = Load::on(router);
    load.until_cached(&cache).await;
    let (times, mut longest) = (count(100), Duration::ZERO);
    for _ in 0..times {
        server.kill();
        tokio::time::sleep(OUTAGE).await;
        tokio::task::block_in_place(|| server.restart());
        longest = longest.max(load.until_cached(&cache).await);
    }
    let (requests, failed, slowest) = load.end().await;
    println!(
        "- Redis killed {times} times under {requests} requests: {failed} failed, the slowest took {slowest:?}, cached again within {longest:?}"
    );
    assert_eq!(failed, 0, "{cache:?}");
    assert!(longest <= limit(), "cached again only after {longest:?}: {cache:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_again_and_again_under_load_no_request_fails_and_all_is_cached_within_a_second() {
    let server = RedisServer::start();
    let (cache, router) = app(&server).await;
    let load = Load::on(router);
    load.until_cached(&cache).await;
    let (times, mut longest) = (count(50), Duration::ZERO);
    for _ in 0..times {
        server.freeze();
        tokio::time::sleep(OUTAGE).await;
        server.thaw();
        longest = longest.max(load.until_cached(&cache).await);
    }
    let (requests, failed, slowest) = load.end().await;
    println!(
        "- Redis frozen {times} times under {requests} requests: {failed} failed, the slowest took {slowest:?}, cached again within {longest:?}"
    );
    assert_eq!(failed, 0, "{cache:?}");
    assert!(longest <= limit(), "cached again only after {longest:?}: {cache:?}");
}

/// Asks for each of so many, sixteen at a time.
async fn store(router: &Router, members: usize) {
    let next = Arc::<AtomicUsize>::default();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (router, next) = (router.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let id = next.fetch_add(1, Ordering::Relaxed);
                if id >= members {
                    return;
                }
                ask(&router, &format!("/{id}")).await;
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_of_any_size_is_invalidated_by_one_call_in_one_round_trip() {
    let server = RedisServer::start();
    let (cache, router) = app(&server).await;
    let members = count(100_000);
    // Where the machine is busy, some take longer than they may; those come again.
    let (began, mut stored) = (moment(), 0);
    while stored < members * 99 / 100 {
        assert!(began.elapsed() < Duration::from_secs(300), "{stored} of {members} are stored");
        store(&router, members).await;
        assert!(cache.drain(Duration::from_secs(60)).await);
        stored = server.keys().await.iter().filter(|key| key.contains("}:r:")).count();
    }
    cache.invalidate(Target::path("/elsewhere")).await.unwrap();
    let commands = async || {
        let stats = server.say("INFO stats").await.join("\n");
        let line = stats.lines().find_map(|line| line.strip_prefix("total_commands_processed:")).unwrap().to_owned();
        line.trim().parse::<u64>().unwrap()
    };
    // What it costs to look, then what it costs to invalidate and look.
    let (first, second) = (commands().await, commands().await);
    let began = moment();
    cache.invalidate(Target::group("members")).await.unwrap();
    let took = began.elapsed();
    // A script's own commands are counted too; it has as many for any group.
    let of_the_script = commands().await - second - (second - first);
    println!("- a group of {stored} responses: invalidated by one call in one round trip, {took:?}, {of_the_script} commands in Redis");
    assert!(of_the_script <= 8, "{of_the_script} commands");
    for id in (0..members).step_by(members / 50) {
        let response = ask(&router, &format!("/{id}")).await;
        assert!(!matches!(response.extensions().get(), Some(Outcome::Hit { .. })));
    }
}
