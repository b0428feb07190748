//! The keys that rest in Redis, and the commands of a hit, a store and an invalidation.

use std::time::Duration;

use super::{Page, Process, other, page};
use axum::{Router, body::Body, extract::Query, http::Request, routing::get};
use axum_extra::{
    TypedHeader,
    extract::CookieJar,
    headers::{Authorization, authorization::Bearer},
};
use cached_handler::{
    Target,
    backend::Redis,
    cached,
    testing::{assert_hit, assert_miss},
};
use cached_handler_tests::redis_server::RedisServer;
use tower::ServiceExt;

#[tokio::test]
async fn no_key_lives_for_ever_and_all_are_of_the_namespace() {
    let server = RedisServer::start();
    server.say("SET foreign 1").await;
    let one = Process::on(&server).await;
    for id in 0..20 {
        one.ask(&format!("/page/{id}")).await;
    }
    one.ask("/varied").await;
    for target in [Target::all(), Target::group("never read"), Target::path("/x"), Target::handler(page)] {
        one.cache.invalidate(target).await.unwrap();
    }
    let keys = server.keys().await;
    assert!(keys.len() > 60, "{keys:?}");
    for key in keys.iter().filter(|key| *key != "foreign") {
        assert!(key.starts_with("ch:{test}"), "{key}");
        let lives: i64 = server.say(&format!("PTTL {key}")).await[0].parse().unwrap();
        assert!(lives > 0, "{key} lives for {lives}");
    }
}

#[tokio::test]
async fn epochs_outlive_the_responses_that_carry_them() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    one.ask("/other/1").await;
    let keys = server.keys().await;
    let lives = async |kind: &str| {
        let key = keys.iter().find(|key| key.contains(kind)).unwrap_or_else(|| panic!("{kind} in {keys:?}"));
        server.say(&format!("PTTL {key}")).await[0].parse::<i64>().unwrap()
    };
    let response = lives(":r:").await;
    assert!(response > 590_000);
    for kind in [":h:", ":p:"] {
        assert!(lives(kind).await > response, "{kind}");
    }
    // An invalidation does not shorten that.
    one.cache.invalidate(Target::handler(other)).await.unwrap();
    assert!(lives(":h:").await > response);
}

#[tokio::test]
async fn a_clear_touches_only_what_is_its_own() {
    use cached_handler::backend::{Store, StoreKey};
    let server = RedisServer::start();
    server.say("SET foreign 1").await;
    let (one, two) = (Redis::open(server.url(), "one").unwrap(), Redis::open(server.url(), "two").unwrap());
    let key = StoreKey::for_tests("key");
    for redis in [&one, &two] {
        redis.put(&key, "x".into(), Duration::from_secs(60)).await.unwrap();
    }
    one.clear().await.unwrap();
    assert_eq!(one.get(&key).await.unwrap(), None);
    assert_eq!(two.get(&key).await.unwrap().as_deref(), Some(&b"x"[..]));
    assert_eq!(server.say("GET foreign").await, ["1"]);
    let calls = server.say("INFO commandstats").await.join("\n");
    for forbidden in ["flushdb", "flushall", "scan"] {
        assert!(!calls.contains(&format!("cmdstat_{forbidden}:")), "{calls}");
    }
}

#[tokio::test]
async fn a_hit_is_one_command_a_store_one_round_trip_and_so_is_an_invalidation_of_many() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    one.ask("/other/1").await;
    one.cache.invalidate(Target::group("warm")).await.unwrap();
    let calls = async |command: &str| {
        let stats = server.say("INFO commandstats").await.join("\n");
        let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:"))).map(str::to_owned);
        line.and_then(|line| line.split(['=', ',']).nth(1)?.parse::<u64>().ok()).unwrap_or(0)
    };
    let total = async || {
        let mut sum = 0;
        for command in ["mget", "get", "set", "evalsha", "eval", "pexpire", "time", "info", "exists"] {
            sum += calls(command).await;
        }
        sum
    };
    let before = (calls("mget").await, total().await);
    assert_hit!(one.ask("/other/1").await);
    // The look itself asked for `INFO`, some times.
    assert_eq!(calls("mget").await, before.0 + 1);
    let before = calls("evalsha").await;
    one.cache.invalidate(Target::handler(other)).await.unwrap();
    assert_eq!(calls("evalsha").await, before + 1);
}

/// Groups that only the response names are known once it has been read: they take a read of their own.
#[tokio::test]
async fn a_hit_reads_as_many_keys_as_its_attribute_has_groups_and_four() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    for (uri, reads_of) in [("/other/1", &[4][..]), ("/grouped/1", &[7]), ("/page/1", &[6, 6])] {
        assert_miss!(one.ask(uri).await);
        assert_hit!(one.ask(uri).await);
        server.say("CONFIG SET slowlog-log-slower-than 0").await;
        server.say("SLOWLOG RESET").await;
        assert_hit!(one.ask(uri).await);
        let log = server.say("SLOWLOG GET 128").await;
        server.say("CONFIG SET slowlog-log-slower-than 1000000").await;
        let reads: Vec<_> = log.iter().filter(|line| line.contains("\"MGET\"")).collect();
        let keys: Vec<usize> = reads.iter().map(|line| line.matches("ch:{test}").count()).collect();
        assert_eq!(keys, reads_of, "{uri}: {reads:?}");
    }
}

#[cached(ttl = 60, backend = "redis", key(jar.get("session").map(|session| session.value().to_owned())))]
async fn account(_: TypedHeader<Authorization<Bearer>>, jar: CookieJar, Query(query): Query<Page>) -> String {
    format!("an account, page {:?}", query.page)
}

#[tokio::test]
async fn no_credential_can_be_read_in_what_rests() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    let router = Router::new().route("/account", get(account)).layer(axum::Extension(one.cache.clone()));
    let request = || {
        let request = Request::get("/account?page=1&token=secret-query").header("authorization", "Bearer secret-token");
        request.header("cookie", "session=secret-cookie; other=secret-other").body(Body::empty()).unwrap()
    };
    // The first request of a process knows nothing of the clock, and may have read what `key` withholds before it.
    for _ in 0..2 {
        assert_miss!(router.clone().oneshot(request()).await.unwrap());
    }
    assert!(one.cache.drain(Duration::from_secs(5)).await);
    assert_hit!(router.clone().oneshot(request()).await.unwrap());
    one.invalidate(Target::group("customer:secret-group")).await;
    let mut all = String::new();
    for key in server.keys().await {
        let value = server.say(&format!("GET {key}")).await;
        all.extend([&key, " ", &value.join(" "), "\n"]);
    }
    all += &server.say("SLOWLOG GET 128").await.join(" ");
    assert!(all.contains("an account, page Some(1)") && all.contains("}:g:"), "{all}");
    assert!(!all.contains("secret"), "{all}");
}
