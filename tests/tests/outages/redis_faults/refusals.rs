//! Each way in which a Redis refuses commands: no request fails, and the cause is counted and logged.

use std::time::Duration;

use super::{App, SOON, said};
use cached_handler::{Target, testing::assert_miss};
use cached_handler_tests::{
    fault_proxy::{Fault, FaultProxy},
    harness::moment,
    log::Log,
    redis_server::RedisServer,
};

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
