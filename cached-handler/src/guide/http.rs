//! HTTP: what comes right by itself, a handler that forwards, and layers around.
//!
//! ```
//! use axum::{extract::Request, response::Response};
//! use cached_handler::{ETag, Policy, cached};
//!
//! const PROXY: Policy = Policy::new()
//!     .heuristic()
//!     .honor_request_directives()
//!     .cookies_by_vary()
//!     .targeted_fields(&["my-app-cdn-cache-control", "cdn-cache-control"])
//!     .jitter(0)
//!     .etag(ETag::Off);
//!
//! #[cached(ttl = from_response, vary = from_response, stale_if_error = "1h", policy = PROXY)]
//! async fn forward(request: Request) -> Response {
//!     send(request).await
//! }
//! # async fn send(_: Request) -> Response { Response::default() }
//! ```
//!
//! That is a shared cache by the letter of RFC 9111, for a handler that sends the request on. `examples/proxy.rs` is
//! the program. For handlers that make their answers themselves, all of the following needs nothing.
//!
//! # What comes right by itself
//!
//! | | here |
//! |---|---|
//! | `ETag` | made of content, type, coding and language; the same in every process. A handler's own is kept |
//! | `If-None-Match`, `If-Modified-Since`, `If-Match`, `If-Unmodified-Since` | evaluated here (RFC 9110 §13), on stored and on new responses: 304, 412. The handler sees none of them |
//! | `Range`, `If-Range` | single ranges are cut from the stored whole (§14): 206, 416. A part is never stored |
//! | HEAD | answered from what GET stored; where it has to run the handler, what that makes is stored for GET, too |
//! | `Age`, `Date` | RFC 9111 §4.2.3, §5.1; `Date` is that of the run |
//! | `Vary` | names what the key holds of the fields, merged with the handler's own |
//! | `Cache-Control` | see [freshness](super::freshness) |
//! | `Cache-Status` | RFC 9211, after what other caches said; off by default |
//! | hop-by-hop fields, trailers | not stored; a response with trailers is passed on |
//!
//! A hit equals the miss that stored it: status, each field line in its order and with its bytes, content. Requests'
//! own `Cache-Control` is ignored, as any client could force work by it; [`Policy::honor_request_directives`] follows
//! RFC 9111 §5.2.1. No other field of a client makes a handler run that has an answer stored either, but `Upgrade`, which
//! asks for another protocol, and `Authorization` and `Cookie` where an argument shows them outside the key. For handlers
//! without a cache, [`EntityTag`] and [`Preconditions`] do the comparing.
//!
//! # Forwarding
//!
//! With `vary = from_response` the responses name in `Vary` what they depend on.
//!
//! - Fields that `Vary` names are compared by what they mean (§4.1): the order of lists of preferences, letter case and
//!   space in them make no variant. At most 32 variants of a key.
//! - What is stale is asked for under its own validators: the handler is handed them as `If-None-Match` and
//!   `If-Modified-Since`, and its 304 freshens what is stored (§4.3.4).
//! - An answer to a HEAD that was forwarded freshens what GET stored, or ends it where it names another representation
//!   (§4.3.5), on every backend.
//! - An answer to an unsafe method that is no error makes unusable what is stored under its path, and under `Location`
//!   and `Content-Location` at the same origin (§4.4): give `any(forward)` to the route, or make it the fallback.
//! - The answer to a POST then stands for GET, if it says so: a 200 whose `Content-Location` is its own address, with a
//!   freshness (RFC 9110 §9.3.3). Nothing that was invalidated while the POST ran is brought back by it.
//! - Clients are told what the server says, and nothing else.
//! - A server can speak to this cache alone, by a targeted field (RFC 9213): the first that is there and can be read
//!   counts in place of `Cache-Control` and `Expires`. That is `CDN-Cache-Control`, unless
//!   [`targeted_fields`](crate::Policy::targeted_fields) names others, such as one of your own application, or
//!   `surrogate-control` for older servers. They are passed on, for caches on the way to the client that go by them.
//! - Three words of the policy are off by default: [`heuristic`](crate::Policy::heuristic), a guess where no freshness is
//!   stated; `honor_request_directives`, for requests that demand or refuse what is stored (`no-cache`, `max-stale`,
//!   `only-if-cached` …); [`cookies_by_vary`](crate::Policy::cookies_by_vary), for servers that say so where cookies
//!   matter.
//!
//! # Layer order
//!
//! The attribute is the innermost of all: it stores what the handler made. Whatever changes an answer for one client
//! goes outside, and runs on hits too.
//!
//! ```text
//!  compression ───► CORS ───► sessions ───► authentication ───► #[cached] ───► handler
//!  one stored       its       may set its   refuses before      what it        runs on
//!  response for     fields    cookie on     the cache is        stores is      a miss
//!  all codings      are not   a hit, too    asked               the same
//!                   stored                                      for all
//! ```
//!
//! A layer that sets a field which depends on the client must be outside too; layers of axum always are. Where a layer
//! changes the bytes, such as compression, the entity tag has to be weak: `Policy::etag(ETag::Weak)`.
//!
//! # When not
//!
//! - Several ranges in one answer: the whole is sent. Parts that another server sent are not put together.
//! - `vary = from_response` where a handler makes its answers itself: it could forget to say what they depend on, and
//!   then one client's answer is another's. Arguments forget nothing.
//!
//! # Errors that a reader meets
//!
//! | you see | because, and what to type |
//! |---|---|
//! | not stored, `vary-unkeyed` | the handler or a library in it sets `Vary: x`, which is not in the key: `vary = "x"`, or take the line away |
//! | not stored, `set-cookie` | set cookies in another handler, or in a layer outside |
//! | not stored, `credentials` | the request had `Authorization` or a cookie that an argument shows: key it, or the response says `public` |
//! | a 304 where a test expects 200 | the client sent `If-None-Match`; that is right |
//! | 412 | `If-Match` or `If-Unmodified-Since` failed; the handler did not run |
//!
//! [`Policy::honor_request_directives`]: crate::Policy::honor_request_directives
//! [`EntityTag`]: crate::EntityTag
//! [`Preconditions`]: crate::Preconditions
