//! What a cache says of itself: `Cache::stats()`, and the handlers of the program.

#[cfg(feature = "metrics")]
use std::collections::BTreeSet;

use axum::{Router, body::Body, extract::Request, response::Response, routing::get};
use cached_handler::{
    Cache, cached, secs,
    testing::{Chaos, Fault, TestCache},
};
use cached_handler_tests::harness::{ask, text};
#[cfg(feature = "metrics")]
use cached_handler_tests::{harness::alone, recorder};
use tower::ServiceExt;

#[cached(ttl = 60)]
async fn plain() -> &'static str {
    "well"
}

#[cached(ttl = from_response, vary = from_response)]
async fn forwards(_request: Request) {}

#[cached(ttl = 60, stale_while_revalidate = 30)]
async fn behind() {}

/// An argument that is not in the key could upgrade the connection.
#[cached(ttl = 60, backend = "sick", skip(_site))]
async fn remote(_site: Cache) -> &'static str {
    "far"
}

struct Site {
    cache: TestCache,
    router: Router,
}

impl Site {
    fn new() -> Self {
        Self::of(TestCache::new())
    }

    fn of(cache: TestCache) -> Self {
        let router = Router::new()
            .route("/plain/{*rest}", get(plain))
            .route("/forwards", get(forwards))
            .route("/behind", get(behind))
            .route("/remote", get(remote))
            .layer(cache.layer());
        Self { cache, router }
    }

    async fn get(&self, target: &str) -> Response {
        ask(&self.router, target).await
    }

    fn stats(&self) -> cached_handler::Stats {
        self.cache.cache().stats()
    }
}

#[tokio::test]
async fn requests_are_hits_and_stale_answers_and_forwards() {
    let site = Site::new();
    for _ in 0..3 {
        assert_eq!(text(site.get("/plain/a").await).await, "well");
    }
    let stats = site.stats();
    assert_eq!((stats.requests(), stats.hits, stats.memory_responses), (3, 2, 1));
    assert!(stats.memory_bytes > 0);
}

#[tokio::test]
async fn evictions_are_counted_and_what_is_replaced_is_not_one() {
    let cache = TestCache::with(|builder| builder.memory(8 << 10));
    let site = Site::of(cache);
    for at in 0..50 {
        site.get(&format!("/plain/{at}")).await;
    }
    let stats = site.stats();
    assert_eq!(stats.evictions + stats.memory_responses, 50, "{stats:?}");
    assert!(stats.memory_bytes <= 8 << 10);

    let cache = TestCache::new();
    let site = Site::of(cache);
    for _ in 0..5 {
        site.get("/plain/a").await;
        site.cache.clock().advance(secs(61));
    }
    assert_eq!((site.stats().evictions, site.stats().memory_responses), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_breaker_is_counted_until_it_closes() {
    let sick = Chaos::new();
    let site = Site::of(TestCache::with(|builder| builder.backend("sick", sick.clone())));
    sick.suffers(Fault::Fail, 1.0);
    for _ in 0..10 {
        assert_eq!(text(site.get("/remote").await).await, "far");
    }
    let stats = site.stats();
    assert_eq!((stats.breakers_open, stats.backend_errors), (1, 5), "{stats:?}");
    assert!(stats.backend_spared >= 5, "{stats:?}");
    sick.heals();
    tokio::time::sleep(secs(60)).await;
    assert_eq!(site.stats().breakers_open, 0);
}

#[tokio::test]
async fn a_request_that_is_bypassed_costs_its_backend_nothing() {
    let site = Site::of(TestCache::with(|builder| builder.backend("sick", Chaos::new())));
    let upgrade = Request::get("/remote").header("connection", "upgrade").header("upgrade", "websocket");
    let Ok(response) = site.router.clone().oneshot(upgrade.body(Body::empty()).unwrap()).await;
    assert_eq!(text(response).await, "far");
    let stats = site.stats();
    assert_eq!((stats.backend_calls, stats.forwards.get("upgrade")), (0, Some(&1)), "{stats:?}");
    site.get("/remote").await;
    assert!(site.stats().backend_calls > 0);
}

#[tokio::test]
async fn each_cache_counts_for_itself() {
    let (first, second) = (Site::new(), Site::new());
    first.get("/plain/a").await;
    assert_eq!((first.stats().requests(), second.stats().requests()), (1, 0));
}

#[tokio::test]
async fn the_program_lists_its_handlers() {
    let handlers = cached_handler::handlers();
    let plain = handlers.iter().find(|handler| handler.label == "observed::stats::plain").unwrap();
    assert_eq!((plain.label, plain.module, plain.backend), ("observed::stats::plain", "observed::stats", None));
    assert_eq!((plain.ttl, plain.varies_from_response), (Some(secs(60)), false));
    assert!(plain.file.ends_with("stats.rs") && plain.line > 0);
    let forwards = handlers.iter().find(|handler| handler.label == "observed::stats::forwards").unwrap();
    assert_eq!((forwards.ttl, forwards.varies_from_response), (None, true));
    let behind = handlers.iter().find(|handler| handler.label == "observed::stats::behind").unwrap();
    assert_eq!(behind.stale_while_revalidate, secs(30));
    let line = behind.to_string();
    assert!(
        line.starts_with("observed::stats::behind (")
            && line.ends_with("default backend, fresh for 60s, stale for 30s while it is made anew"),
        "{line}"
    );
    assert!(handlers.is_sorted_by_key(|handler| handler.label));
}

/// In a process of its own, as a process has one recorder.
#[cfg(feature = "metrics")]
#[tokio::test]
async fn the_guide_has_every_metric_and_no_other() {
    if alone("stats::the_guide_has_every_metric_and_no_other").is_some() {
        return;
    }
    let recorder = recorder::installed();
    Site::new().get("/plain/a").await;
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../cached-handler/src/guide/operating.rs");
    let guide = std::fs::read_to_string(guide).unwrap();
    let names = guide.split("`cached_handler_").skip(1).filter_map(|rest| rest.split('`').next());
    let guide: BTreeSet<_> = names.map(|name| format!("cached_handler_{name}")).collect();
    assert_eq!(recorder.described(), guide);
}
