//! Look-ups that are wanted at the same moment travel in one command; nobody may notice but by the time it takes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Router, extract::Path, routing::get};
use cached_handler::{Cache, Outcome, Target, cached};
use cached_handler_tests::{
    harness::{PATIENT, Random, ask, count, moment, text},
    redis_server::RedisServer,
};
use tokio::{
    runtime,
    task::JoinSet,
    time::{advance, pause, resume},
};

use super::Process;

/// Enough that all of them are sent for with others.
const MANY: u64 = 200;

/// What each of many answers, by `/other/{id}`, asked for at the same moment.
async fn ask_for_many(one: &Process) -> Vec<(u64, bool, String)> {
    let mut tasks = JoinSet::new();
    for id in 0..MANY {
        let router = one.router.clone();
        tasks.spawn(async move {
            let response = ask(&router, &format!("/other/{id}")).await;
            let is_hit = matches!(response.extensions().get(), Some(Outcome::Hit { .. }));
            (id, is_hit, text(response).await)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_unstable();
    answers
}

async fn look_ups(server: &RedisServer) -> u64 {
    let stats = server.say("INFO commandstats").await.join("\n");
    let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_mget:calls="));
    line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn many_hits_of_one_moment_take_a_few_commands_and_get_each_its_own() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    for id in 0..MANY {
        one.ask(&format!("/other/{id}")).await;
    }
    // By now it is known how small the responses are.
    let before = look_ups(&server).await;
    let answers = ask_for_many(&one).await;
    let commands = look_ups(&server).await - before;
    assert_eq!(answers, (0..MANY).map(|id| (id, true, format!("other {id}"))).collect::<Vec<_>>());
    println!("- {MANY} hits of one moment took {commands} commands");
    // The first few go by themselves.
    assert!(commands <= 7 + MANY.div_ceil(64), "{commands}");
}

#[tokio::test]
async fn what_is_damaged_is_a_miss_for_those_alone_who_asked_for_it() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    let (mut damaged, mut known) = (Vec::new(), Vec::new());
    for id in 0..MANY {
        one.ask(&format!("/other/{id}")).await;
        let keys = server.keys().await;
        let key = keys.iter().find(|key| key.contains("}:r:") && !known.contains(*key)).unwrap().clone();
        match id % 10 {
            // Other bytes, another type, nothing.
            0 => _ = server.say(&format!("SET {key} nonsense")).await,
            1 => _ = server.say(&format!("SETRANGE {key} 60 damaged!")).await,
            2 => {
                server.say(&format!("DEL {key}")).await;
                server.say(&format!("LPUSH {key} x")).await;
            }
            3 => _ = server.say(&format!("DEL {key}")).await,
            _ => {}
        }
        if id % 10 < 4 {
            damaged.push(id);
        }
        known.push(key);
    }
    let answers = ask_for_many(&one).await;
    assert_eq!(answers.len() as u64, MANY);
    for (id, is_hit, text) in answers {
        assert_eq!((is_hit, text), (!damaged.contains(&id), format!("other {id}")), "{id}");
    }
}

static COMMITTED: AtomicU64 = AtomicU64::new(0);

#[cached(ttl = 600, backend = "redis", group = "numbers")]
async fn number(Path(_): Path<u64>) -> String {
    COMMITTED.load(Ordering::SeqCst).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l4_no_batched_look_up_reads_what_was_invalidated_before_it_began() {
    let server = RedisServer::start();
    let cache = Cache::builder()
        .namespace("together")
        .redis(server.url())
        .limits("redis", PATIENT)
        .shares_namespace()
        .outcome_on_hits()
        .build()
        .await
        .unwrap();
    while cache.invalidate(Target::group("nobody's")).await.is_err() {}
    let router = Router::new().route("/{id}", get(number)).layer(Extension(cache.clone()));
    let (invalidated, hits, done) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
    let mut tasks = JoinSet::new();
    for client in 0..32 {
        let (router, invalidated, hits, done) = (router.clone(), Arc::clone(&invalidated), Arc::clone(&hits), Arc::clone(&done));
        tasks.spawn(async move {
            let mut random = Random::new(client);
            while !done.load(Ordering::Relaxed) {
                let oldest = invalidated.load(Ordering::SeqCst);
                let response = ask(&router, &format!("/{}", random.below(4))).await;
                hits.fetch_add(matches!(response.extensions().get(), Some(Outcome::Hit { .. })).into(), Ordering::Relaxed);
                let read: u64 = text(response).await.parse().unwrap();
                assert!(read >= oldest, "{read} was read after all before {oldest} had been invalidated");
            }
        });
    }
    for _ in 0..count(10_000) {
        // Each finds hits under way.
        let before = hits.load(Ordering::Relaxed);
        while hits.load(Ordering::Relaxed) < before + 20 && tasks.len() == 32 {
            tokio::task::yield_now().await;
            while tasks.try_join_next().is_some_and(|client| client.is_err()) {}
        }
        let committed = COMMITTED.fetch_add(1, Ordering::SeqCst) + 1;
        // A busy machine may take longer than Redis is waited for.
        while cache.invalidate(Target::group("numbers")).await.is_err() {}
        invalidated.store(committed, Ordering::SeqCst);
    }
    done.store(true, Ordering::Relaxed);
    assert_eq!(tasks.join_all().await.len(), 32);
    println!("- {} hits of 32 clients beside {} invalidations: none was older", hits.load(Ordering::Relaxed), count(10_000));
}

/// As where each core has a runtime of its own, and the one that built the cache does nothing but wait for the others.
#[test]
fn look_ups_are_batched_also_where_nobody_drives_the_runtime_of_the_cache() {
    let server = RedisServer::start();
    let of_one_thread = || runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (parked, driven) = (of_one_thread(), of_one_thread());
    let cache = parked
        .block_on(Cache::builder().namespace("parked").redis(server.url()).limits("redis", PATIENT).outcome_on_hits().build())
        .unwrap();
    driven.block_on(async {
        // Whoever was to connect is late by then: it is done here.
        pause();
        advance(Duration::from_secs(10)).await;
        resume();
        let one = Process::with(cache).await;
        // Where they are sent for there, no more than a handful are hits at any time: those that go by themselves. Here it
        // may take a while on a busy machine, which leaves the server alone.
        let (mut hits, began) = (0, moment());
        while hits <= MANY / 2 {
            assert!(began.elapsed() < Duration::from_secs(60), "{hits} hits of {MANY}");
            for id in 0..MANY {
                one.ask(&format!("/other/{id}")).await;
            }
            hits = ask_for_many(&one).await.into_iter().filter(|(_, is_hit, _)| *is_hit).count() as u64;
        }
        println!("- {hits} hits of {MANY} look-ups of one moment, while the runtime that built the cache was parked");
    });
    drop(parked);
}

/// Whoever sends for others may go with its runtime, which takes down nobody else's request.
#[test]
fn the_end_of_a_runtime_fails_nobody_on_another() {
    let server = RedisServer::start();
    let lasting = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let one = lasting.block_on(Process::on(&server));
    lasting.block_on(one.ask("/other/1"));
    let (router, hits, done) = (one.router.clone(), Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
    let clients: Vec<_> = (0..16)
        .map(|_| {
            let (router, hits, done) = (router.clone(), Arc::clone(&hits), Arc::clone(&done));
            lasting.spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let response = ask(&router, "/other/1").await;
                    let is_hit = matches!(response.extensions().get(), Some(Outcome::Hit { .. }));
                    hits.fetch_add(is_hit.into(), Ordering::Relaxed);
                    assert_eq!(text(response).await, "other 1");
                }
            })
        })
        .collect();
    let (hits, failed) = (|| hits.load(Ordering::Relaxed), || one.cache.stats().backend_errors);
    let (mut runtimes, wanted, began) = (0, count(600_000) as u64, moment());
    // In turns runtimes that end early, and others that end well: on a busy machine reads take too long beside both.
    let (mut beside_early, mut beside_others) = (0, 0);
    let most = wanted / 400;
    while hits() < wanted && beside_early <= beside_others + most {
        let (before, ends_early) = (failed(), began.elapsed().as_millis() / 200 % 2 == 0);
        let passing = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut asked = JoinSet::new();
        for _ in 0..16 {
            let router = router.clone();
            asked.spawn_on(async move { ask(&router, "/other/1").await }, passing.handle());
        }
        // So many turns, and it is gone, with whatever is under way.
        let turns = Random::new(runtimes).below(12);
        passing.block_on(async {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            while !ends_early && asked.join_next().await.is_some() {}
        });
        passing.shutdown_timeout(Duration::ZERO);
        runtimes += 1;
        *if ends_early { &mut beside_early } else { &mut beside_others } += failed() - before;
    }
    done.store(true, Ordering::Relaxed);
    for client in clients {
        lasting.block_on(client).unwrap();
    }
    let said = format!(
        "{} hits beside {runtimes} runtimes: {beside_early} reads failed beside those that ended early, {beside_others} beside others",
        hits()
    );
    println!("- {said}");
    assert!(beside_early <= beside_others + most, "{said}");
}
