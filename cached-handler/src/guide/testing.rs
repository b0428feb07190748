//! Testing: a cache and a clock per test, and a backend that fails on demand.
//!
//! ```standalone_crate
//! use std::time::Duration;
//!
//! use axum::{Router, body::Body, http::Request, response::Response, routing::get};
//! use cached_handler::{Target, cached, testing::{TestCache, assert_hit, assert_miss}};
//! use tower::ServiceExt;
//!
//! #[cached(ttl = 60, group = "greetings", uncached = hello_uncached)]
//! async fn hello() -> &'static str {
//!     "hello"
//! }
//!
//! async fn ask(app: &Router) -> Response {
//!     app.clone().oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap()
//! }
//!
//! #[tokio::main(flavor = "current_thread")]    // #[tokio::test]
//! async fn main() {
//!     let cache = TestCache::new();
//!     let app = Router::new().route("/", get(hello)).layer(cache.layer());
//!
//!     assert_miss!(ask(&app).await);
//!     assert_hit!(ask(&app).await);
//!     cache.clock().advance(Duration::from_secs(61));
//!     assert_miss!(ask(&app).await);
//!     cache.cache().invalidate(Target::group("greetings")).await.unwrap();
//!     assert_miss!(ask(&app).await);
//!     assert_eq!(hello_uncached().await, "hello");
//! }
//! ```
//!
//! # The rules
//!
//! - Switch on the feature `testing` under `[dev-dependencies]`.
//! - Each test makes its own [`TestCache`], so tests run in parallel. Its clock stands still until the test moves it,
//!   so nothing has to sleep. A response is stored before it is returned, so the next request finds it.
//! - [`assert_hit!`](crate::testing::assert_hit) and [`assert_miss!`](crate::testing::assert_miss) return the response,
//!   and print what the cache did if they fail; [`outcome_of`](crate::testing::outcome_of) has the reason.
//! - `#[invalidates]` handlers of the router invalidate in its cache only. The free functions (`invalidate_group` …)
//!   reach every cache of the process, including those of other tests: use `cache.cache().invalidate(…)`.
//! - `cache.beside(|builder| …)` is another cache on the same clock, for tests of several processes on one backend.
//! - `uncached = name` keeps the original function under a name, for unit tests to call.
//! - `CACHED_HANDLER=off` in the environment switches every cache of a process off: each answer is the handler's, field for
//!   field, as if there were neither attribute nor layer.
//!
//! # A failing backend
//!
//! [`Chaos`] is a store that fails, hangs, is slow, forgets or damages data, at random with a seed or call by call. Add
//! it to the test's cache under the name that the handlers use, and check that the application still answers:
//!
//! ```standalone_crate
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use cached_handler::{cached, testing::{Chaos, Fault, TestCache, assert_hit, assert_miss}};
//! use tower::ServiceExt;
//!
//! #[cached(ttl = 60, backend = "redis")]
//! async fn hello() -> &'static str {
//!     "hello"
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let redis = Chaos::new();
//! let cache = TestCache::with(|builder| builder.backend("redis", redis.clone()));
//! let app = Router::new().route("/", get(hello)).layer(cache.layer());
//! let get = || app.clone().oneshot(Request::get("/").body(Body::empty()).unwrap());
//!
//! assert_miss!(get().await.unwrap());
//! redis.suffers(Fault::Hang, 1.0);
//! assert_miss!(get().await.unwrap());     // within the time limit of the cache
//! redis.heals();
//! assert_hit!(get().await.unwrap());
//! # }
//! ```
//!
//! With `#[tokio::test(start_paused = true)]`, time limits pass at once. `examples/testing.rs` has a test of each kind.
//! A backend of your own is tested by [`conformance`](crate::backend::conformance), with the feature `testing`.
//!
//! # When not
//!
//! To test the content of a response you need no cache: call the `uncached` function. Use a cache to test its effects:
//! that a write shows at once, that no user gets the page of another, that a failure is not stored.
//!
//! # Errors that you may see
//!
//! | you see | cause, and what to type |
//! |---|---|
//! | `cannot find macro assert_hit` | `use cached_handler::testing::assert_hit;`, and the feature `testing` |
//! | `assert_miss!` fails only when other tests run | a free `invalidate_…` in the program, or the cache of the process: give the router `cache.layer()` |
//! | `no cached handler answered` | the request went to another route, or its handler has no `#[cached]` |
//! | never a hit, `unknown-backend` | the test's cache lacks the backend of the attribute: `TestCache::with(\|builder\| builder.backend("redis", Chaos::new()))` |
//!
//! [`TestCache`]: crate::testing::TestCache
//! [`Chaos`]: crate::testing::Chaos
