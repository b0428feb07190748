//! Freshness: how long a response is used, what decides that, and the `Cache-Control` for clients.
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
//! 10 years. It starts when the response is complete. The first of these that applies counts:
//!
//! 1. [`FreshFor`] in the response, which clients do not see. [`DoNotStore`] forbids storing, and [`FreshFor::at_most`]
//!    shortens what comes of 1 to 5: for an offer or a token that ends by itself;
//! 2. `CDN-Cache-Control` (RFC 9213), or the fields that [`Policy::targeted_fields`] names. If the first one that can
//!    be read states a freshness, it replaces `Cache-Control` and `Expires` in this cache, so a `no-store` beside it is
//!    for browsers;
//! 3. the response's own `s-maxage`, `max-age`, `Expires` (RFC 9111 §4.2.1). A handler that sends `max-age=10` is
//!    therefore stored for 10 seconds, whatever its `ttl`. If the result is that the response is stale at once
//!    (`max-age=0`), an event says so; a shorter lifetime is not logged;
//! 4. the lifetime that `status(…)` in the attribute, or else [`Policy::status`], gives to its status;
//! 5. the `ttl`.
//!
//! With `ttl = from_response`, only 1 to 3 apply. [`Policy::heuristic`] adds a guess where nothing is stated: a tenth
//! of the time since `Last-Modified` (§4.2.2).
//!
//! **What is stored.** With a `ttl`: 200, 203, 301, 308, and what `status(…)` or `Policy::status` names. A freshness of its own, or
//! [`FreshFor`], adds the other statuses that describe the resource, such as 302, 404 and 410. Failures (5xx) and answers
//! about the request (400–403, 406–408, 411–417, 421, 422, 424–426, 428, 429, 431, 451) are not stored with a `ttl`,
//! whatever they state, unless they are named. A layer that sets `Cache-Control: max-age=60` on everything would otherwise
//! keep an outage, or one client's 403, for all. With `ttl = from_response`, the response decides, as RFC 9111 §3 says: any final status but 206, 304 and
//! 416. Only the status matters, not `Ok` or `Err`: an error that is rendered with 200, as in GraphQL or as a page of a forum,
//! is stored. With `only_ok` in the attribute, or [`Policy::only_ok`], an `Err` never is:
//!
//! ```
//! use axum::{Json, extract::Path};
//! use cached_handler::cached;
//!
//! #[cached(ttl = 60, only_ok)]
//! async fn answer(Path(id): Path<u64>) -> Result<Json<u64>, Json<&'static str>> {
//!     if id < 9 { Ok(Json(id)) } else { Err(Json("there is none")) }
//! }
//! ```
//!
//! # Redirects and pages that are not there
//!
//! `status(…)` names further statuses, each with a lifetime of its own, or with that of `ttl`. A shortener stores its redirects, and a
//! missing one for five seconds:
//!
//! ```
//! use axum::{extract::Path, http::StatusCode, response::Redirect};
//! use cached_handler::cached;
//!
//! #[cached(ttl = "1h", status(303, 404 = 5))]
//! async fn short(Path(id): Path<u64>) -> Result<Redirect, StatusCode> {
//!     if id < 9 { Ok(Redirect::to("/long")) } else { Err(StatusCode::NOT_FOUND) }
//! }
//! ```
//!
//! `Redirect::to` is 303, `Redirect::temporary` 307; 301 and 308 are stored without being named. Several handlers share a list by
//! a policy, `Policy::new().status(302, secs(60)).status(404, secs(5))`; for a status that both name, the attribute counts.
//!
//! Not for a redirect that depends on who asks (after a login, to a language), unless an argument has that in the key.
//!
//! # A lifetime from the configuration
//!
//! The `ttl` in the attribute is fixed at compile time. For one that is known at run time, return [`FreshFor`]; the
//! `ttl` then applies to responses without it:
//!
//! ```
//! use std::time::Duration;
//!
//! use axum::extract::State;
//! use cached_handler::{FreshFor, cached};
//!
//! #[derive(Clone)]
//! struct Settings {
//!     prices_are_fresh_for: Duration,
//! }
//!
//! #[cached(ttl = 60)]
//! async fn prices(State(settings): State<Settings>) -> (FreshFor, &'static str) {
//!     (FreshFor(settings.prices_are_fresh_for), "prices")
//! }
//! ```
//!
//! # What clients are told
//!
//! A response without a `Cache-Control` of its own is sent with `no-cache` and an entity tag. Browsers then ask each
//! time, and usually get a 304 without content. The reason: a copy in a browser cannot be invalidated. If browsers may use
//! their copy without asking, set `cache_control`:
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
//! This `max-age` counts from when the answer is sent, however old the stored response is. A `Cache-Control` that the
//! handler itself sends goes out unchanged, and this cache obeys it too.
//!
//! `no-cache` also ends what a CDN does by its own default with a response that says nothing. Where that is wanted as it was,
//! type `cache_control = none`: no field is added, neither to what is stored nor to what is not, but for `private` where the
//! answer is one person's. For all handlers of a cache: [`CacheBuilder::policy`] with [`Policy::without_cache_control`], or with
//! [`Policy::cache_control`] for a text of your own.
//!
//! # When not
//!
//! A `ttl` limits how long an answer may be wrong when nobody invalidates it. If your own program makes the changes,
//! name a [group](super::invalidation) and choose a long `ttl`.
//!
//! # Errors that you may see
//!
//! | not stored, because | type |
//! |---|---|
//! | `already-stale`: it says `max-age=0`, or an `Expires` in the past | `cache_control = "max-age=0"` in the attribute, instead of the handler's own field |
//! | `no-cache`, `private`: its own `Cache-Control` says so | the same: what is for clients goes into the attribute |
//! | `no-freshness`: `ttl = from_response`, and it states none | `s-maxage=…` in the response, or a `ttl` |
//! | `status` | `status(404 = 5)` in the attribute, for statuses that describe the resource |
//! | `malformed-cache-control` | correct the field; one that cannot be read counts as `no-store` |
//!
//! [`CacheBuilder::policy`]: crate::CacheBuilder::policy
//! [`FreshFor`]: crate::FreshFor
//! [`FreshFor::at_most`]: crate::FreshFor::at_most
//! [`Policy::cache_control`]: crate::Policy::cache_control
//! [`Policy::only_ok`]: crate::Policy::only_ok
//! [`Policy::without_cache_control`]: crate::Policy::without_cache_control
//! [`DoNotStore`]: crate::DoNotStore
//! [`Policy::status`]: crate::Policy::status
//! [`Policy::heuristic`]: crate::Policy::heuristic
//! [`Policy::targeted_fields`]: crate::Policy::targeted_fields
