//! What a sick Redis does to requests: nothing (law L6). Killed, frozen, absent, refusing, full of junk, behind a bad
//! network; and what is left of its promises then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Router, extract::Path, response::Response, routing::get};
use cached_handler::{Cache, Outcome, Target, cached, testing::assert_miss};
use cached_handler_tests::{
    fault_proxy::{Fault, FaultProxy},
    harness::{Random, ask, count, is_full, moment, text},
    log::Log,
    redis_server::RedisServer,
};

/// What the handler reads: a number for each resource, and how often it was asked.
struct Source {
    versions: [AtomicU64; RESOURCES],
    runs: AtomicUsize,
    /// Lets slow handlers go on.
    gate: tokio::sync::Semaphore,
}

impl Default for Source {
    fn default() -> Self {
        Self { versions: Default::default(), runs: AtomicUsize::new(0), gate: tokio::sync::Semaphore::new(0) }
    }
}

const RESOURCES: usize = 8;

#[derive(Clone, cached_handler::CacheKey)]
struct Shared(#[cache_key(skip)] Arc<Source>);

#[cached(ttl = 600, backend = "redis", group = "resource:{id}")]
async fn resource(Extension(source): Extension<Shared>, Path(id): Path<usize>) -> String {
    source.0.runs.fetch_add(1, Ordering::SeqCst);
    format!("{id}:{}", source.0.versions[id].load(Ordering::SeqCst))
}

struct App {
    source: Arc<Source>,
    cache: Cache,
    router: Router,
}

impl App {
    async fn on(url: impl Into<String>, namespace: &str) -> Self {
        let url: String = url.into();
        let source = Arc::<Source>::default();
        let cache = Cache::builder().namespace(namespace).redis(url).shares_namespace().outcome_on_hits().build().await.unwrap();
        let router = Router::new()
            .route("/{id}", get(resource))
            .route("/slow", get(slow))
            .layer(Extension(Shared(Arc::clone(&source))))
            .layer(Extension(cache.clone()));
        Self { source, cache, router }
    }

    async fn ask(&self, id: usize) -> Response {
        let response = ask(&self.router, &format!("/{id}")).await;
        assert_eq!(response.status(), 200);
        response
    }

    async fn is_hit(&self, id: usize) -> bool {
        matches!(self.ask(id).await.extensions().get(), Some(Outcome::Hit { .. }))
    }

    /// The version that a request sees, which has to be of its own resource.
    async fn see(&self, id: usize) -> u64 {
        let text = text(self.ask(id).await).await;
        let (of, version) = text.split_once(':').unwrap();
        assert_eq!(of, id.to_string());
        version.parse().unwrap()
    }

    /// How often that failed, as the cache says itself.
    fn failures(&self, what: &str) -> usize {
        let said = format!("{:?}", self.cache);
        let number = said.split_once(what).map(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap());
        number.map_or(0, |number| number.parse().unwrap())
    }

    /// Asks until the answer comes from the store; fails after the time.
    async fn is_cached_within(&self, limit: Duration) -> Duration {
        let began = moment();
        while !self.is_hit(0).await {
            assert!(began.elapsed() < limit, "not cached again within {limit:?}: {:?}", self.cache);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        began.elapsed()
    }
}

/// Long enough for a machine that does much else; `redis_outages` measures how long it takes.
const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn without_redis_at_the_start_handlers_run_and_are_cached_as_soon_as_it_is_there() {
    let mut server = RedisServer::absent(&[]);
    let app = App::on(server.url(), "absent").await;
    assert_miss!(app.ask(0).await);
    for _ in 0..100 {
        assert_miss!(app.ask(0).await);
    }
    server.restart();
    // The pauses between two tries have not grown yet.
    app.is_cached_within(SOON).await;
}

/// However long it was away, the next try is not far: a second's looks, a millisecond apart.
#[tokio::test]
async fn after_a_long_absence_all_is_cached_within_a_second_too() {
    let mut server = RedisServer::absent(&[]);
    let app = App::on(server.url(), "long-absent").await;
    // Pauses between two tries double up to the longest: by now they would be seconds.
    let absent = moment();
    while absent.elapsed() < Duration::from_secs(4) {
        assert_miss!(app.ask(0).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.restart();
    let mut looks = 0;
    while !app.is_hit(0).await {
        tokio::time::sleep(Duration::from_millis(1)).await;
        looks += 1;
        assert!(looks <= 1000, "{:?}", app.cache);
    }
    println!("- Redis absent for 4 s: cached within {looks} looks a millisecond apart");
}

#[tokio::test]
async fn where_redis_is_killed_no_request_fails_and_all_is_cached_again_once_it_is_back() {
    let mut server = RedisServer::start();
    let app = App::on(server.url(), "killed").await;
    app.is_cached_within(SOON).await;
    for _ in 0..3 {
        server.kill();
        for _ in 0..50 {
            assert_miss!(app.ask(0).await);
        }
        server.restart();
        app.is_cached_within(SOON).await;
    }
}

#[tokio::test]
async fn where_redis_is_frozen_a_few_requests_wait_a_moment_and_all_others_not_at_all() {
    let server = RedisServer::start();
    let app = App::on(server.url(), "frozen").await;
    app.is_cached_within(SOON).await;
    let before = app.failures("(Read, \"slow\", ");
    server.freeze();
    for _ in 0..200 {
        assert_miss!(app.ask(0).await);
    }
    let (slow, starved) = (app.failures("(Read, \"slow\", ") - before, app.failures("(Read, \"starved\", "));
    // On a busy machine, some calls are not heard of: three of them are one failure, or a probe decides before.
    assert!(slow == 5 || (slow < 5 && starved > 0 && starved <= 15), "{slow}: {:?}", app.cache);
    assert!(app.failures("(Read, \"open\", ") >= 180, "{:?}", app.cache);
    server.thaw();
    app.is_cached_within(SOON).await;
}

#[cached(ttl = 600, backend = "redis", group = "slow")]
async fn slow(Extension(source): Extension<Shared>) -> String {
    let version = source.0.versions[0].load(Ordering::SeqCst);
    source.0.runs.fetch_add(1, Ordering::SeqCst);
    source.0.gate.acquire().await.unwrap().forget();
    version.to_string()
}

#[tokio::test]
async fn while_redis_is_down_requests_share_a_run_unless_an_invalidation_came_between() {
    let server = RedisServer::absent(&[]);
    let app = App::on(server.url(), "herd").await;
    for _ in 0..5 {
        app.ask(0).await;
    }
    app.source.runs.store(0, Ordering::SeqCst);
    let crowd = || -> Vec<_> {
        (0..50)
            .map(|_| {
                let router = app.router.clone();
                tokio::spawn(async move { text(ask(&router, "/slow").await).await })
            })
            .collect()
    };
    let settle = async || {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
    };
    let before = crowd();
    settle().await;
    assert_eq!(app.source.runs.load(Ordering::SeqCst), 1);
    // Whoever comes after an invalidation does not join a run from before it, although the call itself is an error.
    app.source.versions[0].store(1, Ordering::SeqCst);
    assert!(app.cache.invalidate(Target::group("slow")).await.is_err());
    let after = crowd();
    settle().await;
    app.source.gate.add_permits(2);
    for task in after {
        assert_eq!(task.await.unwrap(), "1");
    }
    for task in before {
        task.await.unwrap();
    }
    assert_eq!(app.source.runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_failed_invalidation_is_an_error_and_is_made_before_anything_is_read_again() {
    let server = RedisServer::start();
    let app = App::on(server.url(), "retries").await;
    app.is_cached_within(SOON).await;
    for failing_requests in [0, 5] {
        let version = app.source.versions[0].fetch_add(1, Ordering::SeqCst) + 1;
        server.freeze();
        for _ in 0..failing_requests {
            app.ask(0).await;
        }
        let error = app.cache.invalidate(Target::group("resource:0")).await.unwrap_err();
        assert!(error.is_backend(), "{error}");
        server.thaw();
        if failing_requests > 0 {
            // The circuit breaker was open: nothing is read before the retry queue is empty.
            app.is_cached_within(SOON).await;
            assert_eq!(app.see(0).await, version);
        } else {
            // Only this call failed: it is tried again in the background.
            let began = moment();
            while app.see(0).await < version {
                assert!(began.elapsed() < SOON);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }
}

#[tokio::test]
async fn a_redis_that_lost_everything_brings_nothing_back() {
    let mut server = RedisServer::start();
    let app = App::on(server.url(), "lost").await;
    app.is_cached_within(SOON).await;
    let dump = server.say("DUMP nothing").await;
    assert_eq!(dump.len(), 1);
    let version = app.source.versions[0].fetch_add(1, Ordering::SeqCst) + 1;
    app.cache.invalidate(Target::path("/0")).await.unwrap();
    server.restart();
    app.is_cached_within(SOON).await;
    assert_eq!(app.see(0).await, version);
}

#[tokio::test]
async fn each_refusal_of_redis_fails_no_request_and_ends_with_its_cause() {
    let server = RedisServer::start();
    let app = App::on(server.url(), "refusals").await;
    app.is_cached_within(SOON).await;
    // Out of memory: hits go on, and so do invalidations, which free some.
    server.say("CONFIG SET maxmemory 1").await;
    assert!(app.is_hit(0).await);
    app.cache.invalidate(Target::path("/0")).await.unwrap();
    assert_miss!(app.ask(0).await);
    assert_miss!(app.ask(0).await);
    server.say("CONFIG SET maxmemory 0").await;
    app.is_cached_within(SOON).await;
    // Scripts forgotten.
    server.say("SCRIPT FLUSH").await;
    app.cache.invalidate(Target::path("/0")).await.unwrap();
    app.is_cached_within(SOON).await;
    // A user who may read and nothing else.
    server.say("ACL SETUSER default -@write -@scripting").await;
    assert!(app.is_hit(0).await);
    assert_miss!(app.ask(1).await);
    assert!(app.cache.invalidate(Target::path("/0")).await.is_err());
    server.say("ACL SETUSER default +@all").await;
    app.is_cached_within(SOON).await;
    // Clients thrown out, and a password set meanwhile.
    server.say("CONFIG SET requirepass secret").await;
    let mut with_password = redis::Client::open(server.url().replace("redis://", "redis://:secret@"))
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let _: redis::Value =
        redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal").arg("SKIPME").arg("yes").query_async(&mut with_password).await.unwrap();
    for _ in 0..20 {
        assert_miss!(app.ask(0).await);
    }
    assert!(!format!("{:?}", app.cache).contains("secret"));
    let _: redis::Value = redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("").query_async(&mut with_password).await.unwrap();
    app.is_cached_within(SOON).await;
}

#[tokio::test]
async fn a_primary_that_has_become_a_replica_is_not_used() {
    let server = RedisServer::start();
    let app = App::on(server.url(), "replica").await;
    app.is_cached_within(SOON).await;
    server.say("REPLICAOF 127.0.0.1 1").await;
    assert!(app.cache.invalidate(Target::path("/0")).await.is_err());
    for _ in 0..20 {
        assert_miss!(app.ask(0).await);
    }
    server.say("REPLICAOF NO ONE").await;
    app.is_cached_within(SOON).await;
}

/// What a server may answer in place of what was asked for, and what it is called in counters and lines.
const REFUSALS: &[(&str, &str)] = &[
    ("-OOM command not allowed when used memory > 'maxmemory'.", "oom"),
    ("-READONLY You can't write against a read only replica.", "readonly"),
    ("-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.", "misconf"),
    ("-NOPERM User default has no permissions to run the 'mget' command", "noperm"),
    ("-LOADING Redis is loading the dataset in memory", "loading"),
    ("-NOAUTH Authentication required.", "noauth"),
    ("-WRONGPASS invalid username-password pair or user is disabled.", "wrongpass"),
    ("-WRONGTYPE Operation against a key holding the wrong kind of value", "wrongtype"),
    ("-MOVED 3999 127.0.0.1:1", "moved"),
    ("-ASK 3999 127.0.0.1:1", "moved"),
    ("-CLUSTERDOWN The cluster is down", "clusterdown"),
    ("-TRYAGAIN Multiple keys request during rehashing of slot", "clusterdown"),
    ("-CROSSSLOT Keys in request don't hash to the same slot", "crossslot"),
    ("-NOSCRIPT No matching script. Please use EVAL.", "noscript"),
    ("-BUSY Redis is busy running a script.", "busy-script"),
    ("-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "masterdown"),
    ("-NOREPLICAS Not enough good replicas to write.", "noreplicas"),
    ("-EXECABORT Transaction discarded because of previous errors.", "refused"),
    ("-ERR max number of clients reached", "refused"),
    ("-ERR unknown command", "refused"),
    ("+OK", "senseless"),
    (":7", "senseless"),
    ("$-1", "senseless"),
    ("*0", "senseless"),
    ("nonsense", "senseless"),
];

#[tokio::test]
async fn every_refusal_is_a_miss_a_counter_and_a_line_at_its_beginning_and_its_end() {
    let log = Log::default();
    let _listening = log.listen();
    let server = RedisServer::start();
    for (at, (line, word)) in REFUSALS.iter().enumerate() {
        let proxy = FaultProxy::before(server.port()).await;
        let app = App::on(proxy.url(), &format!("line-{at}")).await;
        app.is_cached_within(SOON).await;
        log.informed();
        proxy.set(Fault::Line(line));
        let counter = format!("(Read, \"{word}\", ");
        assert_eq!(app.failures(&counter), 0);
        for round in 0..40 {
            assert_miss!(app.ask(round % 2).await);
        }
        assert!(app.failures(&counter) >= 1, "{line}: {:?}", app.cache);
        assert!(app.cache.invalidate(Target::path("/0")).await.is_err(), "{line}");
        let began = log.informed();
        proxy.set(Fault::None);
        app.is_cached_within(SOON).await;
        // The retry queue is worked off in the background, and that is logged as well.
        let is_to_be_retried = said(&began, "operation=\"invalidate\"") > 0;
        let mut ended = log.informed();
        let waits_since = moment();
        while is_to_be_retried && said(&ended, "operation=\"invalidate\"") == 0 {
            assert!(waits_since.elapsed() < SOON, "{line}: {:?}", app.cache);
            tokio::time::sleep(Duration::from_millis(2)).await;
            ended.extend(log.informed());
        }
        let all = format!("{line}\n    {}\n    and then\n    {}", began.join("\n    "), ended.join("\n    "));
        for lines in [&began, &ended] {
            let different: std::collections::BTreeSet<_> = lines.iter().collect();
            assert_eq!(different.len(), lines.len(), "said twice: {all}");
        }
        assert_eq!(said(&began, &format!("operation=\"read\" reason=\"{word}\"")), 1, "{all}");
        assert_eq!(said(&ended, "has recovered backend=\"redis\" operation=\"read\""), 1, "{all}");
        // Of what else may be said, each line has another that takes it back.
        for (begins, ends) in [
            ("circuit breaker open", "circuit breaker closed"),
            ("retried in the background, logged once", "connected to Redis"),
            ("operation=\"invalidate\"", "has recovered backend=\"redis\" operation=\"invalidate\""),
        ] {
            assert_eq!(said(&began, begins), said(&ended, ends), "`{begins}`: {all}");
            assert!(said(&began, begins) <= 1, "`{begins}`: {all}");
        }
        // Either the backend fails to invalidate, or the circuit breaker is open.
        assert!(said(&began, "operation=\"invalidate\"") == 1 || said(&began, "circuit breaker open") == 1, "{all}");
    }
}

fn said(lines: &[String], words: &str) -> usize {
    lines.iter().filter(|line| line.contains(words)).count()
}

/// About 2 KiB at rest.
#[cached(ttl = 600, backend = "redis")]
async fn large(Extension(source): Extension<Shared>, Path(which): Path<usize>) -> String {
    source.0.runs.fetch_add(1, Ordering::SeqCst);
    format!("large {which}, ").chars().cycle().take(1600).collect()
}

/// Every byte cut off, every bit flipped, bytes changed by chance, and those of another key, for which Redis finds
/// nothing wrong.
#[tokio::test]
async fn no_damaged_response_is_served_and_neither_is_another_keys() {
    let server = RedisServer::start();
    let app = App::on(server.url(), "bytes").await;
    app.is_cached_within(SOON).await;
    let router = Router::new()
        .route("/large/{which}", get(large))
        .layer(Extension(Shared(Arc::clone(&app.source))))
        .layer(Extension(app.cache.clone()));
    let mut connection = server.connect().await;
    let known = server.keys().await;
    let mut keys = Vec::new();
    for which in 0..2 {
        let uri = format!("/large/{which}");
        while !matches!(ask(&router, &uri).await.extensions().get(), Some(Outcome::Hit { .. })) {
            assert!(app.cache.drain(SOON).await);
        }
        let new = server.keys().await.into_iter().find(|key| key.contains("}:r:") && !known.contains(key) && !keys.contains(key));
        keys.push(new.unwrap());
    }
    let mut at_rest = Vec::new();
    for key in &keys {
        at_rest.push(redis::cmd("GET").arg(key).query_async::<Vec<u8>>(&mut connection).await.unwrap());
    }
    let [whole, other] = <[Vec<u8>; 2]>::try_from(at_rest).unwrap();
    assert!((1700..2400).contains(&whole.len()), "about 2 KiB: {}", whole.len());
    let step = if is_full() { 1 } else { 23 };
    let flipped = (0..whole.len() * 8).step_by(step).map(|bit| {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    });
    let cut = (0..whole.len()).step_by(step).map(|length| whole[..length].to_vec());
    let mut random = Random::new(48);
    let changed = (0..count(20_000)).map(|_| {
        let mut bytes = whole.clone();
        for _ in 0..=random.below(8) {
            let at = random.below(bytes.len());
            bytes[at] ^= random.below(255) as u8 + 1;
        }
        bytes
    });
    // Two changes may undo each other.
    let changed = changed.filter(|bytes| *bytes != whole);
    let all: Vec<_> = flipped.chain(cut).chain(changed).chain([other.clone(), [&whole[..], b"x"].concat(), Vec::new()]).collect();
    let (runs, mut spared) = (app.source.runs.load(Ordering::SeqCst), 0);
    for bytes in &all {
        redis::cmd("SET").arg(&keys[0]).arg(bytes).arg("PX").arg(60_000).query_async::<()>(&mut connection).await.unwrap();
        let response = assert_miss!(ask(&router, "/large/0").await);
        // Where a busy machine takes too long, nothing is looked at.
        spared += usize::from(format!("{:?}", response.extensions().get::<Outcome>()).contains("Bypass"));
        assert!(text(response).await.starts_with("large 0, large 0"));
        assert!(app.cache.drain(SOON).await);
    }
    assert_eq!(app.source.runs.load(Ordering::SeqCst) - runs, all.len());
    let damaged = app.cache.stats().damaged;
    println!("- damaged responses in Redis, and another key's: {} tried, served 0, {damaged} told of, {spared} not looked at", all.len());
    // What was damaged in its first eight bytes is of another incarnation: an ordinary miss, and no damage.
    assert!(damaged as usize + spared >= all.len() * 9 / 10, "{damaged} of {}", all.len());
    assert!(spared * 10 < all.len());
    // What is whole is served.
    redis::cmd("SET").arg(&keys[0]).arg(&whole).arg("PX").arg(60_000).query_async::<()>(&mut connection).await.unwrap();
    let began = moment();
    while !matches!(ask(&router, "/large/0").await.extensions().get(), Some(Outcome::Hit { .. })) {
        assert!(began.elapsed() < SOON);
    }
}

/// Keys that are deleted, and bytes that change, while requests come and versions are invalidated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_deleted_or_damaged_no_read_is_stale_and_none_is_wrong() {
    let server = RedisServer::start();
    let app = Arc::new(App::on(server.url(), "damage").await);
    app.is_cached_within(SOON).await;
    let confirmed: Arc<[AtomicU64; RESOURCES]> = Arc::default();
    let (most, done, hits) = (count(200_000), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = tokio::task::JoinSet::new();
    for reader in 0..8 {
        let (app, confirmed, done, hits) = (Arc::clone(&app), Arc::clone(&confirmed), Arc::clone(&done), Arc::clone(&hits));
        tasks.spawn(async move {
            let mut random = Random::new(reader);
            while done.fetch_add(1, Ordering::Relaxed) < most {
                let id = random.below(RESOURCES);
                let least = confirmed[id].load(Ordering::SeqCst);
                let response = app.ask(id).await;
                hits.fetch_add(usize::from(matches!(response.extensions().get(), Some(Outcome::Hit { .. }))), Ordering::Relaxed);
                let text = text(response).await;
                let (of, version) = text.split_once(':').unwrap();
                assert_eq!(of, id.to_string());
                let version: u64 = version.parse().unwrap();
                assert!(version >= least, "resource {id} was seen at {version}, after {least} was invalidated for");
            }
        });
    }
    {
        let (app, confirmed, done) = (Arc::clone(&app), Arc::clone(&confirmed), Arc::clone(&done));
        tasks.spawn(async move {
            let mut random = Random::new(99);
            while done.load(Ordering::Relaxed) < most {
                let id = random.below(RESOURCES);
                let version = app.source.versions[id].fetch_add(1, Ordering::SeqCst) + 1;
                let target = if random.one_in(2) { Target::path(format!("/{id}")) } else { Target::group(format!("resource:{id}")) };
                if app.cache.invalidate(target).await.is_ok() {
                    confirmed[id].fetch_max(version, Ordering::SeqCst);
                }
                tokio::time::sleep(Duration::from_micros(500)).await;
            }
        });
    }
    let mut vandal = server.connect().await;
    let mut random = Random::new(7);
    let mut damages = 0;
    while done.load(Ordering::Relaxed) < most {
        let key: Option<Vec<u8>> = redis::cmd("RANDOMKEY").query_async(&mut vandal).await.unwrap();
        let Some(key) = key else { continue };
        damages += 1;
        match random.below(4) {
            0 => _ = redis::cmd("DEL").arg(&key).query_async::<redis::Value>(&mut vandal).await,
            1 => {
                // Another type.
                let mut pipeline = redis::pipe();
                pipeline.atomic().cmd("DEL").arg(&key).cmd("RPUSH").arg(&key).arg("x").cmd("EXPIRE").arg(&key).arg(60);
                _ = pipeline.query_async::<redis::Value>(&mut vandal).await;
            }
            _ => {
                let length: usize = redis::cmd("STRLEN").arg(&key).query_async(&mut vandal).await.unwrap_or(0);
                if length > 0 {
                    let bit = random.below(length * 8);
                    _ = redis::cmd("SETBIT").arg(&key).arg(bit).arg(random.below(2)).query_async::<redis::Value>(&mut vandal).await;
                }
            }
        }
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let hits = hits.load(Ordering::Relaxed);
    println!("- {most} reads, {hits} of them hits, {damages} keys deleted or damaged: none stale, none wrong");
    assert!(hits > most / 20, "{hits} hits of {most}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_bad_network_no_request_fails_and_none_is_wrong() {
    let ms = Duration::from_millis;
    let faults = [
        [Fault::Latency(ms(5)), Fault::Latency(ms(60)), Fault::Latency(ms(500))],
        [Fault::Bandwidth(100_000), Fault::Bandwidth(5_000), Fault::Bandwidth(100)],
        [Fault::Slices(64), Fault::Slices(7), Fault::Slices(1)],
        [Fault::Truncated(0), Fault::Truncated(5), Fault::Truncated(100)],
        [Fault::Reset, Fault::Reset, Fault::Reset],
        [Fault::SlowClose(ms(5)), Fault::SlowClose(ms(60)), Fault::SlowClose(ms(500))],
        [Fault::BlackHole, Fault::BlackHole, Fault::BlackHole],
    ];
    let server = RedisServer::start();
    let rounds = count(100);
    let mut tasks = tokio::task::JoinSet::new();
    for (at, fault) in faults.into_iter().flatten().enumerate() {
        let port = server.port();
        tasks.spawn(async move {
            let proxy = FaultProxy::before(port).await;
            let app = App::on(proxy.url(), &format!("network-{at}")).await;
            let mut least = [0; RESOURCES];
            let (mut asked, mut failed) = (0, 0);
            let mut random = Random::new(at as u64);
            for _ in 0..rounds {
                app.is_cached_within(SOON).await;
                proxy.set(fault.clone());
                for _ in 0..30 {
                    let id = random.below(RESOURCES);
                    if random.one_in(6) {
                        let version = app.source.versions[id].fetch_add(1, Ordering::SeqCst) + 1;
                        match app.cache.invalidate(Target::path(format!("/{id}"))).await {
                            Ok(()) => least[id] = version,
                            Err(_) => failed += 1,
                        }
                    } else {
                        asked += 1;
                        let seen = app.see(id).await;
                        assert!(seen >= least[id], "{fault:?}: resource {id} was seen at {seen}, after {} was invalidated for", least[id]);
                    }
                }
                proxy.set(Fault::None);
            }
            app.is_cached_within(SOON).await;
            (fault, asked, failed)
        });
    }
    let mut all = 0;
    while let Some(done) = tasks.join_next().await {
        let (fault, asked, failed) = done.unwrap();
        all += asked;
        println!("{fault:?}: {asked} requests, none failed, none wrong; {failed} invalidations were errors");
    }
    println!("- {all} requests under 21 faults of the network: none failed, none wrong");
}

#[tokio::test]
async fn an_outage_is_a_few_lines_in_the_log_with_no_password_in_them() {
    let mut server = RedisServer::with(&["--requirepass", "hunter2"]);
    let lines = Log::default();
    let _guard = lines.listen();
    let app = App::on(server.url().replace("redis://", "redis://:hunter2@"), "log").await;
    app.is_cached_within(SOON).await;
    server.kill();
    for _ in 0..count(100_000) {
        app.ask(0).await;
    }
    server.restart();
    app.is_cached_within(SOON).await;
    // A wrong password is said as such, and once.
    let wrong = App::on(server.url().replace("redis://", "redis://:hunter3@"), "log").await;
    for _ in 0..100 {
        assert_miss!(wrong.ask(0).await);
    }
    let lines = lines.informed();
    println!("{}", lines.join("\n"));
    assert!((4..=20).contains(&lines.len()), "{} lines", lines.len());
    assert!(lines.iter().any(|line| line.contains("circuit breaker closed")));
    assert!(lines.iter().any(|line| line.contains("wrongpass")));
    assert!(!lines.iter().any(|line| line.contains("hunter")));
    assert!(!format!("{:?} {:?}", app.cache, wrong.cache).contains("hunter"));
}

#[tokio::test]
async fn what_happens_when_memory_is_full_is_a_warning_where_it_hurts_and_said_once() {
    let log = Log::default();
    let _listening = log.listen();
    for (memory, policy, warning) in [
        ("100mb", "noeviction", Some("will refuse new responses")),
        ("100mb", "allkeys-random", Some("may evict the clock")),
        ("100mb", "volatile-lfu", None),
        ("0", "noeviction", None),
    ] {
        let mut server = RedisServer::with(&["--maxmemory", memory, "--maxmemory-policy", policy]);
        let app = App::on(server.url(), "policy").await;
        app.is_cached_within(SOON).await;
        let told = log.loud();
        let said = |words: &str| told.iter().filter(|line| line.contains(words)).count();
        assert_eq!(said("maxmemory-policy volatile-lfu"), usize::from(warning.is_some()), "{memory} {policy}: {told:?}");
        assert!(warning.is_none_or(|warning| said(warning) == 1), "{memory} {policy}: {told:?}");
        // Nor when the connection has been made again.
        server.restart();
        app.cache.invalidate(Target::path("/0")).await.ok();
        app.is_cached_within(SOON).await;
        let told = log.loud();
        assert!(!told.iter().any(|line| line.contains("maxmemory-policy")), "{memory} {policy}: {told:?}");
    }
}

/// Ten pages are asked for again and again, while thousands are asked for once and memory has room for a tenth of them. A
/// clock that was evicted is made anew, as one of another incarnation, and nothing stored before is used.
#[tokio::test]
async fn with_memory_full_the_advised_policy_keeps_the_clock_and_a_random_one_does_not() {
    for (policy, keeps_it, most_keys) in [("volatile-lfu", true, 5000), ("volatile-random", false, 50_000)] {
        let server = RedisServer::with(&["--maxmemory", "3mb", "--maxmemory-policy", policy]);
        let app = App::on(server.url(), "full").await;
        app.is_cached_within(SOON).await;
        let router = Router::new()
            .route("/large/{which}", get(large))
            .layer(Extension(Shared(Arc::clone(&app.source))))
            .layer(Extension(app.cache.clone()));
        let (mut clocks, mut evicted) = (std::collections::BTreeSet::new(), 0);
        let (began, mut once) = (moment(), 0);
        while evicted < most_keys && (clocks.len() < 2 || keeps_it) {
            ask(&router, &format!("/large/{}", 10 + once)).await;
            ask(&router, &format!("/large/{}", once % 10)).await;
            assert!(app.cache.drain(SOON).await);
            once += 1;
            if once % 50 == 0 {
                let clock = server.say("GET ch:{full}").await.remove(0);
                clocks.insert(clock.split(':').next().unwrap().to_owned());
                let stats = server.say("INFO stats").await.join("");
                evicted = stats.split_once("evicted_keys:").unwrap().1.split('\r').next().unwrap().parse().unwrap();
                // Where the machine is too busy, nothing is stored for a while.
                assert!(began.elapsed() < SOON, "{evicted} keys evicted");
            }
        }
        println!("- {policy}: {evicted} keys evicted, {} clocks", clocks.len());
        assert_eq!(clocks.len() == 1, keeps_it, "{policy}: {clocks:?}");
    }
}
