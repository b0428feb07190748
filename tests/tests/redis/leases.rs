//! Copies in memory in front of Redis, in three processes: no read that starts after an invalidation has returned, in any of them,
//! sees what was before it (law L4), whatever happens to processes, connections and the server. The truth is in a Redis of its own.

use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Router, extract::Path, routing::get};
use cached_handler::{Bypass, Cache, CacheGroups, Forward, Outcome, Target, Tier, cached};
use cached_handler_tests::{
    harness::{PATIENT, Random, ask, count, text},
    redis_server::{RedisServer, connect},
};

use super::processes::{PROCESSES, Shared, Source, Subject, load};

/// By the default of their cache: a backend that a handler names is one of all caches of this program.
#[cached(ttl = 600, group = "resource:{id}")]
async fn copied(Extension(source): Extension<Shared>, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.0.number("version", id).await;
    (CacheGroups::of([format!("known-later:{id}")]), version.to_string())
}

struct Copies {
    router: Router,
    cache: Cache,
    near: Arc<AtomicUsize>,
}

impl Subject for Copies {
    async fn read(&self, id: usize) -> Option<u64> {
        let response = ask(&self.router, &format!("/copied/{id}")).await;
        match response.extensions().get() {
            Some(Outcome::Hit { tier: Tier::Near, .. }) => _ = self.near.fetch_add(1, Ordering::Relaxed),
            Some(Outcome::Forward { why: Forward::Bypass(Bypass::Backend), collapsed: true, .. }) => return None,
            _ => {}
        }
        Some(text(response).await.parse().unwrap())
    }

    async fn invalidate(&self, id: usize, kind: usize) {
        let target = match kind % 16 {
            0 => Target::all(),
            1 => Target::handler(copied),
            2..=5 => Target::path(format!("/copied/{id}")),
            6..=9 => Target::group(format!("known-later:{id}")),
            _ => Target::group(format!("resource:{id}")),
        };
        while self.cache.invalidate(target.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// What is done to them, again and again.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Harm {
    None,
    /// A process is stopped for up to two seconds.
    Stopped,
    /// Connections are cut off: those of leases, or all.
    Cut,
    /// Keys are deleted: of responses, of epochs, of the clock, of those who hold a lease.
    Deleted,
    Emptied,
    /// The server is killed, and started again from a snapshot.
    Restarted,
}

const SIGN: &str = "CACHED_HANDLER_TEST_COPIES";

/// In the process that was started: does its share. In the test: starts three, and adds up what they saw.
async fn three_processes(test: &str, harm: Harm, most: usize) -> Option<[usize; 3]> {
    if let Ok(sign) = std::env::var(SIGN) {
        let words: Vec<_> = sign.split(' ').collect();
        let (source, near) = (Source(connect(words[0]).await), Arc::new(AtomicUsize::new(0)));
        let builder = Cache::builder()
            .namespace("copies")
            .redis(words[1])
            .default_backend("memory+redis")
            .limits("redis", PATIENT)
            .shares_namespace()
            .outcome_on_hits();
        let cache = builder.build().await.unwrap();
        let router =
            Router::new().route("/copied/{id}", get(copied)).layer(Extension(Shared(source.clone()))).layer(Extension(cache.clone()));
        let subject = Copies { router, cache, near: Arc::clone(&near) };
        let (done, stale) = load(source, Arc::new(subject), words[2].parse().unwrap(), most).await;
        println!("\nsaw {done} {stale} {}", near.load(Ordering::Relaxed));
        return None;
    }
    let (truth, server) = (RedisServer::start(), RedisServer::start());
    let processes: Vec<_> = (0..PROCESSES)
        .map(|process| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", test, "--nocapture", "--test-threads=1"])
                .env(SIGN, format!("{} {} {process}", truth.url(), server.url()))
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let vandal = tokio::spawn(does(harm, server, processes.iter().map(std::process::Child::id).collect()));
    let outputs =
        tokio::task::block_in_place(|| processes.into_iter().map(|process| process.wait_with_output().unwrap()).collect::<Vec<_>>());
    vandal.abort();
    let mut sums = [0; 3];
    for output in outputs {
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{printed}");
        let line = printed.lines().find_map(|line| line.strip_prefix("saw ")).unwrap_or_else(|| panic!("{printed}"));
        sums.iter_mut().zip(line.split(' ')).for_each(|(sum, number)| *sum += number.parse::<usize>().unwrap());
    }
    Some(sums)
}

async fn does(harm: Harm, mut server: RedisServer, processes: Vec<u32>) {
    let mut random = Random::new(7);
    loop {
        tokio::time::sleep(Duration::from_millis(random.next() % 700)).await;
        match harm {
            Harm::None => {}
            Harm::Stopped => {
                let process = processes[random.below(PROCESSES)];
                signal("-STOP", process);
                tokio::time::sleep(Duration::from_millis(random.next() % 2000)).await;
                signal("-CONT", process);
            }
            Harm::Cut => _ = server.say(["CLIENT KILL TYPE pubsub", "CLIENT KILL TYPE normal"][random.below(2)]).await,
            Harm::Deleted => {
                for _ in 0..random.below(10) {
                    let key = server.say("RANDOMKEY").await.remove(0);
                    server.say(&format!("DEL {key}")).await;
                }
                server.say(["DEL ch:{copies}:l", "DEL ch:{copies}", "PING"][random.below(3)]).await;
            }
            Harm::Emptied => _ = server.say("FLUSHALL").await,
            Harm::Restarted => {
                server.say("SAVE").await;
                tokio::time::sleep(Duration::from_millis(random.next() % 300)).await;
                server.restart();
            }
        }
    }
}

/// One that has ended is not there any more, which is as good.
fn signal(signal: &str, process: u32) {
    _ = Command::new("kill").args([signal, &process.to_string()]).stderr(Stdio::null()).status();
}

async fn none_is_stale(test: &str, harm: Harm) {
    let Some([done, stale, near]) = three_processes(test, harm, count(1_000_000) / PROCESSES).await else { return };
    println!("- harm {harm:?}: {done} reads in three processes, {near} from copies in memory, {stale} stale");
    assert_eq!(stale, 0);
    assert!(near > 0, "some reads were of copies");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l4_no_copy_in_three_processes_is_used_after_an_invalidation() {
    none_is_stale("leases::l4_no_copy_in_three_processes_is_used_after_an_invalidation", Harm::None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l4_nor_where_processes_are_stopped_and_go_on() {
    none_is_stale("leases::l4_nor_where_processes_are_stopped_and_go_on", Harm::Stopped).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l4_nor_where_connections_are_cut_off() {
    none_is_stale("leases::l4_nor_where_connections_are_cut_off", Harm::Cut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l4_nor_where_keys_of_leases_are_deleted() {
    none_is_stale("leases::l4_nor_where_keys_of_leases_are_deleted", Harm::Deleted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l4_nor_where_redis_is_emptied() {
    none_is_stale("leases::l4_nor_where_redis_is_emptied", Harm::Emptied).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l4_nor_where_redis_is_killed_and_started_again() {
    none_is_stale("leases::l4_nor_where_redis_is_killed_and_started_again", Harm::Restarted).await;
}
