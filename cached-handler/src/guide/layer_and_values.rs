//! The cache as a layer, and for typed values: where there is no handler to annotate.
//!
//! ```
//! use axum::{Router, ServiceExt, extract::Request};
//! use cached_handler::{CacheLayer, secs};
//!
//! async fn serve(pages: Router) -> std::io::Result<()> {
//!     let pages = CacheLayer::new("pages", secs(60))
//!         .group("pages")
//!         .vary(["accept-language"])
//!         .stale_if_error(secs(3600))
//!         .around(pages);
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, ServiceExt::<Request>::into_make_service(pages)).await
//! }
//! ```
//!
//! # The layer
//!
//! For static files, a proxy, a router of another crate, any tower service. `Router::layer`, `route_layer` and
//! `MethodRouter::layer` take it too. Epochs, groups, collapse, stale windows, backends and entity tags work as with
//! the attribute. But the layer cannot know what a service reads, so **the service only sees what is part of the key**:
//! scheme, authority, path, the whole query, `Host`, and the fields that `vary` names. `traceparent` and `tracestate` are
//! hidden too: middleware that continues traces goes outside, and the service runs in its span. [`vary_from_response`](crate::CacheLayer::vary_from_response) shows all fields to services whose
//! responses name in `Vary` what they depend on. With [`see_all_fields`](crate::CacheLayer::see_all_fields) you vouch
//! that the other fields change nothing.
//!
//! | a request | what happens |
//! |---|---|
//! | with another method than GET and HEAD | passes; unless the answer is an error, or the method is safe, it invalidates the path, and `Location` and `Content-Location` at the same origin (RFC 9111 §4.4), in the cache of the layer and in that of the router |
//! | with content, with `Upgrade: websocket` | passes unchanged. If an outer layer has wrapped the request's body, as one that decompresses does, the first piece is read to see whether there is content; for that the body has to be axum's: around a router, put `.map_request(\|request: Request<_>\| request.map(Body::new))` in between |
//! | for which a condition of [`bypass`](crate::CacheLayer::bypass) holds | passes untouched |
//! | with `Cookie` or `Authorization` that `vary` does not name | passes untouched; with [`skip_credentials`](crate::CacheLayer::skip_credentials) it is a request like others, and the service does not see the field |
//! | with one that `vary` names | one response per value, sent as `private` |
//! | with `Range` | answered with a part of the stored response; the service is asked for the whole. If that turns out not to be storable, the client gets its part cut from the stream, and further requests for parts pass unchanged, until there is none for 30 s |
//! | HEAD | answered from the stored response to GET; stores nothing. Layers in between see the content of a handler's response, so that its length is right. A service behind `route_service` or `nest_service` has to declare the length itself, with a `Content-Length` on the response to GET |
//! | to a handler with `#[cached]` | passed on; the layer keeps no copy, which an invalidation of the handler would miss. Also where a middleware between hands the request to another task |
//!
//! So a video that is too large to be stored is answered in parts, as without the layer, and small files are stored whole even
//! if clients ask for nothing but parts. The same holds for the attribute, where a handler sees the whole request
//! (`vary = from_response`). A whole whose length is not known is sent as a whole, which RFC 9110 §14.2 allows.
//!
//! A hit is answered before anything inside runs. **Authentication has to be outside the layer**, or depend only on the
//! query, `Authorization`, `Cookie` or a field in `vary`. It must not depend on a client's address or certificate,
//! which middleware puts into request extensions: extensions are visible inside, and are not part of the key unless
//! [`key(|request, key| …)`](crate::CacheLayer::key) adds them. The attribute has no such trap, because extractors run
//! before it answers. Compression and CORS belong outside too.
//!
//! # Typed values
//!
//! For anything that is not a whole response: a row that several handlers need, the answer of another service.
//!
//! ```
//! use std::sync::Arc;
//!
//! use cached_handler::{Cache, Error, ValueOptions, secs};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Rate {
//!     in_dollars: f64,
//! }
//!
//! async fn rate(cache: &Cache, currency: &str) -> Result<Arc<Rate>, std::io::Error> {
//!     let rates = cache.values::<Rate>("rates");
//!     let options = ValueOptions::new(secs(60)).group("rates").stale_while_revalidate(secs(60));
//!     let asked = currency.to_owned();
//!     rates.get_or_insert_with(currency, options, async move || ask_the_bank(asked).await).await
//! }
//!
//! async fn forget(cache: &Cache, currency: &str) -> Result<(), Error> {
//!     cache.values::<Rate>("rates").remove(currency).await
//! }
//! # async fn ask_the_bank(asked: String) -> Result<Rate, std::io::Error> { Ok(Rate { in_dollars: asked.len() as f64 }) }
//! ```
//!
//! A key is anything that `key(…)` takes: numbers, text, options, tuples, types with `#[derive(CacheKey)]`. It has to
//! contain everything that the value depends on. Concurrent calls compute the value once. An `Err` is never stored, and
//! neither is a value whose computation started before an invalidation, a `remove` or an `insert`. In memory, it
//! is kept in an `Arc`; with `.backend("redis")` it is JSON that `redis-cli` can show, with a checksum in front. In both cases
//! callers are given what can be read back from the JSON: a field that serde skips has its default. A set with
//! `.weigh(|value| …)`, which says how many bytes a value holds, keeps values in memory as they are;
//! it is needed also by a type that builds more than its JSON shows when it is read, such as an index.
//! Two sets with the same name and different types share nothing.
//!
//! Lifetime, groups, stale windows and `bypass` belong to a value, in `ValueOptions`; a plain `Duration` such as `secs(60)` will
//! do. Other settings belong to the set: `cache.values::<Rate>("rates").version(2).max_json(1 << 10)`. There are
//! `version`, `max_json` (1 MiB), `weigh`, `collapse`, `max_wait`, `jitter` and `backend`. There is no policy for values, as most of it is
//! about responses.
//!
//! # When not
//!
//! - A layer where handlers can have the attribute: only then does the compiler see what they read.
//! - A layer around a service that depends on the client's address, a certificate, or the time.
//! - Values for a whole response: `#[cached]` knows what it depends on. A response that is made of values needs their
//!   groups.
//!
//! # Errors that you may see
//!
//! | you see | cause, and what to type |
//! |---|---|
//! | nothing is ever stored, `bypass`, `credentials` | the client sends a cookie that `vary` does not name. This is intended; if the service ignores cookies, type `.skip_credentials()`; if one of them matters, `.bypass(…)` with it beside that |
//! | the service does not see a field | `vary(["x-field"])` |
//! | not stored, `cached-inside` | a handler with `#[cached]` answers from its own cache |
//! | compiler: expected `Duration`, found integer | `secs(60)` |
//! | compiler: the closure of a value borrows | the computation may outlive the caller: `async move \|\|` over values that it owns |
//! | two layers share responses in Redis | they have the same name |
