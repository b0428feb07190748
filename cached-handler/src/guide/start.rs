//! Start: cache a handler, and check that it works.
//!
//! ```
//! use axum::{Router, extract::Path, routing::get};
//! use cached_handler::cached;
//!
//! #[cached(ttl = 60)]
//! async fn square(Path(number): Path<u64>) -> String {
//!     (number * number).to_string()
//! }
//!
//! fn app() -> Router {
//!     Router::new().route("/squares/{number}", get(square))
//! }
//! ```
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! cached-handler = "0.1"
//!
//! [dev-dependencies]
//! cached-handler = { version = "0.1", features = ["testing"] }
//! ```
//!
//! Until 0.1.0 is on crates.io, write `cached-handler = { git = "https://github.com/cached-handler/cached-handler" }`,
//! or the `path` of a clone.
//!
//! # The rules
//!
//! - `square` is still a handler: `get(square)`, `Router`, `State`, `#[instrument]`, doc comments, generics and `?`
//!   work as before, and a mistake in the body is reported in the body. It may take up to 16 arguments.
//! - Put `#[debug_handler]` below `#[cached]` and `#[invalidates]`.
//! - Only GET and HEAD are cached. `ttl` is required.
//! - No setup is needed: responses are kept in the memory of the process, up to 64 MiB.
//! - With a `ttl`, the statuses 200, 203, 301 and 308 are stored, whether they come from `Ok` or `Err`. Failures are
//!   never stored.
//! - Every argument is part of the key, or the handler does not compile: see [keys](super::keys).
//!
//! # Only for visitors who are not logged in
//!
//! Most pages of a shop or a forum are the same for all visitors, and different for each user who is logged in. With `bypass`, some
//! requests have nothing to do with the cache: if its condition holds, the handler runs as if there were no cache. No stored response
//! is used, nothing is stored, the request does not wait for another's run, and the answer is sent as the handler made it, without
//! `Cache-Control`, `ETag` or `Vary` of this crate.
//!
//! By a cookie (feature `axum-extra`). All other cookies, such as those of an analytics script, change nothing:
//!
//! ```text
#![doc = include_str!("../../recipes/cookies.rs")]
//! ```
//!
//! With tower-sessions, whose accessors are async, by an extractor of your own:
//!
//! ```text
#![doc = include_str!("../../recipes/tower_sessions.rs")]
//! ```
//!
//! With axum-login:
//!
//! ```text
#![doc = include_str!("../../recipes/axum_login.rs")]
//! ```
//!
//! A condition is any expression over the arguments, which are references there: `bypass(user.is_some(), *preview)`. It does not change
//! the key: what the arguments show is still in it, unless they are in `skip(…)`. With `skip`, cookies, sessions and credentials that a
//! condition mentions do not make a request bypass the cache: **the page of all others must not depend on them**. A value whose type
//! declares `private` still bypasses the cache if no condition holds, as with `bypass(user.is_admin), skip(user)`. This does not apply to
//! an argument with all fields (`HeaderMap`, `Parts`, `Request`): if that is skipped, requests with credentials bypass the cache; if
//! nothing in it matters, type `skip_credentials(headers)`.
//!
//! The extractors still run, so a session that has ended, or was made up, does not count. A page that bypasses the cache has the
//! `Cache-Control` of your handler: set `private` or `no-store` if a CDN is in front of it. [Layers](super::layer_and_values) and
//! [values](crate::ValueOptions::bypass) have `bypass` too.
//!
//! # Your existing tests: one line
//!
//! Tests of one process share its cache, so that one finds what another has stored, and none of their failures mentions a
//! cache. Give each router that a test makes a cache of its own, where the harness makes it (feature `testing`, under
//! `[dev-dependencies]`):
//!
//! ```
//! # use axum::Router;
//! # fn app() -> Router { Router::new() }
//! use cached_handler::testing::TestCache;
//!
//! let app = app().layer(TestCache::new().layer());
//! ```
//!
//! Or switch every cache off, as if no handler had the attribute: each answer is the handler's, field for field.
//!
//! ```text
//! CACHED_HANDLER=off cargo test
//! ```
//!
//! In `.cargo/config.toml` this holds for all who test (and for `cargo run`):
//!
//! ```toml
//! [env]
//! CACHED_HANDLER = "off"
//! ```
//!
//! # Did it work?
//!
//! Switch on `Cache-Status` (RFC 9211) while you develop, as the examples do:
//!
//! ```
//! use cached_handler::{Cache, Error};
//!
//! async fn set_up() -> Result<(), Error> {
//!     // Before the server starts.
//!     Cache::builder().cache_status("dev").build().await?.install()
//! }
//! ```
//!
//! Then send the request twice with `curl -i`. The first answer has `cache-status: dev; fwd=uri-miss; stored`, the
//! second `cache-status: dev; hit; ttl=…` and `age: …`. The field is off by default because it tells every client
//! whether the page was requested before. There are two other ways to find out:
//!
//! - Events of [`tracing`](https://docs.rs/tracing), with the target `cached_handler`. They need a subscriber: add
//!   `tracing-subscriber = { version = "0.3", features = ["env-filter"] }`, call `tracing_subscriber::fmt::init()` at
//!   the start of `main`, and run with `RUST_LOG=cached_handler=trace`. Hits are at `trace`, everything else at `debug` or
//!   above.
//! - An [`Outcome`] in the extensions of the response, for layers and tests. Hits have one too with
//!   [`outcome_on_hits`](crate::CacheBuilder::outcome_on_hits).
//!
//! If a response is not stored, all three say why: see [errors](super::errors).
//!
//! # Settings
//!
//! ```
//! use cached_handler::{Cache, Error};
//!
//! async fn set_up() -> Result<(), Error> {
//!     Cache::builder().memory(256 << 20).build().await?.install()
//! }
//! ```
//!
//! `install` makes this the cache of the process, and reports every handler whose backend is not set up. Without
//! `install`, such a handler just runs, and only the log says why. A router can have a cache of its own:
//! `.layer(Extension(cache))`.
//!
//! Less common settings of a handler go into a constant, which is checked at compile time:
//!
//! ```
//! use cached_handler::{Policy, cached, secs};
//!
//! const ARTICLE: Policy = Policy::new().status(404, secs(5)).max_body(4 << 20);
//!
//! #[cached(ttl = "5m", policy = ARTICLE)]
//! async fn article() -> &'static str {
//!     "long"
//! }
//! ```
//!
//! What all handlers have in common is said once, for the whole cache. Each setting that a handler's own policy makes comes
//! first:
//!
//! ```
//! use cached_handler::{Cache, ETag, Error, Policy};
//!
//! const DEFAULTS: Policy = Policy::new().etag(ETag::Weak).max_body(4 << 20).without_cache_control();
//!
//! async fn set_up() -> Result<(), Error> {
//!     Cache::builder().policy(DEFAULTS).build().await?.install()
//! }
//! ```
//!
//! The attribute takes a number of seconds or text such as `"5m"`. Functions take a [`Duration`](std::time::Duration),
//! for which [`secs(60)`](crate::secs) is short.
//!
//! # The attribute
//!
//! [`#[cached]`](macro@crate::cached) and [`#[invalidates]`](macro@crate::invalidates) each list their arguments in a
//! table. Other attributes may stand above or below, except `#[debug_handler]`, which goes below. Attributes that are
//! macros, and `#[debug_handler]`, see the function as you wrote it.
//!
//! OpenAPI: with `utoipa`, put `#[utoipa::path]` above or below `#[cached]`. With `aide`, a cached handler is not an
//! `OperationHandler`, because its first argument also carries what the cache needs. Document the original function,
//! which `uncached` names, in a router of its own, and serve the cached one:
//!
//! ```text
//! #[cached(ttl = 60, uncached = show_uncached)]
//! async fn show(Path(id): Path<u64>) -> Json<Article> { … }
//!
//! let _: Router<App> = ApiRouter::new()
//!     .api_route("/articles/{id}", get_with(show_uncached, describe))
//!     .finish_api(&mut api);
//! let app = Router::new().route("/articles/{id}", get(show));
//! ```
//!
//! Or put a [layer](super::layer_and_values) around the route: `get_with(show, describe).layer(CacheLayer::new("show",
//! secs(60)))`.
//!
//! # When not
//!
//! - Responses that differ on every request: a random number, the time, a nonce for a Content-Security-Policy.
//! - Handlers that write: use `#[invalidates]`, see [invalidation](super::invalidation).
//! - Methods of trait impls: the attribute changes the signature. Call a free function, or use
//!   [values](super::layer_and_values).
//! - Memoizing functions that are not handlers: other crates do that.
//!
//! # Errors that you may see
//!
//! | you see | cause, and what to type |
//! |---|---|
//! | `` `ttl` is missing `` | `ttl = 60`, or `ttl = from_response` if responses state their own freshness |
//! | `… does not say what it adds to the key` | [keys](super::keys) says what to type for each argument |
//! | `… needs the feature …`, `switch on the feature …` | add it to `features = […]` in Cargo.toml |
//! | `future cannot be sent between threads safely` | something that is not `Send`, such as an `Rc` or a lock guard, is held across an `.await`: drop it before, in a block of its own. In a handler that is generic over a trait with `async fn`s: `collapse = "inline"`, or promise `Send` in the trait |
//! | `expected PassedByAxum<…>`, `PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow<…> is missing` | you call a handler with `#[cached]` or `#[invalidates]` as a function: add `uncached = name` to the attribute and call `name`. Or `#[debug_handler]` stands above the attribute: move it below |
//! | `method … has 1 parameter but the declaration in trait … has 0`, `method … has an incompatible type for trait` | the attribute stands on a method of a trait impl, whose signature it changes: put it on a free function that calls the method |
//! | `cannot find function …` at `uncached = …` | the handler is in an `impl`, and so is what `uncached` names: type `uncached = Self::name` |
//! | `… cannot stand in a template: it has no Display` | type a field of it, `{id.0}` or `{user.id}`, or take the argument apart: `Path(id): Path<u64>` |
//! | `install` returns an error | a request came first, or a handler names a backend that this cache does not have |
//!
//! [`Outcome`]: crate::Outcome
