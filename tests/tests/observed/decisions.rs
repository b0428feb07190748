//! Each decision of the cache moves its counter, and no other: in `Cache::stats()`, and in the metrics. And `Cache-Status`
//! says it.

#[path = "../http/members.rs"]
mod members;
mod site;
mod stored;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
};

use self::{
    site::{Site, builder, says_its_outcome},
    stored::{backends, invalidations, responses_that_are_not_stored, stale_responses, streams},
};
use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::IntoResponse,
};
use cached_handler::{Bypass, Forward, NotStored, StaleUse, Target, secs, testing::Chaos};
use cached_handler_tests::harness::alone;
use tower::ServiceExt;

#[cfg(feature = "metrics")]
mod metrics {
    use std::collections::BTreeMap;

    use cached_handler_tests::recorder;

    /// The metrics by the names of the counters.
    pub fn now() -> BTreeMap<String, u64> {
        let mut now = BTreeMap::new();
        for (name, value) in recorder::installed().all() {
            if let Some(name) = counter(&name) {
                *now.entry(name).or_default() += value;
            }
        }
        now
    }

    pub fn are_described() {
        let recorder = recorder::installed();
        let undescribed: Vec<_> = recorder.registered().difference(&recorder.described()).cloned().collect();
        assert_eq!(undescribed, [""; 0]);
    }

    fn counter(name: &str) -> Option<String> {
        let (metric, labels) = name.split_once('{')?;
        let label = |wanted: &str| {
            let mut labels = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
            labels.find(|(name, _)| *name == wanted).map_or("", |(_, value)| value)
        };
        let words = match (metric.strip_prefix("cached_handler_")?, label("outcome"), label("effect"), label("result")) {
            ("stale_total", ..) => format!("stale {}", label("reason")),
            ("forwards_total", ..) => format!("forward {}", label("reason")),
            ("kept_total", ..) => format!("kept {}", label("kept")),
            ("not_stored_total", ..) => format!("not-stored {}", label("reason")),
            ("requests_total", outcome @ ("hit" | "collapsed"), ..) => outcome.to_owned(),
            ("run_seconds", ..) => "run".to_owned(),
            ("abandoned_total", ..) => "abandoned".to_owned(),
            ("damaged_total", ..) => "damaged".to_owned(),
            ("unused_total", ..) => "unused".to_owned(),
            ("invalidations_total", _, _, "error") => "failed invalidation".to_owned(),
            ("invalidations_total", _, "invalidate", _) => "invalidation".to_owned(),
            ("invalidations_total", ..) => "expiration".to_owned(),
            ("backend_operations_total", _, _, "error") => "backend error".to_owned(),
            _ => return None,
        };
        Some(words)
    }
}

/// Checks what has moved against what should have, each by one; and remembers it.
struct Ledger(BTreeSet<String>);

impl Ledger {
    #[track_caller]
    fn check(&mut self, what: &str, moved: &BTreeMap<String, u64>, expected: &[&str]) {
        let expected: BTreeMap<String, u64> = expected.iter().map(|name| ((*name).to_owned(), 1)).collect();
        assert_eq!(*moved, expected, "{what}");
        self.0.extend(expected.into_keys());
    }
}

#[tokio::test(start_paused = true)]
async fn each_decision_moves_its_counter_and_no_other() {
    // In a process of its own, so that nothing else moves a metric.
    if alone("decisions::each_decision_moves_its_counter_and_no_other").is_some() {
        return;
    }
    let mut ledger = Ledger(BTreeSet::new());
    hits_and_forwards(&mut ledger).await;
    bypasses(&mut ledger).await;
    responses_that_are_not_stored(&mut ledger).await;
    streams(&mut ledger).await;
    stale_responses(&mut ledger).await;
    panics(&mut ledger).await;
    backends(&mut ledger).await;
    invalidations(&mut ledger).await;
    #[cfg(feature = "metrics")]
    metrics::are_described();

    let unreached: Vec<String> = words_of_outcomes().difference(&ledger.0).cloned().collect();
    assert!(unreached.is_empty(), "reasons without a case above: add one for each of {unreached:?}");
}

