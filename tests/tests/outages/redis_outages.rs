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
    fault_proxy::FaultProxy,
    harness::{ask, count, measures, moment},
    redis_server::RedisServer,
};

#[cached(ttl = 600, backend = "redis", group = "members")]
async fn member(Path(id): Path<usize>) -> String {
    id.to_string()
}

/// Of a group that has no other.
#[cached(ttl = 600, backend = "redis", group = "lonely")]
async fn lonely() -> &'static str {
    "lonely"
}

async fn app(server: &RedisServer) -> (Cache, Router) {
    app_on(server.url()).await
}

async fn app_on(url: String) -> (Cache, Router) {
    let cache = Cache::builder().namespace("outages").redis(url).shares_namespace().outcome_on_hits().build().await.unwrap();
    (cache.clone(), Router::new().route("/{id}", get(member)).route("/lonely", get(lonely)).layer(Extension(cache)))
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
            // The timer's ticks are no closer than this.
            let mut ticks = tokio::time::interval(Duration::from_millis(1));
            // No more than the machine can do.
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
            while !stopped.load(Ordering::Relaxed) {
                ticks.tick().await;
                for _ in 0..2 {
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
            }
        });
        Self { stop, hits, requests, failed, slowest, task }
    }

    /// How long it is until a request is answered from the store: in time, and in looks a millisecond apart, which are
    /// fewer where the machine does other things too.
    async fn until_cached(&self, cache: &Cache) -> (Duration, usize) {
        let (began, hits, mut looks) = (moment(), self.hits.load(Ordering::Relaxed), 0);
        while self.hits.load(Ordering::Relaxed) == hits {
            assert!(began.elapsed() < Duration::from_secs(30), "not cached again: {cache:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
            looks += 1;
        }
        (began.elapsed(), looks)
    }

    async fn end(self) -> (usize, usize, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        let slowest = Duration::from_micros(self.slowest.load(Ordering::Relaxed));
        (self.requests.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed), slowest)
    }
}

/// Everything is cached again within a thousand looks, a millisecond apart; where durations are measured, within a second.
fn is_soon((time, looks): (Duration, usize)) -> bool {
    looks <= 1000 && (time <= Duration::from_secs(1) || !measures())
}

const OUTAGE: Duration = Duration::from_millis(200);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_under_load_no_request_fails_and_all_is_cached_again() {
    let mut server = RedisServer::start();
    let (cache, router) = app(&server).await;
    let load = Load::on(router);
    load.until_cached(&cache).await;
    let (times, mut longest) = (count(100), Default::default());
    for _ in 0..times {
        server.kill();
        tokio::time::sleep(OUTAGE).await;
        tokio::task::block_in_place(|| server.restart());
        longest = load.until_cached(&cache).await.max(longest);
    }
    let (requests, failed, slowest) = load.end().await;
    println!(
        "- Redis killed {times} times under {requests} requests: {failed} failed, the slowest took {slowest:?}, cached again within {:?}, {} looks",
        longest.0, longest.1
    );
    assert_eq!(failed, 0, "{cache:?}");
    assert!(is_soon(longest), "cached again only after {longest:?}: {cache:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_again_and_again_under_load_no_request_fails_and_all_is_cached_again() {
    let server = RedisServer::start();
    let (cache, router) = app(&server).await;
    let load = Load::on(router);
    load.until_cached(&cache).await;
    let (times, mut longest) = (count(50), Default::default());
    for _ in 0..times {
        server.freeze();
        tokio::time::sleep(OUTAGE).await;
        server.thaw();
        longest = load.until_cached(&cache).await.max(longest);
    }
    let (requests, failed, slowest) = load.end().await;
    println!(
        "- Redis frozen {times} times under {requests} requests: {failed} failed, the slowest took {slowest:?}, cached again within {:?}, {} looks",
        longest.0, longest.1
    );
    assert_eq!(failed, 0, "{cache:?}");
    assert!(is_soon(longest), "cached again only after {longest:?}: {cache:?}");
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

/// A group with many members; how many of them are stored.
async fn with_members(server: &RedisServer, cache: &Cache, router: &Router) -> usize {
    let members = count(100_000);
    // Where the machine is busy, some take longer than they may; those come again.
    let (began, mut stored) = (moment(), 0);
    while stored < members * 99 / 100 {
        assert!(began.elapsed() < Duration::from_secs(300), "{stored} of {members} are stored");
        store(router, members).await;
        ask(router, "/lonely").await;
        assert!(cache.drain(Duration::from_secs(60)).await);
        stored = server.keys().await.iter().filter(|key| key.contains("}:r:")).count();
    }
    stored
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_of_any_size_is_invalidated_by_one_call_in_one_round_trip() {
    let server = RedisServer::start();
    let proxy = FaultProxy::before(server.port()).await;
    let (cache, router) = app_on(proxy.url()).await;
    let stored = with_members(&server, &cache, &router).await;
    cache.invalidate(Target::path("/elsewhere")).await.unwrap();
    server.say("CONFIG RESETSTAT").await;
    let before = proxy.commands();
    cache.invalidate(Target::group("members")).await.unwrap();
    let sent = proxy.commands() - before;
    let stats = server.say("INFO commandstats").await.join("\n");
    let calls = |line: &str| line.split(['=', ',']).nth(1).unwrap().parse::<u64>().unwrap();
    let lines = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_"));
    // What looks at it is not counted; what a script does is, and is the same for any group.
    let lines = lines.filter(|line| !line.starts_with("config") && !line.starts_with("info") && !line.starts_with("client"));
    let commands: Vec<(&str, u64)> = lines.map(|line| (line.split(':').next().unwrap(), calls(line))).collect();
    println!("- a group of {stored} responses: invalidated by {sent} command of the client; in Redis {commands:?}");
    assert_eq!(sent, 1);
    assert!(commands.contains(&("evalsha", 1)), "{stats}");
    assert!(commands.iter().map(|(_, calls)| calls).sum::<u64>() <= 8, "{stats}");
    for id in (0..count(100_000)).step_by(count(100_000) / 50) {
        let response = ask(&router, &format!("/{id}")).await;
        assert!(!matches!(response.extensions().get(), Some(Outcome::Hit { .. })));
    }
}
