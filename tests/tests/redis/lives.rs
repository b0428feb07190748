//! A server that comes back may have forgotten the last invalidations, and remember what they were about.

use std::time::Duration;

use axum::{Router, routing::get};
use cached_handler::{Cache, CacheBuilder, Target, testing::assert_hit, testing::assert_miss};
use cached_handler_tests::{
    harness::{PATIENT, ask, moment},
    redis_server::RedisServer,
};

use super::Process;

async fn process(url: &str, settings: fn(CacheBuilder) -> CacheBuilder) -> Process {
    let builder = Cache::builder().namespace("lives").redis(url).limits("redis", PATIENT).shares_namespace().outcome_on_hits();
    Process::with(settings(builder).build().await.unwrap()).await
}

/// Until it is connected again, and its own probe has said so.
async fn until_it_answers(process: &Process) {
    while process.cache.invalidate(Target::group("nobody's")).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn l4_a_server_that_is_started_again_from_its_snapshot_brings_nothing_back() {
    let mut server = RedisServer::start();
    let one = process(&server.url(), |builder| builder).await;
    one.ask("/other/1").await;
    assert_hit!(one.ask("/other/1").await);
    server.say("SAVE").await;
    one.invalidate(Target::path("/other/1")).await;
    let keys = server.keys().await;
    server.restart();
    until_it_answers(&one).await;
    assert_eq!(keys.len(), server.keys().await.len(), "what the snapshot had is there");
    assert_miss!(one.ask("/other/1").await);
    assert_hit!(one.ask("/other/1").await);
    // Those who come later find the same life.
    let other = process(&server.url(), |builder| builder).await;
    assert_hit!(other.ask("/other/1").await);
}

#[tokio::test]
async fn l4_a_replica_that_takes_the_place_of_a_primary_brings_nothing_back() {
    let (mut primary, mut replica) = (RedisServer::start(), RedisServer::start());
    let one = process(&primary.url(), |builder| builder).await;
    one.ask("/other/1").await;
    replica.say(&format!("REPLICAOF 127.0.0.1 {}", primary.port())).await;
    while replica.keys().await.len() < primary.keys().await.len() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // What it does not hear of any more.
    replica.say("REPLICAOF NO ONE").await;
    one.invalidate(Target::path("/other/1")).await;
    primary.kill();
    let other = process(&replica.url(), |builder| builder).await;
    assert_miss!(other.ask("/other/1").await);
    assert_hit!(other.ask("/other/1").await);
    replica.kill();
}

#[tokio::test]
async fn where_the_server_is_said_to_lose_nothing_what_it_has_is_used_in_its_next_life() {
    let mut server = RedisServer::start();
    let one = process(&server.url(), CacheBuilder::redis_durable).await;
    one.ask("/other/1").await;
    one.invalidate(Target::path("/other/2")).await;
    server.say("SAVE").await;
    server.restart();
    until_it_answers(&one).await;
    assert_hit!(one.ask("/other/1").await);
    // Others who do not say so begin anew, for all.
    let other = process(&server.url(), |builder| builder).await;
    assert_miss!(other.ask("/other/1").await);
}

/// As while too few of its replicas are there: it runs no script that might write, and answers all that is asked.
#[tokio::test]
async fn a_server_that_takes_no_writes_for_now_is_still_read_by_those_who_connect_to_it() {
    let server = RedisServer::start();
    let one = process(&server.url(), |builder| builder).await;
    one.ask("/other/1").await;
    server.say("CONFIG SET min-replicas-to-write 1").await;
    let cache = Cache::builder().namespace("lives").redis(server.url()).limits("redis", PATIENT).shares_namespace().build().await.unwrap();
    let router = Router::new().route("/other/{id}", get(super::other)).layer(axum::Extension(cache.clone()));
    let began = moment();
    while cache.stats().hits == 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "{cache:?}");
        ask(&router, "/other/1").await;
    }
    assert!(cache.invalidate(Target::path("/other/1")).await.is_err());
}

/// Who may not ask what server it is takes it for the same.
#[tokio::test]
async fn a_user_who_may_not_ask_for_the_name_of_the_server_is_served() {
    let server = RedisServer::start();
    server.say("ACL SETUSER shop on >secret ~ch:* +@read +@write +@scripting +time").await;
    let one = process(&server.url().replace("//", "//shop:secret@"), |builder| builder).await;
    one.ask("/other/1").await;
    assert_hit!(one.ask("/other/1").await);
}