async fn hits_and_forwards(ledger: &mut Ledger) {
    let mut site = Site::new();
    site.get("/plain/a").await;
    ledger.check("a miss", &site.moved().await, &["forward uri-miss", "run", "kept stored"]);
    site.get("/plain/a").await;
    ledger.check("a hit", &site.moved().await, &["hit"]);
    site.clock.advance(secs(61));
    site.get("/plain/a").await;
    ledger.check("stale", &site.moved().await, &["forward stale", "run", "kept stored"]);
    site.cache.invalidate(Target::group("g")).await.unwrap();
    ledger.check("an invalidation", &site.moved().await, &["invalidation"]);
    site.get("/plain/a").await;
    ledger.check("after it", &site.moved().await, &["forward invalidated", "run", "kept stored"]);
    site.send(Request::post("/plain/a")).await;
    ledger.check("POST", &site.moved().await, &["forward method", "run", "not-stored method", "invalidation"]);

    site.get("/honors").await;
    site.moved().await;
    site.send(Request::get("/honors").header("cache-control", "no-cache")).await;
    ledger.check("no-cache", &site.moved().await, &["forward request", "run", "kept stored"]);
    site.send(Request::get("/honors").header("cache-control", "no-store, no-cache")).await;
    ledger.check("no-store", &site.moved().await, &["forward request", "run", "not-stored request-no-store"]);
    site.answers(|| ([(header::CACHE_CONTROL, "max-age=60")], "text").into_response());
    site.send(Request::get("/honors").header("cache-control", "no-cache")).await;
    site.moved().await;
    site.clock.advance(secs(61));
    site.send(Request::get("/honors").header("cache-control", "max-stale=60")).await;
    ledger.check("max-stale", &site.moved().await, &["stale stale-accepted"]);
    site.send(Request::get("/honors").header("cache-control", "only-if-cached")).await;
    ledger.check("only-if-cached", &site.moved().await, &["forward request", "not-stored only-if-cached"]);
    site.send(Request::head("/skips")).await;
    ledger.check("HEAD", &site.moved().await, &["forward uri-miss", "run", "not-stored head"]);

    site.answers(|| ([(header::VARY, "accept"), (header::CACHE_CONTROL, "max-age=60")], "text").into_response());
    site.send(Request::get("/forwards").header("accept", "a")).await;
    ledger.check("a first variant", &site.moved().await, &["forward uri-miss", "run", "kept stored"]);
    for variant in 0..63 {
        site.send(Request::get("/forwards").header("accept", format!("b{variant}"))).await;
    }
    site.moved().await;
    site.send(Request::get("/forwards").header("accept", "c")).await;
    ledger.check("one variant too many", &site.moved().await, &["forward vary-miss", "run", "not-stored too-many-variants"]);

    let mut site = Site::new();
    site.answers(|| ([(header::ETAG, "\"a\""), (header::CACHE_CONTROL, "max-age=60")], "text").into_response());
    site.get("/forwards").await;
    site.clock.advance(secs(61));
    site.moved().await;
    site.answers(|| (StatusCode::NOT_MODIFIED, [(header::ETAG, "\"a\""), (header::CACHE_CONTROL, "max-age=60")]).into_response());
    site.get("/forwards").await;
    ledger.check("a 304", &site.moved().await, &["forward stale", "run", "kept freshened"]);

    let mut site = Site::new();
    let is_first = AtomicBool::new(true);
    site.answers(move || {
        let status = if is_first.swap(false, Ordering::SeqCst) { StatusCode::ACCEPTED } else { StatusCode::OK };
        (status, "text").into_response()
    });
    tokio::join!(site.get("/apart"), site.get("/apart"));
    let expected = [("forward uri-miss", 2), ("run", 2), ("kept stored", 1), ("not-stored overtaken", 1)];
    assert_eq!(site.moved().await, expected.map(|(name, count)| (name.to_owned(), count)).into());
    ledger.0.insert("not-stored overtaken".to_owned());

    let mut site = Site::new();
    let (a, b) = tokio::join!(site.get("/plain/a"), site.get("/plain/a"));
    assert!(says_its_outcome(&b).contains(&("collapsed".to_owned(), "true".to_owned())));
    drop(a);
    let moved = site.moved().await;
    let expected = [("forward uri-miss", 2), ("run", 1), ("kept stored", 1), ("collapsed", 1)];
    assert_eq!(moved, expected.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(), "two at once");
}

