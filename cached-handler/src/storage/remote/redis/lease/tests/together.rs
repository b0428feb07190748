//! Leases of several processes on a real Redis, which each of these tests starts.

#[path = "../../../../../../../tests/redis_server.rs"]
#[allow(dead_code, missing_docs, unreachable_pub, clippy::expect_used, clippy::pedantic, reason = "it is that of the workspace's tests")]
pub(super) mod redis_server;

use std::{future::Future, time::Duration};

use self::redis_server::RedisServer;
use super::super::{Generation, Lease};
use crate::{
    epoch::{Effect, Scopes, in_process::Marks, target::Target},
    storage::remote::{
        Remote,
        redis::{Lasting, Leasing, Redis},
    },
    util::clock::Clock,
};

/// As one process with copies in memory would have it.
struct Process {
    redis: Redis,
}

/// What is known of a copy.
struct Copy {
    generation: Generation,
    marks: Marks,
    as_of: u64,
}

fn groups() -> [Box<str>; 1] {
    ["pages".into()]
}

impl Process {
    fn on(url: &str) -> Self {
        Self::with(url, Lasting::Life, true)
    }

    fn with(url: &str, lasting: Lasting, holds: bool) -> Self {
        let leasing = Leasing { holds, ..Leasing::default() };
        Self { redis: Redis::with_clock(&url.into(), "leases", Clock::System, lasting, leasing).unwrap() }
    }

    async fn holding(url: &str) -> Self {
        let process = Self::on(url);
        until(|| async { process.lease().now().is_some() }).await;
        process
    }

    fn lease(&self) -> &Lease {
        self.redis.lease().unwrap()
    }

    /// A copy of what is in Redis, if it was read in one generation.
    async fn copy(&self) -> Option<Copy> {
        let generation = self.lease().now()?;
        let groups = groups();
        let scopes = Scopes::new("page", &[7], &groups);
        let reading = Remote::read(&self.redis, &scopes).await.ok()?;
        let marks = self.lease().marks(&scopes, reading.incarnation);
        (self.lease().now() == Some(generation)).then_some(Copy { generation, marks, as_of: reading.clock })
    }

