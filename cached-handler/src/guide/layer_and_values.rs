//! The cache as a layer, and for typed values: where there is no handler to put the attribute on.
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
//! For files, a proxy, somebody else's router, any tower service. `Router::layer`, `route_layer` and
//! `MethodRouter::layer` take it too. It goes the same way as the attribute: epochs, groups, collapse, stale windows,
//! backends, entity tags. But it cannot know what a service reads, so **the service is shown what is in the key, and
//! nothing else**: scheme, authority, path, the whole query, and the fields that `vary` names; besides these `Host`,
//! `traceparent` and `tracestate`. [`vary_from_response`](crate::CacheLayer::vary_from_response) shows all fields to
//! services whose answers name in `Vary` what they depend on; [`see_all_fields`](crate::CacheLayer::see_all_fields) is
//! your word that the others change nothing.
//!
//! | a request | what becomes of it |
//! |---|---|
//! | with another method than GET and HEAD, with content, with `Upgrade` | passes untouched |
//! | with `Cookie` or `Authorization` that `vary` does not name | passes untouched |
//! | with one that it names | a response for each value, sent as `private` |
//! | HEAD | answered from what GET stored; stores nothing |
//! | for a handler with `#[cached]` | passed on to it; the layer keeps no copy, which would outlive what invalidates it |
//!
//! A hit is answered before anything inside runs. **Authentication has to stand outside of the layer**, or go by the
//! query, `Authorization`, `Cookie` or a field in `vary`; by a client's address or certificate, which middleware puts
//! into a request's extensions, it must not: extensions can be seen inside, and are not in the key unless
//! [`key(|request, key| …)`](crate::CacheLayer::key) names them. The attribute has no such trap, as extractors run
//! before it answers. Compression and CORS stand outside, too.
//!
//! # Typed values
//!
//! For what is not a whole response: a row that several handlers need, the answer of another service.
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
//! A key is whatever may stand in `key(…)`: numbers, text, options, tuples, types with `#[derive(CacheKey)]`. It has to
//! hold everything that the value depends on. Concurrent calls compute once; an `Err` is never stored; a value whose
//! computation began before an invalidation, a `remove` or an `insert` is never stored after it. In memory it is the
//! value itself behind an `Arc`; with `.backend("redis")` it is JSON that `redis-cli` can show, behind a head by which
//! it is checked. Two sets of one name and different types have nothing in common.
//!
//! Lifetime, groups and stale windows belong to a value, in `ValueOptions`. What belongs to the set is said of it, as
//! `cache.values::<Rate>("rates").version(2).max_json(1 << 10)`: `version`, `max_json` (1 MiB), `collapse`, `jitter` and
//! `backend`. There is no policy for values: most of it is about responses.
//!
//! # When not
//!
//! - A layer where handlers can have the attribute: the compiler then sees what they read.
//! - A layer around what answers by a client's address, a certificate, the time.
//! - Values for a whole response: `#[cached]` knows what it depends on. A response that is made of values needs the
//!   groups of its values.
//!
//! # Errors that a reader meets
//!
//! | you see | because, and what to type |
//! |---|---|
//! | nothing is ever stored, `bypass`, `credentials` | the client sends a cookie, and `vary` does not name it; that is as it should be, unless the service ignores cookies: take the field away outside |
//! | the service does not see a field | `vary(["x-field"])` |
//! | not stored, `cached-inside` | a handler with `#[cached]` answers from its own cache |
//! | a value's closure does not compile: it borrows | the computation may outlive the caller: `async move ||` over what it owns |
//! | two layers share responses in Redis | they have one name |
