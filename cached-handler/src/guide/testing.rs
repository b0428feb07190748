//! Testing: a cache and a clock for each test, and a backend that is sick on purpose.
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
//! - The feature `testing`, under `[dev-dependencies]`.
//! - [`TestCache`] is fresh for each test, so tests run side by side. Its clock stands still until the test moves it:
//!   nothing sleeps. A response is stored before its answer is there, so the next request finds it.
//! - [`assert_hit!`](crate::testing::assert_hit) and [`assert_miss!`](crate::testing::assert_miss) give the response
//!   back, and say what the cache did where they fail; [`outcome_of`](crate::testing::outcome_of) has the reason.
//! - `#[invalidates]` handlers of the router invalidate in its cache alone. The free functions (`invalidate_group` …)
//!   reach every cache of the process, those of tests beside this one too: use `cache.cache().invalidate(…)`.
//! - `cache.beside(|builder| …)` is another cache on the same clock: for tests of several processes on one backend.
//! - `uncached = name` gives the function as you wrote it a name, to call it in a unit test.
//! - `CACHED_HANDLER=off` in the environment switches every cache of a process off.
//!
//! # A sick backend
//!
//! [`Chaos`] is a store that fails, hangs, is slow, forgets or damages what it is given, by chance with a seed or call
//! by call. Give it to the test's cache under the name that handlers use, and see that the application answers as it
//! should:
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
//! assert_miss!(get().await.unwrap());     // within the cache's limit of time
//! redis.heals();
//! assert_hit!(get().await.unwrap());
//! # }
//! ```
//!
//! With `#[tokio::test(start_paused = true)]` what hangs is waited for at once. `examples/testing.rs` has a test of
//! each kind. A backend of your own is tested by [`conformance`](crate::backend::conformance).
//!
//! # When not
//!
//! A test of what the handler answers needs no cache: call its `uncached` function. Test with a cache what follows from
//! it: that a write shows at once, that one user does not get another's page, that a failure is not remembered.
//!
//! # Errors that a reader meets
//!
//! | you see | because, and what to type |
//! |---|---|
//! | `cannot find macro assert_hit` | `use cached_handler::testing::assert_hit;`, and the feature `testing` |
//! | `assert_miss!` fails only beside other tests | a free `invalidate_…` in the program, or the process's cache: give the router `cache.layer()` |
//! | `no cached handler answered` | the route is another, or its handler has no `#[cached]` |
//! | a hit never comes, `unknown-backend` | the test's cache lacks what the attribute names: `TestCache::with(|builder| builder.backend("redis", Chaos::new()))` |
//!
//! [`TestCache`]: crate::testing::TestCache
//! [`Chaos`]: crate::testing::Chaos
