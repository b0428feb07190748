//! Collapse and staleness: one run for concurrent requests, and stale responses while the next is made.
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
//! Concurrent requests for one key wait for one run of the handler. This is on by default:
//!
//! - The run has a task of its own: the client that started it may disconnect, and a slow client does not slow the run.
//! - A response that turns out not to be storable (`Set-Cookie`, say) is given to its own client only. For the next 30
//!   seconds, requests for that key do not wait for one another. If several responses of a handler were not storable by
//!   their own fields, and none has ever been stored, requests for new keys do not wait either, at most 64 at a time. The first
//!   response that is stored, or is found in a backend, ends that for good. A `CacheLayer`, and a handler with `vary = from_response`, stand
//!   for many handlers: there, requests for a new key always wait for one run.
//! - A follower waits for up to five seconds, then it runs the handler itself: for a slow handler, raise
//!   [`Policy::max_wait`]. A run older than 30 seconds no longer holds back new ones.
//! - A run that panics or fails concerns only its own request. While a key fails, at most four runs are tried at a
//!   time.
//! - A run that requests its own key does not wait for itself.
//! - A request that came after an invalidation joins no run from before it.
//! - Where `skip(…)` or `key(…)` keeps an argument back, that may be older than an invalidation which came while it was
//!   extracted. In memory the requests from before it share a run; on a backend four of them run at a time, and the rest
//!   are answered from what is stored by then. Where writes come so often that nothing is, all run after the eighth.
//!
//! `collapse = "inline"` in the attribute, or `Policy::collapse(Collapse::Inline)`, keeps the run in the task of the
//! request, so the handler sees the task-locals of that task. The attribute's form also lifts the requirement that the
//! body be `Send` by itself, which a handler that is generic over a trait with `async fn`s cannot show. It does not
//! help with an `Rc` or a lock guard across an `.await`: axum requires every handler's future to be `Send`, so drop
//! these before.
//!
//! `Collapse::Off` lets every request run the handler. The tracing span of the request is entered in the run in each
//! case.
//!
//! Runs may outlive the last client. [`Cache::drain`] waits for them before the process ends, and for what is still to be
//! invalidated:
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
//! Content of unknown length is passed on as it arrives, and copied on the way up to `max_body`; nothing else is
//! buffered. Server-sent events are passed on and never stored. If a stream breaks off, so does the response, and it is
//! not stored.
//!
//! # Stale responses
//!
//! `stale_while_revalidate`: for this long after its `ttl`, the stale response is still sent at once, while the handler
//! makes a new one in the background: one run per key, however many requests there are (RFC 5861 §3).
//!
//! `stale_if_error`: for this long, the stale response is sent if the handler answers 500, 502, 503 or 504, panics, or
//! takes longer than [`Policy::timeout`] (§4). After a failure the handler does not run for a second, then two, up to thirty.
//! Answers such as 404 or 403 are not failures: the stale response is no longer used after one.
//!
//! A response's own `stale-while-revalidate` and `stale-if-error` take precedence over the attribute. A response with
//! `must-revalidate`, `proxy-revalidate`, `no-cache` or `s-maxage` is not sent stale, and neither is one that was
//! invalidated. [`expire_group`](crate::expire_group) and its like make responses stale that may still be used while
//! they are refreshed; this does not extend the stale window. With `Collapse::Inline` the refresh happens before the
//! answer, for the one request that performs it. If there is a stale window, lifetimes are shortened at random by up to
//! 5 %, so that a fleet does not refresh all at once: [`Policy::jitter`].
//!
//! # Cheaper than a run
//!
//! If a handler can tell cheaply whether its response has changed, [`Revalidate`] saves the work: the handler answers
//! `304 Not Modified`, and the stored response is fresh again. It has to send an `ETag` or `Last-Modified` of its own.
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
//! - `stale_while_revalidate` for what must be right as soon as its `ttl` ends. (After an invalidation it always is.)
//! - `stale_if_error` where an old response costs money or safety: a price at checkout, a permission.
//! - `Collapse::Off`, except for handlers that are cheaper to run than to wait for.
//!
//! # Errors that you may see
//!
//! | you see | cause, and what to type |
//! |---|---|
//! | `future cannot be sent between threads safely` at the handler's name | something that is not `Send` is held across an `.await`: drop it before, in a block of its own. In a handler that is generic over a trait with `async fn`s: `collapse = "inline"` |
//! | `the trait bound fn(PassedByAxum<…>) …: Handler<_, _> is not satisfied`, with `collapse = "inline"` | the same; remove `collapse` to be shown the line |
//! | a task-local is empty in the handler | the run is another task: `collapse = "inline"` |
//! | 504 from a handler | it took longer than `Policy::timeout`, and no stale response was left |
//! | a run continues after its client has disconnected | this is intended; limit it by `Policy::timeout` |
//! | a warning: a stale response stands in for a failure | your handler fails, and clients do not notice |
//!
//! [`Cache::drain`]: crate::Cache::drain
//! [`Policy::max_wait`]: crate::Policy::max_wait
//! [`Policy::timeout`]: crate::Policy::timeout
//! [`Policy::jitter`]: crate::Policy::jitter
//! [`Revalidate`]: crate::Revalidate
