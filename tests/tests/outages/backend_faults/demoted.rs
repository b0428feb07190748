//! A primary that is demoted while this process only has hits: it is left at once.

use cached_handler::{Cache, Target};
use cached_handler_tests::redis_server::RedisServer;

use super::*;

/// Its link to the new primary is down, so it goes on with what it had.
async fn is_demoted(server: &RedisServer) {
    server.say("REPLICAOF 127.0.0.1 1").await;
}

#[tokio::test]
async fn a_demoted_primary_answers_no_request_a_moment_later() {
    let server = RedisServer::start();
    let app = App::on(&server.url()).await;
    app.until_cached("/redis/0").await;
    // A question for its role has just been answered.
    assert!(app.is_hit("/redis/0").await);
    is_demoted(&server).await;
    let version = app.changes();
    let mut outdated = 0;
    while app.sees("/redis/0").await < version {
        outdated += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(outdated <= 20, "{:?}", app.cache);
    }
    for _ in 0..20 {
        assert_eq!(app.sees("/redis/0").await, version, "once left, it is not used again");
    }
    server.say("REPLICAOF NO ONE").await;
    app.until_cached("/redis/0").await;
}

/// Two servers: what another process invalidates on the new primary is seen by this one.
#[tokio::test]
async fn what_was_invalidated_on_the_new_primary_is_not_answered_from_the_old_one() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let (here, there) = (App::on(&old.url()).await, App::on(&new.url()).await);
    here.until_cached("/redis/0").await;
    is_demoted(&old).await;
    there.cache.invalidate(Target::group("page:0")).await.unwrap();
    let version = here.changes();
    tokio::time::sleep(Duration::from_millis(150)).await;
    for _ in 0..20 {
        assert_eq!(here.sees("/redis/0").await, version);
    }
}

/// Such a user is told its role by `HELLO`, which nobody is refused.
#[tokio::test]
async fn a_user_who_may_not_ask_for_the_role_leaves_a_demoted_primary_too() {
    let server = RedisServer::start();
    server.say("ACL SETUSER app on >secret ~ch:* +@read +@write +@scripting +time -role -info").await;
    let url = server.url().replace("redis://", "redis://app:secret@");
    let app = App::of(Cache::builder().namespace("faults").redis(url).shares_namespace()).await;
    app.until_cached("/redis/0").await;
    is_demoted(&server).await;
    let version = app.changes();
    let mut outdated = 0;
    while app.sees("/redis/0").await < version {
        outdated += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(outdated <= 20, "{:?}", app.cache);
    }
    assert_eq!(app.hits("/redis/0", 20).await, 0);
}
