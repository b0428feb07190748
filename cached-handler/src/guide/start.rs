//! Start: from a handler to a cached one, and how to see that it is.
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
//! # The rules
//!
//! - `square` stays a handler: `get(square)`, `Router`, `State`, `#[debug_handler]`, `#[instrument]`, doc comments,
//!   generics and `?` work as before, and a mistake in the body is reported in the body. It may have 16 arguments.
//! - Only GET and HEAD are cached. `ttl` is required.
//! - Nothing has to be set up: responses are kept in the memory of the process, at most 64 MiB of them.
//! - With a `ttl`, the statuses 200, 203, 301 and 308 are stored, whether they come as `Ok` or `Err`. Failures never
//!   are.
//! - Everything that the handler takes is in the key, or it does not compile: see [keys](super::keys).
//!
//! # Did it work?
//!
//! Ask twice with `curl -i`: a hit has the field `Age`, as long as nothing changed. What the cache did is said in three
//! places:
//!
//! - an [`Outcome`] in the response's extensions, for layers and tests. Hits have it too with
//!   [`outcome_on_hits`](crate::CacheBuilder::outcome_on_hits);
//! - an event of [`tracing`](https://docs.rs/tracing) with the target `cached_handler`:
//!   `RUST_LOG=cached_handler=debug`;
//! - the field `Cache-Status` (RFC 9211), once it is switched on. It tells every client what was asked before, so it is
//!   off.
//!
//! What was not stored says why, and what to type: see [errors](super::errors).
//!
//! # What can be set up
//!
//! ```
//! use cached_handler::{Cache, Error};
//!
//! async fn set_up() -> Result<(), Error> {
//!     // Before the server starts.
//!     Cache::builder().memory(256 << 20).cache_status("shop").build().await?.install()
//! }
//! ```
//!
//! `install` makes it the cache of the process. A router may have one of its own, by `.layer(Extension(cache))`.
//!
//! What one handler rarely needs is a constant, checked when it is compiled:
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
//! # The attribute
//!
//! What [`#[cached]`](macro@crate::cached) and [`#[invalidates]`](macro@crate::invalidates) may say is in a table each.
//! Where the attribute stands among others does not matter; those that are macros are applied to the function as you
//! wrote it.
//!
//! OpenAPI: with `utoipa`, put `#[utoipa::path]` above or below `#[cached]`. With `aide`, a cached handler is no
//! `OperationHandler`, as its first argument carries what the cache needs. Document the function as you wrote it, which
//! `uncached` names, in a router of its own, and serve the cached one:
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
//! or put a [layer](super::layer_and_values) around the route: `get_with(show, describe).layer(CacheLayer::new("show",
//! secs(60)))`.
//!
//! # When not
//!
//! - What differs with every request: a random number, the time, a nonce for a Content-Security-Policy.
//! - Handlers that write: they want `#[invalidates]`, see [invalidation](super::invalidation).
//! - Methods of trait impls: their signature must not change. Call a free function from there, or use
//!   [values](super::layer_and_values).
//! - To memoize functions that are no handlers, take a crate for that.
//!
//! # Errors that a reader meets
//!
//! | you see | because, and what to type |
//! |---|---|
//! | `` `ttl` is missing `` | give one, or `ttl = from_response` where responses say it themselves |
//! | `… does not say what it adds to the key` | [keys](super::keys) has what to type for each argument |
//! | `future cannot be sent between threads safely` | the run has a task of its own; keep it in the request's by `collapse = "inline"` |
//! | `install` returns an error | a request came before it, or a handler names a backend that this cache does not have |
//!
//! [`Outcome`]: crate::Outcome
