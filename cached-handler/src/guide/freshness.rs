//! Freshness: for how long a response is used, who says so, and what clients are told.
//!
//! ```
//! use std::time::Duration;
//!
//! use axum::response::{IntoResponse, Response};
//! use cached_handler::{DoNotStore, FreshFor, cached};
//!
//! #[cached(ttl = "5m")]
//! async fn weather() -> Response {
//!     match forecast() {
//!         Some(text) => (FreshFor(Duration::from_secs(600)), text).into_response(),
//!         None => (DoNotStore, "ask again").into_response(),
//!     }
//! }
//!
//! fn forecast() -> Option<&'static str> {
//!     Some("fair")
//! }
//! ```
//!
//! # The rules
//!
//! `ttl` is a number of seconds, `"250ms"`, `"5m"`, `"1h"`, `"7d"`, or the path of a `Duration` constant; from 1 ms to
//! 10 years. It begins when the response is complete. What counts, first to last:
//!
//! 1. [`FreshFor`] in the response, which clients do not see; [`DoNotStore`] forbids;
//! 2. `CDN-Cache-Control` (RFC 9213), or the fields that [`Policy::targeted_fields`] names. Where the first that can be
//!    read states a freshness, it stands in the place of `Cache-Control` and `Expires` here, so that `no-store` beside
//!    it is for browsers;
//! 3. the response's own `s-maxage`, `max-age`, `Expires` (RFC 9111 §4.2.1). An event says so where they defeat a
//!    `ttl`;
//! 4. the lifetime that [`Policy::status`] gives its status;
//! 5. the `ttl`.
//!
//! `ttl = from_response` leaves it to 1 to 3. With [`Policy::heuristic`], a tenth of the time since `Last-Modified` is
//! taken where nothing is stated (§4.2.2).
//!
//! **What is stored.** With a `ttl`: 200, 203, 301, 308, and what `Policy::status` names. With a freshness of its own:
//! any final status but 206, 304 and 416. Failures (5xx) and answers that speak of the request (400, 401, 403, 429 …)
//! never with a `ttl`. `Ok` and `Err` do not matter, only the status does.
//!
//! # What clients are told
//!
//! An answer without a `Cache-Control` of its own is sent with `no-cache` and an entity tag: browsers ask again each
//! time, and most answers are a 304 without content. For a copy in a browser cannot be invalidated. Where a copy may be
//! used unasked:
//!
//! ```
//! use cached_handler::cached;
//!
//! #[cached(ttl = "1d", cache_control = "public, max-age=60")]
//! async fn logo() -> &'static [u8] {
//!     b"\x89PNG"
//! }
//! ```
//!
//! Its `max-age` counts from the answer, however old what is stored. A handler's own `Cache-Control` is sent as it is,
//! and read by this cache, too.
//!
//! # When not
//!
//! A `ttl` is a bound on how wrong an answer may be when nobody says that it has changed. Where your program makes the
//! change, name a [group](super::invalidation) and choose a long one.
//!
//! # Errors that a reader meets
//!
//! | not stored, because | type |
//! |---|---|
//! | `already-stale`: it says `max-age=0`, or an `Expires` in the past | `cache_control = "max-age=0"` in the attribute, in place of the handler's own field |
//! | `no-cache`, `private`: its own `Cache-Control` says so | the same: what is for clients stands in the attribute |
//! | `no-freshness`: `ttl = from_response`, and it states none | `s-maxage=…` in the response, or a `ttl` |
//! | `status` | `Policy::new().status(404, secs(5))`, for statuses that speak of the resource |
//! | `malformed-cache-control` | what cannot be read counts as `no-store`: mend it |
//!
//! [`FreshFor`]: crate::FreshFor
//! [`DoNotStore`]: crate::DoNotStore
//! [`Policy::status`]: crate::Policy::status
//! [`Policy::heuristic`]: crate::Policy::heuristic
//! [`Policy::targeted_fields`]: crate::Policy::targeted_fields