async fn bypasses(ledger: &mut Ledger) {
    let mut site = Site::new();
    let long = format!("/plain/{}", "x".repeat(9 << 10));
    let both = "/forwards";
    let requests = [
        ("key-too-long", Request::get(long.as_str())),
        ("rejected-argument", Request::get("/rejected?page=x")),
        ("extractor-in-extension", Request::get("/carried")),
        ("fields-unseen", Request::get("/unseen").header("origin", "http://a")),
        ("upgrade", Request::get(both).header("upgrade", "websocket").header("connection", "upgrade")),
        ("ambiguous-authority", Request::get(both).header("host", "a").header("host", "b")),
        ("unknown-backend", Request::get("/nowhere")),
        ("condition", Request::get("/left-alone").header("x-mine", "1")),
    ];
    for (reason, request) in requests {
        site.send(request).await;
        ledger.check(reason, &site.moved().await, &[&format!("forward {reason}"), "run", "not-stored bypass"]);
    }
    site.answers(|| ([(header::CACHE_CONTROL, "no-store")], "text").into_response());
    site.get("/forwards").await;
    site.moved().await;
    site.send(Request::get("/forwards").header("range", "bytes=0-1")).await;
    ledger.check("range", &site.moved().await, &["forward range", "run", "not-stored bypass"]);
    let with_content = Request::get("/forwards").header("content-length", "1").body(Body::from("x")).unwrap();
    says_its_outcome(&site.router.clone().oneshot(with_content).await.unwrap());
    ledger.check("content", &site.moved().await, &["forward content", "run", "not-stored bypass"]);

    site.answers(|| ([(header::CACHE_CONTROL, "max-age=60")], "text").into_response());
    site.get("/forwards").await;
    site.moved().await;
    site.send(Request::get("/forwards").header("cookie", "a=b")).await;
    ledger.check("credentials", &site.moved().await, &["forward credentials", "run", "not-stored credentials"]);

    let cache = builder().off().build().await.unwrap();
    let mut site = Site::of(cache, cached_handler::ManualClock::new(), Chaos::new());
    site.send_unsaid(Request::get("/plain/a")).await;
    ledger.check("off", &site.moved().await, &["forward off", "run", "not-stored bypass"]);
}

async fn panics(ledger: &mut Ledger) {
    let mut site = Site::new();
    site.get("/behind").await;
    site.get("/inline").await;
    site.clock.advance(secs(61));
    site.moved().await;
    site.answers(|| panic!("as the test wants it"));
    site.get("/behind").await;
    ledger.check("behind an answer", &site.moved().await, &["stale stale-while-revalidate", "run", "not-stored panicked"]);

    site.get("/inline").await;
    ledger.check("in place of one", &site.moved().await, &["stale stale-if-error", "run", "not-stored panicked"]);

    let router = site.router.clone();
    let request = Request::get("/plain/a").body(Body::empty()).unwrap();
    let outcome = tokio::spawn(async move { router.oneshot(request).await.map(drop) }).await;
    assert!(outcome.is_err_and(|error| error.is_panic()), "it is the server's, as it would be without a cache");
    ledger.check("a panic", &site.moved().await, &["forward uri-miss", "run", "not-stored panicked"]);

    let mut site = Site::new();
    site.answers(|| StatusCode::REQUEST_TIMEOUT.into_response());
    let left = tokio::time::timeout(secs(1), site.get("/inline")).await;
    assert!(left.is_err());
    ledger.check("a client who leaves", &site.moved().await, &["run", "abandoned"]);
}

/// Every word that an outcome can say: a new reason needs a case here.
fn words_of_outcomes() -> BTreeSet<String> {
    let reasons = [("forward", Forward::WORDS), ("forward", Bypass::WORDS), ("not-stored", NotStored::WORDS), ("stale", StaleUse::WORDS)];
    let words = reasons.into_iter().flat_map(|(kind, words)| words.iter().map(move |word| format!("{kind} {word}")));
    let mut words: BTreeSet<String> = words.collect();
    assert!(words.len() > 40, "{words:?}");
    // What RFC 9211 calls all of them; each is counted by its own word.
    words.remove("forward bypass");
    // Of the layer alone, which has tests of its own.
    words.remove("not-stored cached-inside");
    words
}
