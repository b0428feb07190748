//! What is stored or not, streams, stale responses and backends: which counters move.

use std::{sync::Arc, task::Context};

use super::{
    Ledger,
    site::{Act, Piecewise, Site, Then, builder},
};
use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use cached_handler::{
    CacheGroups, DoNotStore, Target, secs,
    testing::{Call, Chaos, Fault},
};

/// Responses that are not stored, and why.
fn unstorable() -> Vec<(&'static str, Act)> {
    fn with(name: header::HeaderName, value: &'static str) -> Act {
        Arc::new(move || ([(name.clone(), value)], "text").into_response())
    }
    fn of(act: impl Fn() -> Response + Send + Sync + 'static) -> Act {
        Arc::new(act)
    }
    vec![
        ("status", of(|| StatusCode::NOT_FOUND.into_response())),
        ("do-not-store", of(|| (DoNotStore, "text").into_response())),
        ("set-cookie", with(header::SET_COOKIE, "a=b")),
        ("no-store", with(header::CACHE_CONTROL, "no-store")),
        ("private", with(header::CACHE_CONTROL, "private")),
        ("no-cache", with(header::CACHE_CONTROL, "no-cache")),
        ("malformed-cache-control", with(header::CACHE_CONTROL, "max-age=\"")),
        ("must-understand", of(|| (StatusCode::IM_USED, [(header::CACHE_CONTROL, "must-understand, max-age=9")]).into_response())),
        ("vary-any", with(header::VARY, "*")),
        ("vary-unkeyed", with(header::VARY, "accept")),
        ("malformed-vary", with(header::VARY, "a b")),
        ("partial", with(header::CONTENT_RANGE, "bytes 0-1/9")),
        ("already-stale", with(header::CACHE_CONTROL, "max-age=0")),
        ("too-large", of(|| "x".repeat(65).into_response())),
        (
            "endless",
            of(|| {
                ([(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")], Piecewise::of(&["x"])).into_response()
            }),
        ),
        ("fields-too-large", of(|| ([(header::WARNING, "x".repeat(65 << 10))], "text").into_response())),
        ("groups", of(|| (CacheGroups::of([""]), "text").into_response())),
        ("length-mismatch", with(header::CONTENT_LENGTH, "3")),
        ("timed-out", of(|| StatusCode::REQUEST_TIMEOUT.into_response())),
    ]
}

pub(super) async fn responses_that_are_not_stored(ledger: &mut Ledger) {
    for (reason, act) in unstorable() {
        let mut site = Site::new();
        site.answers(move || act());
        site.get("/plain/a").await;
        ledger.check(reason, &site.moved().await, &["forward uri-miss", "run", &format!("not-stored {reason}")]);
    }
    let mut site = Site::new();
    site.get("/fails").await;
    ledger.check("an `Err`", &site.moved().await, &["forward uri-miss", "run", "not-stored err"]);

    let mut site = Site::new();
    site.get("/forwards").await;
    ledger.check("no freshness", &site.moved().await, &["forward uri-miss", "run", "not-stored no-freshness"]);

    let mut site = Site::new();
    let cache = site.cache.clone();
    site.answers(move || {
        // Done at its first poll: nothing is waited for in memory.
        let mut invalidation = Box::pin(cache.invalidate(Target::group("g")));
        let done = invalidation.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert!(done.is_ready(), "{done:?}");
        "text".into_response()
    });
    site.get("/plain/a").await;
    ledger.check("invalidated meanwhile", &site.moved().await, &["forward uri-miss", "run", "invalidation", "not-stored invalidated"]);
}

pub(super) async fn streams(ledger: &mut Ledger) {
    let streamed: [(&[&str], fn() -> Body); 4] = [
        (&["kept stored"], || Piecewise::of(&["a", "b"])),
        (&["not-stored broken-off"], || Piecewise::that(Then::Break)),
        (&["not-stored run-too-long"], || Piecewise::that(Then::Hang)),
        (&["not-stored trailers"], Piecewise::with_trailers),
    ];
    for (comes_to, body) in streamed {
        let mut site = Site::new();
        site.answers(move || body().into_response());
        let response = site.get("/plain/a").await;
        let mut expected = vec!["forward uri-miss", "run", "kept streaming"];
        expected.extend(comes_to);
        ledger.check("a stream", &site.moved().await, &expected);
        drop(response);
    }
    let clock = cached_handler::ManualClock::new();
    let cache = builder().clock(clock.clone()).read_ahead(1).build().await.unwrap();
    let mut site = Site::of(cache.clone(), clock, Chaos::new());
    site.answers(|| Piecewise::of(&["a", "b"]).into_response());
    let waits = site.get("/plain/waits").await;
    while !cache.stats().kept.contains_key("stored") {
        tokio::task::yield_now().await;
    }
    site.moved().await;
    site.get("/plain/a").await;
    ledger.check("no room", &site.moved().await, &["forward uri-miss", "run", "kept streaming", "not-stored read-ahead"]);
    drop(waits);
    let clock = cached_handler::ManualClock::new();
    let cache = builder().clock(clock.clone()).max_detached_runs(0).build().await.unwrap();
    let mut site = Site::of(cache, clock, Chaos::new());
    site.answers(|| Piecewise::of(&["a"]).into_response());
    site.get("/plain/a").await;
    ledger.check("no task", &site.moved().await, &["forward uri-miss", "run", "not-stored no-task"]);
}

pub(super) async fn stale_responses(ledger: &mut Ledger) {
    let mut site = Site::new();
    site.get("/behind").await;
    site.clock.advance(secs(61));
    site.moved().await;
    site.get("/behind").await;
    ledger.check("made anew", &site.moved().await, &["stale stale-while-revalidate", "run", "kept stored"]);
    site.clock.advance(secs(61));
    site.answers(|| StatusCode::BAD_GATEWAY.into_response());
    site.get("/behind").await;
    ledger.check("in vain", &site.moved().await, &["stale stale-while-revalidate", "run", "not-stored status"]);
    site.get("/behind").await;
    ledger.check("not again at once", &site.moved().await, &["stale stale-while-revalidate"]);

    let mut site = Site::new();
    site.get("/if-error").await;
    site.clock.advance(secs(61));
    site.moved().await;
    site.answers(|| StatusCode::BAD_GATEWAY.into_response());
    site.get("/if-error").await;
    ledger.check("a failure", &site.moved().await, &["stale stale-if-error", "run", "not-stored status"]);
    site.get("/if-error").await;
    ledger.check("spared", &site.moved().await, &["stale stale-after-error"]);
}

pub(super) async fn backends(ledger: &mut Ledger) {
    let mut site = Site::new();
    site.get("/remote").await;
    ledger.check("a miss", &site.moved().await, &["forward uri-miss", "run", "kept stored"]);
    site.get("/remote").await;
    ledger.check("a hit", &site.moved().await, &["hit"]);
    site.chaos.script(Call::Get, [Fault::Damage]);
    site.get("/remote").await;
    ledger.check("damage", &site.moved().await, &["damaged", "forward uri-miss", "run", "kept stored"]);
    site.chaos.script(Call::Get, [Fault::Fail]);
    site.get("/remote").await;
    ledger.check("it cannot read", &site.moved().await, &["backend error", "forward backend", "run", "not-stored backend"]);
    site.clock.advance(secs(61));
    site.chaos.script(Call::Put, [Fault::Fail]);
    site.get("/remote").await;
    ledger.check("it cannot store", &site.moved().await, &["backend error", "forward stale", "run", "not-stored backend"]);

    let (clock, chaos) = (cached_handler::ManualClock::new(), Chaos::new());
    let cache = builder().clock(clock.clone()).backend("sick", chaos.clone()).build().await.unwrap();
    let mut site = Site::of(cache, clock, chaos);
    site.get("/remote").await;
    ledger.check("behind the answer", &site.moved().await, &["forward uri-miss", "run", "kept storing", "kept stored"]);
}

pub(super) async fn invalidations(ledger: &mut Ledger) {
    let (clock, chaos) = (cached_handler::ManualClock::new(), Chaos::new());
    let cache = builder().clock(clock.clone()).backend_with_epochs("sick", chaos.clone(), chaos.epochs()).build().await.unwrap();
    let mut site = Site::of(cache, clock, chaos);
    site.cache.expire(Target::all()).await.unwrap();
    ledger.check("expired", &site.moved().await, &["expiration"]);
    site.chaos.script(Call::Advance, [Fault::Fail]);
    site.cache.invalidate(Target::path("/a")).await.unwrap_err();
    ledger.check("a failure", &site.moved().await, &["backend error", "failed invalidation"]);
}
