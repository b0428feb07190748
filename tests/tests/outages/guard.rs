//! What stands between requests and a backend: invalidations that fail are retried, whatever else fails beside them; the
//! end of a process waits for them; and whichever runtime calls, there is one that probes and retries (laws L4 and L6).

mod bounded;
mod drain;
mod poison;
mod runtimes;
mod silence;
mod together;
mod trial;

use std::time::Duration;

use axum::{Router, routing::get};
use cached_handler::{
    Target, cached, invalidates,
    testing::{Call, Chaos, Fault, TestCache},
};
use cached_handler_tests::{harness::ask, log::Log};

/// What an invalidation may take.
const ADVANCE: Duration = Duration::from_secs(1);
/// What tokio's timers round up to.
const TICKS: Duration = Duration::from_millis(5);

#[cached(ttl = 3600, backend = "sick", group = "page")]
async fn page() -> &'static str {
    "page"
}

/// What was written is committed; its answer never comes.
#[invalidates(group = "page")]
async fn commits() -> &'static str {
    std::future::pending().await
}

struct Site {
    chaos: Chaos,
    cache: TestCache,
    router: Router,
}

impl Site {
    fn new() -> Self {
        Self::with(Chaos::new(), |builder, chaos| builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs()))
    }

    fn with(chaos: Chaos, set: impl FnOnce(cached_handler::CacheBuilder, &Chaos) -> cached_handler::CacheBuilder) -> Self {
        let cache = TestCache::with(|builder| set(builder, &chaos));
        let router = Router::new().route("/", get(page).post(commits)).layer(cache.layer());
        Self { chaos, cache, router }
    }

    async fn is_hit(&self) -> bool {
        let hits = self.cache.cache().stats().hits;
        ask(&self.router, "/").await;
        self.cache.cache().stats().hits > hits
    }

    async fn invalidates(&self, group: &str) -> bool {
        self.cache.cache().invalidate(Target::group(group)).await.is_ok()
    }

    fn circuit_breaker_is_open(&self) -> bool {
        self.cache.cache().stats().breakers_open == 1
    }

    async fn fails_until_it_opens(&self) {
        while !self.circuit_breaker_is_open() {
            self.chaos.script(Call::Get, [Fault::Fail]);
            assert!(!self.is_hit().await);
        }
    }

    fn advances(&self) -> u64 {
        self.chaos.calls(Call::Advance)
    }
}
