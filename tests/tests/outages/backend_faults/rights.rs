//! Rights that are withdrawn from a running process, or that it never had.

use cached_handler::{Cache, Target};
use cached_handler_tests::{log::Log, redis_server::RedisServer};

use super::*;

const ALL: &str = "ACL SETUSER app on >secret ~ch:* +@all";

async fn with_user(server: &RedisServer) -> App {
    let url = server.url().replace("redis://", "redis://app:secret@");
    App::of(Cache::builder().namespace("faults").redis(url).shares_namespace()).await
}

#[tokio::test]
async fn rights_withdrawn_in_redis_end_in_misses_and_errors_of_invalidations() {
    let server = RedisServer::start();
    server.say(ALL).await;
    let app = with_user(&server).await;
    for withdrawn in ["-mget", "-@write", "-@scripting", "-time", "-evalsha", "off"] {
        server.say(ALL).await;
        app.until_cached("/redis/0").await;
        server.say(&format!("ACL SETUSER app {withdrawn}")).await;
        let version = app.changes();
        let is_done = app.cache.invalidate(Target::group("page:0")).await.is_ok();
        for _ in 0..10 {
            let seen = app.sees("/redis/0").await;
            // If the invalidation was an error, its caller knows, and it is retried.
            assert!(!is_done || seen == version, "{withdrawn}: {seen}, not {version}");
        }
        server.say(ALL).await;
        let mut tries = 0;
        while app.cache.invalidate(Target::group("page:0")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            tries += 1;
            assert!(tries < 3000, "{withdrawn}: {:?}", app.cache);
        }
        assert_eq!(app.sees("/redis/0").await, version, "{withdrawn}");
    }
}

/// A line for each reason, however often it is tried again.
#[tokio::test]
async fn what_a_user_of_redis_may_not_do_is_said_once_and_not_with_every_attempt() {
    let log = Log::default();
    let _listening = log.listen();
    for refused in ["-info", "-info -time", "-time", "-mget", "-info -mget"] {
        let server = RedisServer::start();
        server.say(&format!("{ALL} {refused}")).await;
        let app = with_user(&server).await;
        for _ in 0..300 {
            app.ask("/redis/0").await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let lines = log.loud();
        // Twice, or three times, where the machine takes long over it.
        for line in &lines {
            assert!(lines.iter().filter(|other| *other == line).count() <= 3, "{refused}: {lines:#?}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn rights_withdrawn_from_the_directory_end_in_misses_and_errors_of_invalidations() {
    use std::{fs, os::unix::fs::PermissionsExt};

    let place = cached_handler_tests::files::Scratch::new("rights");
    let app = App::of(Cache::builder().namespace("faults").fs(place.cache()).shares_namespace()).await;
    app.until_cached("/fs/0").await;
    for mode in [0o500, 0o000, 0o777, 0o700] {
        fs::set_permissions(place.cache(), fs::Permissions::from_mode(mode)).unwrap();
        let version = app.changes();
        let is_done = app.cache.invalidate(Target::group("page:0")).await.is_ok();
        let seen = app.sees("/fs/0").await;
        assert!(!is_done || seen == version, "{mode:o}: {seen}, not {version}");
    }
    let mut tries = 0;
    while app.cache.invalidate(Target::group("page:0")).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        tries += 1;
        assert!(tries < 3000, "{:?}", app.cache);
    }
    let version = app.changes();
    app.cache.invalidate(Target::group("page:0")).await.unwrap();
    assert_eq!(app.sees("/fs/0").await, version);
    app.until_cached("/fs/0").await;
}
