//! The test kit for applications: a fresh cache per test, a clock set by hand, assertions on what the cache did, and a store with
//! injected faults ([`Chaos`]).
//!
//! ```
//! use std::time::Duration;
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use cached_handler::{cached, testing::{assert_hit, assert_miss, TestCache}};
//! use tower::ServiceExt;
//!
//! #[cached(ttl = 60)]
//! async fn hello() -> &'static str { "hello" }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let cache = TestCache::new();
//! let app = Router::new().route("/", get(hello)).layer(cache.layer());
//! let get = || app.clone().oneshot(Request::get("/").body(Body::empty()).unwrap());
//!
//! assert_miss!(get().await.unwrap());
//! assert_hit!(get().await.unwrap());
//! cache.clock().advance(Duration::from_secs(61));
//! assert_miss!(get().await.unwrap());
//! # }
//! ```

mod chaos;

use axum::Extension;

pub use self::chaos::{Call, Chaos, ChaosEpochs, Fault, Shelf};
#[doc(inline)]
pub use crate::{__assert_hit as assert_hit, __assert_miss as assert_miss};
use crate::{
    cache::{Cache, CacheBuilder},
    outcome::Outcome,
    util::clock::ManualClock,
};

/// A separate cache for one test, with a clock that stands still.
///
/// Handlers with `#[invalidates]` behind its router invalidate in this cache alone. The free functions (`invalidate_group` …) reach
/// every cache of the process, including those of tests that run in parallel.
#[derive(Debug, Clone)]
pub struct TestCache {
    cache: Cache,
    clock: ManualClock,
}

impl TestCache {
    /// A fresh cache with the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// A fresh cache with further settings.
    ///
    /// ```
    /// # use cached_handler::testing::TestCache;
    /// let small = TestCache::with(|builder| builder.memory(1 << 20));
    /// ```
    ///
    /// # Panics
    ///
    /// Where the settings are wrong.
    #[must_use]
    pub fn with(set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        Self::on(ManualClock::new(), set)
    }

    fn on(clock: ManualClock, set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        let (cache, complaints) = set(Cache::builder()).clock(clock.clone()).isolated().on().finish();
        assert!(complaints.is_empty(), "the cache is set up wrongly: {complaints:?}");
        Self { cache, clock }
    }

    /// Another cache with the same clock: for tests of several processes that share a backend, with a cache for each process.
    ///
    /// ```
    /// # use cached_handler::testing::{Chaos, TestCache};
    /// let redis = Chaos::new();
    /// let one = TestCache::with(|builder| builder.backend("redis", redis.clone()));
    /// let other = one.beside(|builder| builder.backend("redis", redis.clone()));
    /// ```
    ///
    /// # Panics
    ///
    /// Where the settings are wrong.
    #[must_use]
    pub fn beside(&self, set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        Self::on(self.clock.clone(), set)
    }

    /// The layer that gives the cache to a router: `.layer(cache.layer())`.
    pub fn layer(&self) -> Extension<Cache> {
        Extension(self.cache.clone())
    }

    /// The cache, to invalidate or to drain.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }
}

impl Default for TestCache {
    fn default() -> Self {
        Self::new()
    }
}

/// What the cache did for a response.
///
/// # Panics
///
/// If no cached handler answered.
pub fn outcome_of<B>(response: &http::Response<B>) -> &Outcome {
    #[expect(clippy::expect_used, reason = "this is an assertion")]
    response.extensions().get::<Outcome>().expect("no handler with `#[cached]` answered this request")
}

/// Asserts that a response came from the cache, and returns it.
#[doc(hidden)]
#[macro_export]
macro_rules! __assert_hit {
    ($response:expr $(,)?) => {{
        let response = $response;
        let outcome = $crate::testing::outcome_of(&response);
        assert!(matches!(outcome, $crate::Outcome::Hit { .. }), "expected a hit, but it was {outcome}");
        response
    }};
}

/// Asserts that the handler ran for a response, and returns it.
#[doc(hidden)]
#[macro_export]
macro_rules! __assert_miss {
    ($response:expr $(,)?) => {{
        let response = $response;
        let outcome = $crate::testing::outcome_of(&response);
        assert!(matches!(outcome, $crate::Outcome::Forward { .. }), "expected a miss, but it was a {outcome}");
        response
    }};
}