    async fn copied(&self) -> Copy {
        loop {
            if let Some(copy) = self.copy().await.filter(|copy| self.uses(copy)) {
                return copy;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn uses(&self, copy: &Copy) -> bool {
        self.lease().allows(copy.generation, &copy.marks, copy.as_of)
    }

    async fn invalidate(&self, target: &Target) {
        until(|| async { Remote::advance(&self.redis, target, Effect::Invalidate).await.is_ok() }).await;
    }
}

async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    while !holds().await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn targets() -> [Target; 4] {
    [Target::group("pages"), Target::all(), Target::path_numbered(7), Target::handler_named("page".into())]
}

#[tokio::test]
async fn an_invalidation_that_has_returned_is_known_to_every_holder() {
    let server = RedisServer::start();
    let (one, two) = (Process::holding(&server.url()).await, Process::holding(&server.url()).await);
    let plain = Process::with(&server.url(), Lasting::Life, false);
    for round in 0..40 {
        for target in targets() {
            let copies = [(&one, one.copied().await), (&two, two.copied().await)];
            let by = [&one, &two, &plain][round % 3];
            by.invalidate(&target).await;
            assert!(copies.iter().all(|(process, copy)| !process.uses(copy)), "{target:?}");
        }
        let copy = two.copied().await;
        one.invalidate(&Target::group("others")).await;
        assert!(two.uses(&copy) || two.lease().now() != Some(copy.generation), "another group's copy is left alone");
    }
}

#[tokio::test]
async fn a_holder_that_does_not_run_any_more_is_waited_for_once() {
    let server = RedisServer::start();
    let one = Process::holding(&server.url()).await;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = server.url();
    // From here on nobody drives that runtime.
    let (stopped, copy, runtime) = tokio::task::spawn_blocking(move || {
        let (stopped, copy) = runtime.block_on(async {
            let stopped = Process::holding(&url).await;
            let copy = stopped.copied().await;
            (stopped, copy)
        });
        (stopped, copy, runtime)
    })
    .await
    .unwrap();
    let holders = async || server.say("HGETALL ch:{leases}:l").await.iter().filter(|field| field.starts_with("h:")).count();
    assert_eq!(holders().await, 2);
    one.invalidate(&Target::group("pages")).await;
    assert!(!stopped.uses(&copy));
    until(|| async { holders().await == 1 }).await;
    one.invalidate(&Target::group("pages")).await;
    // It comes back, and knows that it has missed something.
    let (again, runtime) = tokio::task::spawn_blocking(move || {
        let again = runtime.block_on(async {
            until(|| async { stopped.lease().now().is_some() }).await;
            stopped.uses(&copy)
        });
        (again, runtime)
    })
    .await
    .unwrap();
    assert!(!again);
    runtime.shutdown_background();
}

#[tokio::test]
async fn a_connection_that_is_cut_off_costs_a_validation_at_most() {
    let server = RedisServer::start();
    let (one, two) = (Process::holding(&server.url()).await, Process::holding(&server.url()).await);
    for _ in 0..5 {
        let copy = two.copied().await;
        server.say("CLIENT KILL TYPE pubsub").await;
        one.invalidate(&Target::group("pages")).await;
        assert!(!two.uses(&copy));
        two.copied().await;
    }
}

#[tokio::test]
async fn what_was_held_before_everything_was_emptied_is_not_used_after_an_invalidation() {
    let server = RedisServer::start();
    let (one, two) = (Process::holding(&server.url()).await, Process::holding(&server.url()).await);
    let plain = Process::with(&server.url(), Lasting::Life, false);
    for (round, emptied) in ["FLUSHALL", "DEL ch:{leases}:l", "DEL ch:{leases}", "FLUSHALL", "SCRIPT FLUSH"].into_iter().enumerate() {
        let copy = two.copied().await;
        server.say(emptied).await;
        [&one, &plain][round % 2].invalidate(&Target::group("pages")).await;
        assert!(!two.uses(&copy), "{emptied}");
        until(|| async { two.lease().now().is_some() }).await;
        assert!(!two.uses(&copy), "{emptied}");
    }
}

#[tokio::test]
async fn what_was_held_before_a_restart_of_redis_is_not_used_after_an_invalidation() {
    let mut server = RedisServer::start();
    let (one, two) = (Process::holding(&server.url()).await, Process::holding(&server.url()).await);
    let copy = two.copied().await;
    server.say("SAVE").await;
    server.restart();
    one.invalidate(&Target::group("pages")).await;
    assert!(!two.uses(&copy));
    until(|| async { two.lease().now().is_some() }).await;
    assert!(!two.uses(&copy));
    two.copied().await;
}

#[tokio::test]
async fn without_the_right_to_the_channel_there_is_no_lease_and_invalidations_are_made() {
    let server = RedisServer::start();
    server.say("ACL SETUSER mute on >secret ~ch:* resetchannels +@all").await;
    let mute = format!("redis://mute:secret@127.0.0.1:{}", server.port());
    let (mute, two) = (Process::on(&mute), Process::holding(&server.url()).await);
    for _ in 0..3 {
        let copy = two.copied().await;
        // It may not publish either, and waits until the lease has lapsed that it could not tell of it.
        mute.invalidate(&Target::group("pages")).await;
        assert!(!two.uses(&copy));
        assert!(mute.lease().now().is_none());
    }
}

#[tokio::test]
async fn keys_of_leases_do_not_live_for_ever() {
    let server = RedisServer::start();
    let (one, _two) = (Process::holding(&server.url()).await, Process::holding(&server.url()).await);
    one.invalidate(&Target::group("pages")).await;
    for key in server.keys().await {
        let lives: i64 = server.say(&format!("PTTL {key}")).await[0].parse().unwrap();
        assert!(lives > 0, "{key}");
    }
}
