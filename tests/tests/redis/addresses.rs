//! Which Redis, and as whom: addresses, a client of one's own, the environment.

use std::time::Duration;

use super::other;
use axum::{Router, routing::get};
use cached_handler::{
    Cache, Outcome, Target,
    backend::RedisServer as RedisServerAddress,
    testing::{assert_hit, assert_miss},
};
use cached_handler_tests::{
    harness::{ask, moment},
    redis_server::RedisServer,
};

/// An own user with a password, a number, a socket, a client of the application's own: each reaches where it leads.
#[tokio::test]
async fn an_address_may_name_a_user_a_database_or_a_socket_and_a_client_may_be_handed_in() {
    let socket = std::env::temp_dir().join(format!("cached-handler-redis-{}.socket", std::process::id()));
    let server = RedisServer::with(&["--unixsocket", &socket.to_string_lossy()]);
    server.say("ACL SETUSER shop on >hunter2 ~ch:* +@read +@write +@scripting +info +time +select +exists").await;
    let at = format!("127.0.0.1:{}", server.port());
    let client = redis::Client::open(format!("redis://shop:hunter2@{at}/5")).unwrap();
    let servers: [(RedisServerAddress, &str); 4] = [
        (format!("redis://shop:hunter2@{at}").into(), "db0"),
        (format!("redis://{at}/3").into(), "db3"),
        (format!("unix://{}?db=4", socket.display()).into(), "db4"),
        (client.into(), "db5"),
    ];
    for (address, database) in servers {
        let shown = format!("{address:?}");
        let cache = Cache::builder().namespace("addresses").redis(address).shares_namespace().outcome_on_hits().build().await.unwrap();
        let began = moment();
        while cache.invalidate(Target::group("nobody's")).await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "{database}: {cache:?}");
        }
        let router = Router::new().route("/other/{id}", get(other)).layer(axum::Extension(cache.clone()));
        assert_miss!(ask(&router, "/other/1").await);
        assert!(cache.drain(Duration::from_secs(5)).await);
        assert_hit!(ask(&router, "/other/1").await);
        cache.invalidate(Target::path("/other/1")).await.unwrap();
        assert_miss!(ask(&router, "/other/1").await);
        let keyspace = server.say("INFO keyspace").await.join("\n");
        assert!(keyspace.contains(&format!("{database}:keys=")), "{database}: {keyspace}");
        assert!(!format!("{shown} {cache:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn what_is_missing_in_the_set_up_is_said_with_what_to_type() {
    let error = Cache::builder().redis("redis://127.0.0.1:1").build().await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains(".namespace(\""), "{error}");
    let error = Cache::builder().namespace("a b").redis("redis://127.0.0.1:1").build().await.unwrap_err();
    assert!(error.is_config(), "{error}");
    let error = Cache::builder().namespace("a").redis("rebis://user:hunter2@127.0.0.1").build().await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains("redis://HOST:PORT"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    // With the files that other handlers of this program name.
    let directory = std::env::temp_dir().join(format!("cached-handler-redis-{}", std::process::id()));
    let error = Cache::builder().namespace("a").fs(&directory).build().await.unwrap().install().unwrap_err();
    std::fs::remove_dir_all(&directory).unwrap();
    assert!(error.to_string().contains(".redis(\""), "{error}");
}

#[tokio::test]
async fn the_environment_says_which_redis_where_nobody_else_does() {
    const SIGN: &str = "CACHED_HANDLER_TEST_NAMESPACE";
    let test = "addresses::the_environment_says_which_redis_where_nobody_else_does";
    if let Ok(namespace) = std::env::var(SIGN) {
        if namespace.is_empty() {
            let error = Cache::builder().build().await.unwrap_err();
            assert!(error.is_config() && error.to_string().contains(".namespace(\""), "{error}");
            // The cache that is made without being built: handlers run, and say so.
            let router = Router::new().route("/other/{id}", get(other));
            let response = assert_miss!(ask(&router, "/other/1").await);
            let outcome = response.extensions().get::<Outcome>().unwrap().to_string();
            assert!(outcome.contains("names a backend that this cache does not have"), "{outcome}");
            return;
        }
        let cache = Cache::builder().namespace(namespace).outcome_on_hits().build().await.unwrap();
        while cache.invalidate(Target::group("nobody's")).await.is_err() {}
        let router = Router::new().route("/other/{id}", get(other)).layer(axum::Extension(cache.clone()));
        assert_miss!(ask(&router, "/other/1").await);
        assert!(cache.drain(Duration::from_secs(5)).await);
        assert_hit!(ask(&router, "/other/1").await);
        return;
    }
    let server = RedisServer::start();
    for namespace in ["", "environment"] {
        let mut process = std::process::Command::new(std::env::current_exe().unwrap());
        process.args(["--exact", test, "--nocapture"]).env(SIGN, namespace).env("CACHED_HANDLER_REDIS_URL", server.url());
        let output = process.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "no test is named {test}");
    }
}
