//! A Redis whose memory is full.

use std::sync::Arc;

use super::{App, SOON, Shared, large};
use axum::{Extension, Router, routing::get};
use cached_handler::Target;
use cached_handler_tests::{
    harness::{ask, moment},
    log::Log,
    redis_server::RedisServer,
};

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
