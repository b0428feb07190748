//! HTTP: what the library does for you, proxies, and layer order.
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
//!     .vary_by_meaning(&["accept", "accept-encoding", "accept-language"])
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
//! For a handler that forwards requests, this is a shared cache by RFC 9111; `tests/conformance/expected.txt` lists
//! where it differs. `examples/proxy.rs` is the whole program. Handlers that make their responses themselves need none
//! of these settings.
//!
//! # What the library does for you
//!
//! | | here |
//! |---|---|
//! | `ETag` | computed from content, type, coding and language; the same in every process. See [entity tags](#entity-tags). A handler's own is kept |
//! | `If-None-Match`, `If-Modified-Since`, `If-Match`, `If-Unmodified-Since` | evaluated by the cache (RFC 9110 §13), on stored and new responses: 304, 412. The handler sees none of them |
//! | `Range`, `If-Range` | single ranges are cut from the stored whole (§14): 206, 416. A part is never stored. For handlers that see the field, see [the layer](super::layer_and_values#the-layer) |
//! | `If-Modified-Since` | 304 only where the second of the time given has passed: what replaced a response within one second has its time, too (§8.8.2.2). Without a `Last-Modified`, the `Date` of a stored response stands in only for a handler that forwards, and two seconds later; and parts are cut by a time only under the same rule |
//! | HEAD | answered from what GET stored. If it has to run the handler, the response is stored for GET too. It says no length that its GET would not be sent (RFC 9110 §8.6): none at all to a client that accepts a coding, where a layer outside may compress the content (see [entity tags](#entity-tags); `ETag::Strong` is your word that none does) |
//! | `Age`, `Date` | RFC 9111 §4.2.3, §5.1; `Date` is that of the run, and a stream is sent with the one that it is stored with |
//! | `Vary` | names the fields in the key, merged with the handler's own |
//! | `Cache-Control` | see [freshness](super::freshness) |
//! | `Cache-Status` | RFC 9211, appended to what other caches said; off by default |
//! | `Content-Length` | never stored: the server writes it from the content that it is given in the end, so a layer outside may change that. A 304 has none, or that of the stored content (RFC 9110 §8.6): axum would write 0 for a client that accepts a coding, over HTTP/2. So a 304 for a stream waits until that has ended, within `max_body` and `max_wait`, and beyond that the stream is sent |
//! | hop-by-hop fields, trailers | not stored; a response with trailers is passed on |
//!
//! A hit equals the miss that stored it: status, content, and every field line, those of one name in their order. So do the
//! response's extensions, which layers outside read, as long as it is in memory; on files, in Redis and in a store of your
//! own there are bytes alone, and what a layer makes of an extension is on the miss only. [`FreshFor`](crate::FreshFor) and
//! other words to this cache are for the miss, and what axum says of the request (`MatchedPath`, `OriginalUri`) is not kept.
//! An extension is given to everybody: put nothing into it that the content may not show. The
//! `Cache-Control` of requests is ignored, because any client could use it to force work;
//! [`Policy::honor_request_directives`] follows RFC 9111 §5.2.1. No other request field makes a handler run while a
//! fresh response is stored, with two exceptions: `Upgrade: websocket`, where an argument outside the key or the service
//! behind a layer could be one (other protocols are ignored, RFC 9110 §7.8), and `Authorization` and `Cookie` if an
//! argument outside the key shows them. For handlers without a cache, [`EntityTag`] and
//! [`Preconditions`] do the comparing.
//!
//! # Entity tags
//!
//! A strong tag promises the same bytes (RFC 9110 §8.8.1), and a layer that compresses changes them without changing the
//! tag. With the default, [`ETag::Auto`](crate::ETag::Auto), a response has one tag in two forms:
//!
//! | the client | gets | `If-Range`, `If-Match` |
//! |---|---|---|
//! | accepts no coding: no `Accept-Encoding`, or `identity` alone | `"…"` | work |
//! | accepts a coding, as browsers do | `W/"…"` | match nothing, so a download is resumed from its beginning |
//! | any, if the response has a `Content-Encoding`, or is an image that is compressed as it is (`image/png`) | `"…"` | work |
//!
//! `If-None-Match` takes both forms for the same. With [`ETag::Strong`](crate::ETag::Strong) you vouch that nothing outside
//! changes the bytes; with [`ETag::Weak`](crate::ETag::Weak) all are weak. A handler's own tag is its own word, and goes out
//! as it is: inside a layer that compresses, make it weak.
//!
//! What streams, with no known length, has sent its fields before its content is known. Its tag is another for each run:
//! who was sent the stream, and all who were sent what is stored of it, can ask by it. After the next run they are sent
//! the whole, even if the content is the same. Where that matters, set an `ETag` or `Last-Modified` in the handler.
//!
//! # Forwarding
//!
//! With `vary = from_response`, responses name in `Vary` what they depend on.
//!
//! - Fields that `Vary` names are compared byte by byte, line by line. RFC 9111 §4.1 would allow to compare what they
//!   mean, but whatever you forward to may read them as they were sent: `X-Roles: admin,` need not be `admin`. Name the
//!   fields whose spelling it does not look at, such as `accept-language`, in
//!   [`vary_by_meaning`](crate::Policy::vary_by_meaning): then `en, de` and `de,en` share one response.
//! - A key has up to 64 variants. To have fewer, let a layer outside write a field in one way before the cache sees it.
//! - A stale response is revalidated with its own validators: the handler receives them as `If-None-Match` and
//!   `If-Modified-Since`, and its 304 freshens the stored response (§4.3.4).
//! - The response to a forwarded HEAD freshens what GET stored, or invalidates it if it describes another
//!   representation (§4.3.5), on every backend. While the stored response is fresh, no field of it is replaced: a client
//!   could otherwise write into everybody's response by a HEAD with an `X-Forwarded-Host`, which a server reflects.
//! - A successful response to an unsafe method invalidates what is stored for its path, and for `Location` and
//!   `Content-Location` at the same origin (§4.4): route it with `any(forward)`, or make it the fallback.
//! - The response to a POST is stored as the response to GET if it says that it is one: a 200 with its own URL as `Content-Location`,
//!   and a freshness (RFC 9110 §9.3.3). This never brings a response back that was invalidated while the POST ran, so it is not done
//!   with [`Epochs`](crate::backend::Epochs) of your own, which do not tell what was invalidated.
//! - Clients get the server's `Cache-Control` unchanged.
//! - A server can address this cache alone with a targeted field (RFC 9213): the first that is present and can be read
//!   replaces `Cache-Control` and `Expires`. By default that is `CDN-Cache-Control`;
//!   [`targeted_fields`](crate::Policy::targeted_fields) names others, such as one of your application, or
//!   `surrogate-control` for older servers. These fields are passed on, for caches closer to the client.
//! - Three settings of the policy are off by default: [`heuristic`](crate::Policy::heuristic), which estimates a
//!   freshness that is not stated; `honor_request_directives`, for requests that demand or refuse stored responses
//!   (`no-cache`, `max-stale`, `only-if-cached` …); [`cookies_by_vary`](crate::Policy::cookies_by_vary), for servers
//!   that declare where cookies matter.
//!
//! # Layer order
//!
//! The attribute is the innermost of all: it stores what the handler made. Anything that changes a response for one
//! client belongs outside, where it runs on hits too.
//!
//! ```text
//!  compression ───► CORS ───► sessions ───► authentication ───► #[cached] ───► handler
//!  one stored       its       may set its   refuses before      what it        runs on
//!  response for     fields    cookie on     the cache is        stores is      a miss
//!  all codings      are not   a hit, too    asked               the same
//!                   stored                                      for all
//! ```
//!
//! A layer that sets a field which depends on the client has to be outside too; axum's layers always are. A layer may
//! compress the content, or change it in another way: its length is the server's to say. If it changes the content for
//! clients that accept no coding, too, the entity tag has to be weak: `Policy::etag(ETag::Weak)`.
//!
//! tower-http's `CompressionLayer` adds `Vary: accept-encoding` to what it would compress, and to no 304, although RFC 9110
//! §15.4.5 wants there what the 200 has. Nothing inside knows of that layer. Where caches on the way matter, let the handler
//! name the field itself: `[(header::VARY, "accept-encoding")]` on its response is on the 304, too.
//!
//! # When not
//!
//! - Several ranges in one response: the whole is sent. Parts that another server sent are not combined.
//! - `vary = from_response` for a handler that makes its responses itself: if it forgets to declare a dependency,
//!   responses leak to other clients. Arguments cannot forget.
//!
//! # Errors that you may see
//!
//! | you see | cause, and what to type |
//! |---|---|
//! | not stored, `vary-unkeyed` | the handler, or a library in it, sets `Vary: x`, which is not in the key: `vary = "x"`, or remove the field |
//! | not stored, `set-cookie` | set cookies in another handler, or in a layer outside |
//! | not stored, `credentials` | the request had `Authorization` or a cookie that an argument shows: key it, or let the response say `public` |
//! | a 304 where a test expects 200 | the client sent `If-None-Match`; this is right |
//! | 412 | `If-Match` or `If-Unmodified-Since` failed; the handler did not run |
//!
//! [`Policy::honor_request_directives`]: crate::Policy::honor_request_directives
//! [`EntityTag`]: crate::EntityTag
//! [`Preconditions`]: crate::Preconditions
