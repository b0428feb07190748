//! A Redis that is far away is used as one that is near, without settings; and settings hold.

use cached_handler::{Cache, backend::BackendLimits};
use cached_handler_tests::{
    fault_proxy::{Fault, FaultProxy},
    redis_server::RedisServer,
};

use super::*;

const FAR: Duration = Duration::from_millis(60);

async fn far() -> (RedisServer, FaultProxy) {
    let server = RedisServer::start();
    let proxy = FaultProxy::before(server.port()).await;
    proxy.set(Fault::Latency(FAR));
    (server, proxy)
}

#[tokio::test]
async fn a_redis_sixty_milliseconds_away_caches() {
    let (_server, proxy) = far().await;
    let app = App::on(&proxy.url()).await;
    app.until_cached("/redis/0").await;
    let hits = app.hits("/redis/0", 40).await;
    assert!(hits >= 38, "{hits} of 40: {:?}", app.cache);
    assert!(app.cache.invalidate(cached_handler::Target::group("page:0")).await.is_ok());
    let version = app.changes();
    assert_eq!(app.sees("/redis/0").await, version);
}

/// Busy while it was connected to, say: no limit stays longer for that.
#[tokio::test]
async fn a_redis_that_was_slow_at_first_is_near_as_soon_as_it_answers_fast() {
    let (_server, proxy) = far().await;
    let app = App::on(&proxy.url()).await;
    app.until_cached("/redis/0").await;
    let round_trip = || {
        let shown = format!("{:?}", app.cache);
        let (_, rest) = shown.split_once("round_trip: Some(").expect("one that was measured");
        let (number, unit) = rest.split_at(rest.find(|letter: char| letter.is_alphabetic() || letter == 'µ').unwrap());
        number.parse::<f64>().unwrap()
            * if unit.starts_with("ms") {
                1.0
            } else if unit.starts_with('s') {
                1000.0
            } else {
                0.001
            }
    };
    let far = round_trip();
    assert!(far >= 60.0, "{far} ms");
    proxy.set(Fault::None);
    let began = cached_handler_tests::harness::moment();
    while round_trip() >= far {
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", app.cache);
        app.hits("/redis/0", 1).await;
    }
}

#[tokio::test]
async fn a_limit_that_was_set_holds_whatever_the_distance() {
    let server = RedisServer::start();
    let proxy = FaultProxy::before(server.port()).await;
    let limits = BackendLimits::new().read(Duration::from_millis(20));
    let app = App::of(Cache::builder().namespace("faults").limits("redis", limits).redis(proxy.url())).await;
    app.until_cached("/redis/0").await;
    proxy.set(Fault::Latency(Duration::from_secs(2)));
    assert_eq!(app.hits("/redis/0", 20).await, 0);
}

#[tokio::test]
async fn limits_of_a_backend_that_is_not_there_are_an_error() {
    for name in ["memory", "radis"] {
        let error = Cache::builder().limits(name, BackendLimits::new()).build().await.unwrap_err();
        assert!(error.is_config() && error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn limits_that_allow_no_call_are_an_error_and_those_that_nothing_has_are_said() {
    let builder = || Cache::builder().namespace("no-call").backend("own", cached_handler_tests::harness::Dict::default());
    let error = builder().limits("own", BackendLimits::new().max_calls(0)).build().await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains("max_calls(0)"), "{error}");
    let log = cached_handler_tests::log::Log::default();
    let _listening = log.listen();
    builder().limits("fs", BackendLimits::new()).build().await.unwrap();
    assert_eq!(log.loud().iter().filter(|line| line.contains("not set up here")).count(), 1);
}

/// Without end, as some type it to switch a limit off: what nobody waits for has limits all the same.
#[tokio::test]
async fn limits_without_end_do_not_keep_a_backend_from_being_used_again() {
    const EVER: Duration = Duration::MAX;
    let server = RedisServer::start();
    let limits = BackendLimits::new().read(EVER).write(EVER).invalidate(EVER).retry_pauses(EVER, EVER);
    let app = App::of(Cache::builder().namespace("faults").redis(server.url()).limits("redis", limits.failures(1, 1))).await;
    app.until_cached("/redis/0").await;
    server.say("ACL SETUSER default -@scripting").await;
    assert!(app.cache.invalidate(cached_handler::Target::group("page:0")).await.is_err());
    server.say("ACL SETUSER default +@all").await;
    app.cache.invalidate(cached_handler::Target::group("page:0")).await.unwrap();
    let version = app.changes();
    app.cache.invalidate(cached_handler::Target::group("page:0")).await.unwrap();
    assert_eq!(app.sees("/redis/0").await, version);
    app.until_cached("/redis/0").await;
}

#[tokio::test]
async fn how_many_failures_are_too_many_is_a_setting() {
    let server = RedisServer::start();
    let limits = BackendLimits::new().failures(2, 20).read(Duration::from_millis(50));
    let app = App::of(Cache::builder().namespace("faults").redis(server.url()).limits("redis", limits)).await;
    app.until_cached("/redis/0").await;
    server.freeze();
    let before = app.failures("(Read, \"slow\", ");
    app.hits("/redis/0", 10).await;
    let slow = app.failures("(Read, \"slow\", ") - before;
    // On a busy machine, some calls are not heard of, and then a probe decides.
    assert!(slow == 2 || (slow < 2 && app.failures("(Read, \"starved\", ") > 0), "{slow}: {:?}", app.cache);
    assert!(app.failures("(Read, \"open\", ") > 0, "{:?}", app.cache);
}
