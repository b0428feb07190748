//! A backend without room for what handlers store: said when the cache is built, and never "stored" where it is not.

use cached_handler::{Cache, Policy, backend::BackendLimits, cached};
use cached_handler_tests::{files::Scratch, log::Log, redis_server::RedisServer};

use super::*;

const LONG: Policy = Policy::new().max_body(64 << 20);

#[cached(ttl = 600, backend = "fs", policy = LONG)]
async fn long_in_files() -> Vec<u8> {
    vec![b'x'; 1 << 20]
}

#[cached(ttl = 600, backend = "redis", policy = LONG)]
async fn long_in_redis(Extension(source): Extension<Source>) -> Vec<u8> {
    source.read();
    vec![b'x'; 48 << 20]
}

#[tokio::test]
async fn a_directory_without_room_for_a_response_is_an_error_of_the_set_up() {
    let scratch = Scratch::new("no-room");
    for bytes in [0, 1, 4096] {
        let error = Cache::builder().shares_namespace().namespace("room").fs(scratch.cache()).fs_capacity(bytes).build().await.unwrap_err();
        assert!(error.is_config() && error.to_string().contains("fs_capacity"), "{error}");
    }
    assert!(Cache::builder().shares_namespace().namespace("room").fs(scratch.cache()).fs_capacity(64 << 10).build().await.is_ok());
}

#[tokio::test]
async fn a_backend_without_room_for_what_its_handlers_may_store_is_told_at_set_up() {
    let log = Log::default();
    let _listening = log.listen();
    let (scratch, server) = (Scratch::new("tight"), RedisServer::start());
    let builder = || Cache::builder().shares_namespace().namespace("room").fs(scratch.cache()).redis(server.url());
    builder().fs_capacity(8 << 20).build().await.unwrap();
    let said = log.loud();
    let one = |words: &str| said.iter().filter(|line| line.contains(words)).count();
    assert_eq!(one("fs_capacity(bytes)"), 1, "{said:#?}");
    assert_eq!(one("has 50 ms to give it"), 1, "{said:#?}");
    builder().limits("redis", BackendLimits::new().read(Duration::from_secs(1))).build().await.unwrap();
    assert!(!log.loud().iter().any(|line| line.contains("to give it") || line.contains("fs_capacity")));
}

#[tokio::test]
async fn what_a_directory_has_no_room_for_is_not_called_stored() {
    let scratch = Scratch::new("not-kept");
    let cache = Cache::builder().shares_namespace().namespace("room").fs(scratch.cache()).fs_capacity(512 << 10).build().await.unwrap();
    let router = Router::new().route("/", get(long_in_files)).layer(Extension(cache.clone()));
    for _ in 0..3 {
        let response = ask(&router, "/").await;
        assert!(!is_hit(&response));
        assert!(cache.drain(Duration::from_secs(60)).await);
    }
    let stats = cache.stats();
    let stored = stats.kept.get("stored").copied().unwrap_or(0);
    assert_eq!((stored, stats.not_stored.get("backend").copied()), (0, Some(3)), "{stats:?}");
}

/// A response that takes longer than a look-up waits is not kept, and the others are used as before.
#[tokio::test]
async fn a_response_too_long_for_the_limits_of_time_opens_no_circuit_breaker() {
    let server = RedisServer::start();
    let limits = BackendLimits::new().read(Duration::from_millis(5)).write(Duration::from_millis(10));
    let app = App::of(Cache::builder().shares_namespace().namespace("room").redis(server.url()).limits("redis", limits)).await;
    let router = Router::new().route("/", get(long_in_redis)).layer(Extension(app.source.clone())).layer(Extension(app.cache.clone()));
    for _ in 0..12 {
        assert_eq!(ask(&router, "/").await.status(), 200);
        assert!(app.cache.drain(Duration::from_secs(60)).await);
    }
    let kept = server.keys().await.into_iter().filter(|key| key.contains(":r:")).count();
    assert_eq!(kept, 0, "{:?}", app.cache);
    assert!(app.failures("(Store, \"too-long\", ") > 0, "{:?}", app.cache);
    assert_eq!(app.failures("(Store, \"slow\", "), 0, "{:?}", app.cache);
}
