//! Three processes on one Redis: no read that starts after an invalidation has returned, in any of them, sees what was
//! before it (law L4). The same harness finds a cache that only removes.

use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{Extension, Router, extract::Path, routing::get};
use cached_handler::{Bypass, Cache, CacheGroups, Forward, ManualClock, Outcome, Target, cached};
use cached_handler_tests::{
    harness::{PATIENT, Random, ask, count, pause, text},
    redis_server::{RedisServer, connect},
};
use redis::aio::MultiplexedConnection;

pub(super) const PROCESSES: usize = 3;
const RESOURCES: usize = 12;

/// The truth, in the same Redis under names of its own: a version for each resource, and the latest that an
/// invalidation has returned for.
#[derive(Clone)]
pub(super) struct Source(pub(super) MultiplexedConnection);

impl Source {
    pub(super) async fn number(&self, name: &str, id: usize) -> u64 {
        let found: Option<u64> = redis::cmd("GET").arg(format!("{name}:{id}")).query_async(&mut self.0.clone()).await.unwrap();
        found.unwrap_or(0)
    }

    async fn next(&self, id: usize) -> u64 {
        redis::cmd("INCR").arg(format!("version:{id}")).query_async(&mut self.0.clone()).await.unwrap()
    }

    async fn set(&self, name: &str, id: usize, number: u64) {
        redis::cmd("SET").arg(format!("{name}:{id}")).arg(number).query_async::<()>(&mut self.0.clone()).await.unwrap();
    }
}

#[derive(Clone, cached_handler::CacheKey)]
pub(super) struct Shared(#[cache_key(skip)] pub(super) Source);

#[cached(ttl = 600, backend = "redis", group = "resource:{id}")]
async fn resource(Extension(source): Extension<Shared>, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.0.number("version", id).await;
    (CacheGroups::of([format!("known-later:{id}")]), version.to_string())
}

/// A cache in front of the source.
pub(super) trait Subject: Send + Sync + 'static {
    /// `None` where nothing is promised: while a process cannot reach its backend, it may join a run already under way.
    fn read(&self, id: usize) -> impl Future<Output = Option<u64>> + Send;
    fn invalidate(&self, id: usize, kind: usize) -> impl Future<Output = ()> + Send;
}

struct Ours {
    router: Router,
    cache: Cache,
    runs: Arc<AtomicUsize>,
}

impl Subject for Ours {
    async fn read(&self, id: usize) -> Option<u64> {
        let response = ask(&self.router, &format!("/resource/{id}")).await;
        match response.extensions().get() {
            Some(Outcome::Hit { .. }) => {}
            Some(Outcome::Forward { why: Forward::Bypass(Bypass::Backend), collapsed: true, .. }) => return None,
            _ => _ = self.runs.fetch_add(1, Ordering::Relaxed),
        }
        Some(text(response).await.parse().unwrap())
    }

