//! Collapse and staleness: one run for many requests, and answers that nobody waits for.
//!
//! ```
//! use axum::{extract::Path, http::StatusCode};
//! use cached_handler::{Policy, cached, secs};
//!
//! const PRICE: Policy = Policy::new().timeout(secs(2));
//!
//! #[cached(ttl = 60, stale_while_revalidate = "1m", stale_if_error = "1d", policy = PRICE)]
//! async fn price(Path(id): Path<u64>) -> Result<String, StatusCode> {
//!     ask_the_exchange(id).await.ok_or(StatusCode::BAD_GATEWAY)
//! }
//! # async fn ask_the_exchange(id: u64) -> Option<String> { Some(id.to_string()) }
//! ```
//!
//! # Collapse
//!
//! Concurrent requests for one key wait for one run of the handler. It is on by default, and:
//!
//! - the run is a task of its own: the client who began it may leave, and a slow one slows nobody;
//! - what turns out to be nobody else's (`Set-Cookie`, say) is given to nobody else, and its key is passed by at once
//!   for the next 30 seconds, so that uncacheable requests do not queue;
//! - a follower waits for at most five seconds, then it runs for itself; a run older than 30 seconds gives up its key;
//! - a run that panics or fails is its own request's matter; of a key that fails, four runs are tried at a time;
//! - a run that asks for its own key does not wait for itself;
//! - a follower that came after an invalidation joins no run from before it.
//!
//! `Policy::collapse(Collapse::Inline)` keeps the run in the task of the request, for the sake of task-locals;
//! `collapse = "inline"` in the attribute does so for a handler whose future cannot be sent to another task.
//! `Collapse::Off` lets everybody run. The tracing span of the request goes along into the run in each case.
//!
//! Runs may outlive the last client. [`Cache::drain`] waits for them before the process ends:
//!
//! ```
//! use std::time::Duration;
//!
//! use cached_handler::Cache;
//!
//! async fn serve(cache: Cache, router: axum::Router) -> std::io::Result<()> {
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, router).with_graceful_shutdown(stop()).await?;
//!     cache.drain(Duration::from_secs(10)).await;
//!     Ok(())
//! }
//! # async fn stop() {}
//! ```
//!
//! # Streams
//!
//! Content without a known end is passed on as it comes, and copied on the way up to `max_body`; nothing else is
//! buffered. Server-sent events are passed on and never stored. What breaks off is passed on broken, and not stored.
//!
//! # Stale responses
//!
//! `stale_while_revalidate`: for this long after its `ttl`, a response is still sent at once, and the handler makes it
//! anew behind the answer: one run for a key, however many ask (RFC 5861 §3).
//!
//! `stale_if_error`: for this long, it is sent where the handler answers 500, 502, 503 or 504, panics, or takes longer
//! than [`Policy::timeout`] (§4). After a failure nobody tries for a second, then two, up to thirty. An answer such as
//! 404 or 403 is no failure: it ends the stale life.
//!
//! A response's own `stale-while-revalidate` and `stale-if-error` count above the attribute's. What says
//! `must-revalidate`, `proxy-revalidate`, `no-cache` or `s-maxage` is not sent stale, and nothing is that was
//! invalidated. [`expire_group`](crate::expire_group) and its like make stale what may be seen once more while it is
//! made anew; the window ends where it would have ended without that. With `Collapse::Inline` it is made anew before
//! the answer, for the one request that does it. Lifetimes are shortened at random by up to 5 % where a stale window
//! is, so that a fleet does not run all at once: [`Policy::jitter`].
//!
//! # Cheaper than a run
//!
//! A handler that knows cheaply whether its answer has changed spares the work with [`Revalidate`]: it answers
//! `304 Not Modified`, and what is stored is fresh again. It has to send an `ETag` or `Last-Modified` of its own.
//!
//! ```
//! use axum::{extract::Path, http::{StatusCode, header}, response::{IntoResponse, Response}};
//! use cached_handler::{EntityTag, Revalidate, cached};
//!
//! #[cached(ttl = 10)]
//! async fn report(Path(id): Path<u64>, held: Revalidate) -> Response {
//!     let tag = EntityTag::of(&version_of(id).to_le_bytes());
//!     if held.has(&tag) {
//!         return StatusCode::NOT_MODIFIED.into_response();
//!     }
//!     ([(header::ETAG, tag.to_header_value())], "a long report").into_response()
//! }
//! # fn version_of(id: u64) -> u64 { id }
//! ```
//!
//! # When not
//!
//! - `stale_while_revalidate` for what must be right at once after its `ttl`; an invalidation is always right at once.
//! - `stale_if_error` for what may cost money or safety when it is old: a price at the till, a permission.
//! - `Collapse::Off`, but for handlers whose runs are cheaper than to wait for one.
//!
//! # Errors that a reader meets
//!
//! | you see | because, and what to type |
//! |---|---|
//! | `future cannot be sent between threads safely` at the attribute | something in the body is not `Send`: `collapse = "inline"` |
//! | a task-local is empty in the handler | the run is another task: `Collapse::Inline` |
//! | 504 from a handler | it took longer than `Policy::timeout`, and nothing stale stood in |
//! | a run goes on though its client has left | that is so by design; limit it by `Policy::timeout` |
//! | a warning: a stale response stands in for a failure | your handler fails, and nobody sees it but this line |
//!
//! [`Cache::drain`]: crate::Cache::drain
//! [`Policy::timeout`]: crate::Policy::timeout
//! [`Policy::jitter`]: crate::Policy::jitter
//! [`Revalidate`]: crate::Revalidate
