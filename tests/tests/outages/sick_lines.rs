//! What is said of a backend that falls ill and recovers: a line when it changes, never one for each request, and the
//! last one is true. Time is tokio's, and stands still while there is work.

use std::{
    pin::pin,
    task::{Context, Waker},
};

use axum::{Router, routing::get};
use cached_handler::{
    Target, cached, secs,
    testing::{Call, Chaos, Fault, TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::{harness::ask, log::Log};
use tokio::time::sleep;

#[cached(ttl = 3600, backend = "sick")]
async fn plain() -> &'static str {
    "plain"
}

const MINUTES: u64 = 10;

#[tokio::test(start_paused = true)]
async fn a_flapping_backend_is_logged_every_ten_seconds_and_the_last_line_is_true() {
    let lines = Log::default();
    let _listening = lines.listen();
    let chaos = Chaos::new();
    let cache = TestCache::with(|builder| builder.backend("sick", chaos.clone()));
    let router = Router::new().route("/", get(plain)).layer(cache.layer());
    let asks_for = async |seconds: u64| {
        for _ in 0..seconds * 10 {
            ask(&router, "/").await;
            sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let mut openings = 0;
    for _ in 0..MINUTES * 20 {
        chaos.suffers(Fault::Fail, 1.0);
        asks_for(1).await;
        openings += cache.cache().stats().breakers_open;
        chaos.heals();
        asks_for(2).await;
    }
    assert!(openings > MINUTES * 6 + 1, "the circuit breaker opened more often than may be logged: {openings}");
    for words in ["a backend fails", "has recovered", "circuit breaker open", "circuit breaker closed"] {
        let said = lines.with(words).len() as u64;
        assert!((MINUTES..=MINUTES * 6 + 1).contains(&said), "`{words}`: {said} lines in {MINUTES} minutes");
    }
    // It falls ill for good in a quiet time: that is said once, and when it is over, that.
    for (fall_ill, open) in [(true, 1), (false, 0)] {
        chaos.heals();
        if fall_ill {
            chaos.suffers(Fault::Fail, 1.0);
        }
        asks_for(120).await;
        let told = lines.with("circuit breaker open").len() - lines.with("circuit breaker closed").len();
        assert_eq!((told as u64, cache.cache().stats().breakers_open), (open, open));
        let told = lines.with("a backend fails").len() - lines.with("has recovered").len();
        assert_eq!(told as u64, open);
    }
    assert_hit!(ask(&router, "/").await);
}

#[tokio::test(start_paused = true)]
async fn invalidations_that_fail_once_more_are_one_line_in_ten_seconds() {
    let lines = Log::default();
    let _listening = lines.listen();
    let chaos = Chaos::new();
    let cache = TestCache::with(|builder| builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs()).reinvalidate_after(secs(2)));
    for round in 0..2 {
        for group in 0..50 {
            cache.cache().invalidate(Target::group(group.to_string())).await.unwrap();
        }
        chaos.suffers_at(Call::Advance, Fault::Fail, 1.0);
        sleep(secs(3)).await;
        let said = lines.with("a reinvalidation failed");
        assert_eq!(said.len(), round + 1, "{said:?}");
        assert!(said[round].contains(["left_out=0", "left_out=49"][round]), "{said:?}");
        chaos.heals();
        sleep(secs(60)).await;
        cache.clock().advance(secs(10));
    }
}

#[test]
fn invalidations_outside_of_a_runtime_are_one_line_too() {
    let lines = Log::default();
    let _listening = lines.listen();
    let cache = TestCache::with(|builder| builder.reinvalidate_after(secs(2)));
    for _ in 0..50 {
        let done = pin!(cache.cache().invalidate(Target::group("a"))).poll(&mut Context::from_waker(Waker::noop()));
        assert!(done.is_ready());
    }
    assert_eq!(lines.with("there is no runtime for the reinvalidation").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_takes_nothing_is_one_line_and_hits_go_on() {
    let lines = Log::default();
    let _listening = lines.listen();
    let chaos = Chaos::new();
    let cache = TestCache::with(|builder| builder.backend("sick", chaos.clone()));
    let router = Router::new().route("/{id}", get(plain)).layer(cache.layer());
    assert_miss!(ask(&router, "/0").await);
    chaos.suffers_at(Call::Put, Fault::Fail, 1.0);
    for id in 1..100 {
        assert_miss!(ask(&router, &format!("/{id}")).await);
        // As often as not it is asked for what is there.
        for _ in 0..2 {
            assert_hit!(ask(&router, "/0").await);
        }
    }
    assert_eq!(lines.with("a backend fails").len(), 1);
    assert_eq!(lines.with("circuit breaker").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_of_a_failure_tells_what_becomes_of_requests() {
    let lines = Log::default();
    let _listening = lines.listen();
    let chaos = Chaos::new();
    let cache = TestCache::with(|builder| builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs()));
    let router = Router::new().route("/{id}", get(plain)).layer(cache.layer());
    assert_miss!(ask(&router, "/0").await);
    chaos.script(Call::Put, [Fault::Fail]);
    assert_miss!(ask(&router, "/1").await);
    assert_hit!(ask(&router, "/0").await);
    chaos.script(Call::Advance, [Fault::Fail]);
    assert!(cache.cache().invalidate(Target::group("a")).await.is_err());
    assert_hit!(ask(&router, "/0").await);
    chaos.script(Call::Get, [Fault::Fail]);
    assert_miss!(ask(&router, "/0").await);
    let said = lines.with("a backend fails");
    let expected = [
        ("store", "what is stored in it goes on answering requests"),
        ("invalidate", "what was to be invalidated may answer requests until a retry succeeds"),
        ("read", "requests are answered by their handlers"),
    ];
    assert_eq!(said.len(), expected.len(), "{said:?}");
    for (line, (operation, words)) in said.iter().zip(expected) {
        assert!(line.contains(&format!("a backend fails to {operation}; {words}; logged once")), "{line}");
    }
}