    async fn invalidate(&self, id: usize, kind: usize) {
        let target = match kind % 16 {
            0 => Target::all(),
            1 => Target::handler(resource),
            2..=5 => Target::path(format!("/resource/{id}")),
            6..=9 => Target::group(format!("known-later:{id}")),
            _ => Target::group(format!("resource:{id}")),
        };
        // It promises something once it has returned `Ok`; where the machine is too busy for the limits of time, it may not.
        while self.cache.invalidate(target.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A cache as it is often written: an invalidation removes what is stored, and knows nothing of runs in flight.
struct Removes(Source);

impl Subject for Removes {
    async fn read(&self, id: usize) -> Option<u64> {
        let version = match self.0.number("stored", id).await {
            0 => {
                let version = self.0.number("version", id).await;
                pause(id as u64 * 7).await;
                self.0.set("stored", id, version).await;
                version
            }
            version => version,
        };
        Some(version)
    }

    async fn invalidate(&self, id: usize, _: usize) {
        self.0.set("stored", id, 0).await;
    }
}

/// A cache that compares times of its processes' own clocks, and takes a time that is missing for one that never was.
struct Dates {
    source: Source,
    ahead: Duration,
}

impl Dates {
    fn now(&self) -> u64 {
        #[expect(clippy::disallowed_methods, reason = "the mistake that is to be found")]
        let now = SystemTime::now() + self.ahead;
        now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros() as u64
    }
}

impl Subject for Dates {
    async fn read(&self, id: usize) -> Option<u64> {
        let mut connection = self.source.0.clone();
        let stored: Option<String> = redis::cmd("GET").arg(format!("stored:{id}")).query_async(&mut connection).await.unwrap();
        if let Some((version, dated)) = stored.as_deref().and_then(|stored| stored.split_once(' '))
            && dated.parse::<u64>().unwrap() > self.source.number("marked", id).await
        {
            return Some(version.parse().unwrap());
        }
        let dated = self.now();
        let version = self.source.number("version", id).await;
        pause(id as u64 * 7).await;
        let stored = format!("{version} {dated}");
        redis::cmd("SET").arg(format!("stored:{id}")).arg(stored).query_async::<()>(&mut connection).await.unwrap();
        Some(version)
    }

    async fn invalidate(&self, id: usize, _: usize) {
        self.source.set("marked", id, self.now()).await;
    }
}

/// Which cache it is.
#[derive(Debug, Clone, Copy)]
enum Which {
    Ours,
    Removes,
    Dates,
}

/// What is done to it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Harm {
    None,
    /// The clocks of the processes are an hour apart, each of the next.
    Clocks,
    /// Keys are deleted at random: of responses, of epochs, of the clock.
    Deleted,
}

/// What one process does: eight readers, and a writer of its own share of the resources. Gives reads and stale ones.
pub(super) async fn load(source: Source, subject: Arc<impl Subject>, process: usize, most: usize) -> (usize, usize) {
    let (done, stale) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = tokio::task::JoinSet::new();
    for reader in 0..8 {
        let (source, subject, done, stale) = (source.clone(), Arc::clone(&subject), Arc::clone(&done), Arc::clone(&stale));
        tasks.spawn(async move {
            let mut random = Random::new((process * 100 + reader) as u64);
            while done.load(Ordering::Relaxed) < most {
                let id = random.below(RESOURCES);
                let least = source.number("confirmed", id).await;
                if let Some(seen) = subject.read(id).await {
                    done.fetch_add(1, Ordering::Relaxed);
                    stale.fetch_add(usize::from(seen < least), Ordering::Relaxed);
                }
            }
        });
    }
    let writer_done = Arc::clone(&done);
    tasks.spawn(async move {
        let mut random = Random::new(process as u64);
        while writer_done.load(Ordering::Relaxed) < most {
            let id = random.below(RESOURCES / PROCESSES) * PROCESSES + process;
            let version = source.next(id).await;
            subject.invalidate(id, random.below(16)).await;
            source.set("confirmed", id, version).await;
            tokio::time::sleep(Duration::from_micros(random.next() % 3000)).await;
        }
    });
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    (most, stale.load(Ordering::Relaxed))
}

const SIGN: &str = "CACHED_HANDLER_TEST_PROCESS";

/// In the process that was started: does its share. In the test: starts three, and adds up what they saw.
async fn three_processes(test: &str, which: Which, harm: Harm, most: usize) -> Option<(usize, usize, usize)> {
    if let Ok(sign) = std::env::var(SIGN) {
        let (url, process) = sign.split_once(' ').unwrap();
        let process: usize = process.parse().unwrap();
        let source = Source(connect(url).await);
        let runs = Arc::new(AtomicUsize::new(0));
        let ahead = if harm == Harm::Clocks { Duration::from_secs(3600) * process as u32 } else { Duration::ZERO };
        let (done, stale) = match which {
            Which::Removes => load(source.clone(), Arc::new(Removes(source)), process, most).await,
            Which::Dates => load(source.clone(), Arc::new(Dates { source, ahead }), process, most).await,
            Which::Ours => {
                let clock = ManualClock::new();
                clock.advance(ahead);
                let builder = Cache::builder().namespace("race").redis(url).limits("redis", PATIENT).shares_namespace().outcome_on_hits();
                let builder = if harm == Harm::Clocks { builder.clock(clock) } else { builder };
                let cache = builder.build().await.unwrap();
                let router = Router::new()
                    .route("/resource/{id}", get(resource))
                    .layer(Extension(Shared(source.clone())))
                    .layer(Extension(cache.clone()));
                load(source, Arc::new(Ours { router, cache, runs: Arc::clone(&runs) }), process, most).await
            }
        };
        println!("\nsaw {done} {stale} {}", runs.load(Ordering::Relaxed));
        return None;
    }
    let server = RedisServer::start();
    let processes: Vec<_> = (0..PROCESSES)
        .map(|process| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", test, "--nocapture", "--test-threads=1"])
                .env(SIGN, format!("{} {process}", server.url()))
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let vandal = (harm == Harm::Deleted).then(|| tokio::spawn(delete(server.url())));
    let outputs =
        tokio::task::block_in_place(|| processes.into_iter().map(|process| process.wait_with_output().unwrap()).collect::<Vec<_>>());
    if let Some(vandal) = vandal {
        vandal.abort();
    }
    let mut sums = (0, 0, 0);
    for output in outputs {
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{printed}");
        let line = printed.lines().find_map(|line| line.strip_prefix("saw ")).unwrap_or_else(|| panic!("{printed}"));
        let numbers: Vec<usize> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        sums = (sums.0 + numbers[0], sums.1 + numbers[1], sums.2 + numbers[2]);
    }
    Some(sums)
}

/// Deletes what a cache keeps, a key at a time, and nothing of the truth.
async fn delete(url: String) {
    let mut connection = connect(&url).await;
    loop {
        let key: Option<String> = redis::cmd("RANDOMKEY").query_async(&mut connection).await.unwrap();
        if let Some(key) = key.filter(|key| ["ch:", "marked:"].iter().any(|prefix| key.starts_with(prefix))) {
            redis::cmd("DEL").arg(key).query_async::<()>(&mut connection).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn none_is_stale(test: &str, harm: Harm) {
    let Some((done, stale, misses)) = three_processes(test, Which::Ours, harm, count(1_000_000) / PROCESSES).await else { return };
    println!("- harm {harm:?}: {done} reads in three processes, {stale} stale, {misses} misses");
    assert_eq!(stale, 0);
    assert!(misses < done, "some reads were hits");
}

async fn some_are_stale(test: &str, which: Which, harm: Harm) {
    let Some((done, stale, _)) = three_processes(test, which, harm, 10_000).await else { return };
    println!("- harm {harm:?}: {stale} stale reads of {done}, of a cache that goes wrong: {which:?}");
    assert!(stale > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_three_processes_no_read_after_an_invalidation_sees_what_was_before_it() {
    none_is_stale("processes::in_three_processes_no_read_after_an_invalidation_sees_what_was_before_it", Harm::None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_the_clocks_of_the_processes_are_hours_apart() {
    none_is_stale("processes::nor_where_the_clocks_of_the_processes_are_hours_apart", Harm::Clocks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_keys_are_deleted_at_random() {
    none_is_stale("processes::nor_where_keys_are_deleted_at_random", Harm::Deleted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_harness_finds_a_cache_that_only_removes() {
    some_are_stale("processes::the_same_harness_finds_a_cache_that_only_removes", Which::Removes, Harm::None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_harness_finds_a_cache_that_compares_clocks() {
    some_are_stale("processes::the_same_harness_finds_a_cache_that_compares_clocks", Which::Dates, Harm::Clocks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_harness_finds_a_cache_that_takes_a_missing_time_for_none() {
    some_are_stale("processes::the_same_harness_finds_a_cache_that_takes_a_missing_time_for_none", Which::Dates, Harm::Deleted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_clocks_agree_and_nothing_is_deleted_comparing_clocks_is_right() {
    let test = "processes::where_clocks_agree_and_nothing_is_deleted_comparing_clocks_is_right";
    let Some((_, stale, _)) = three_processes(test, Which::Dates, Harm::None, 10_000).await else { return };
    assert_eq!(stale, 0, "the harness finds what is not there");
}
