//! Groups and invalidation: every way to say that something has changed.
//!
//! ```
//! use axum::{Json, extract::Path, http::StatusCode};
//! use cached_handler::{CacheGroups, cached, invalidates};
//!
//! #[cached(ttl = "1h", group = ["orders", "order:{id}"])]
//! async fn order(Path(id): Path<u64>) -> (CacheGroups, Json<u64>) {
//!     let customer = id % 7;
//!     (CacheGroups::of([format!("customer:{customer}")]), Json(id))
//! }
//!
//! #[invalidates(group = ["orders", "order:{id}"])]
//! async fn cancel(Path(id): Path<u64>) -> StatusCode {
//!     StatusCode::NO_CONTENT
//! }
//! ```
//!
//! A group is a name for responses that change together. `{id}` stands for an argument; what is known only once the
//! response is made is said by [`CacheGroups`] in the response. At most 16 groups of 256 bytes.
//!
//! # All ways
//!
//! | it has changed because | say |
//! |---|---|
//! | time has passed | `ttl`, and [stale windows](super::collapse) |
//! | a handler wrote it | `#[invalidates(group = "order:{id}")]`, or `path = "/orders/{id}"`, or `handler = order`; several of each |
//! | anything else in the program wrote it | [`invalidate_group`]`("orders").await?`, [`invalidate_path`], [`invalidate_handler`], [`invalidate_all`]: in every cache of the process |
//! | a handler found out as it went | `cache: Cache` as an argument, and `cache.invalidate(Target::…).await?`: in its router's cache |
//! | it is known by its name alone | [`Target::named`]: a handler's [`Policy::name`], a layer, a set of values |
//! | its address was written to | nothing: POST, PUT, PATCH, DELETE to a route of a cached or `#[invalidates]` handler invalidate their own path, and where `Location` and `Content-Location` lead (RFC 9111 §4.4) |
//! | your code has changed | [`Policy::version`], or the version of your crate: both are in the keys of shared backends |
//! | it may be seen once more while it is made anew | `expire_…` in place of `invalidate_…`: it becomes stale, and is used as far as a stale window allows |
//!
//! ```
//! use axum::http::StatusCode;
//! use cached_handler::{Cache, Error, Target, cached, expire_group, invalidate_group};
//!
//! # #[cached(ttl = 60)] async fn order() {}
//! /// From anywhere in the program.
//! async fn customer_moved(customer: u64) -> Result<(), Error> {
//!     invalidate_group(format!("customer:{customer}")).await?;
//!     expire_group("statistics").await
//! }
//!
//! /// In a handler, in the cache of its router.
//! async fn purge(cache: Cache) -> Result<StatusCode, Error> {
//!     cache.invalidate(Target::path("/orders/7")).await?;
//!     cache.invalidate(Target::handler(order)).await?;
//!     Ok(StatusCode::NO_CONTENT)
//! }
//! ```
//!
//! # What it promises
//!
//! Once an invalidation has returned `Ok`, no later request is answered from a response whose handler started before
//! it: not by a run in flight, not by those who wait for one, not by a refresh in the background. In memory that holds
//! for this process, on files for every process on the directory, on Redis for every process on that primary.
//!
//! There is no list of a group's members. Every response carries the logical time at which its handler started; an
//! invalidation moves the time of its group on. So it costs the same for ten members as for a million, and a run that
//! started earlier can never bring an old answer back.
//!
//! `#[invalidates]` invalidates **however the handler ends**: also where it panics, or its client leaves halfway, as
//! the write may have been committed. Only an answer of 4xx spares its targets. The answer is sent after the
//! invalidation. Where a backend could not be told, the answer goes out all the same, an event says so, and it is tried
//! again.
//!
//! # Around a database transaction
//!
//! Commit first, then invalidate, then answer. Invalidated before the commit, a request in between reads the old rows,
//! and stores them. With `#[invalidates]` the order follows from the commit being in the body:
//!
//! ```
//! use axum::extract::{Path, State};
//! use cached_handler::invalidates;
//! # use axum::http::StatusCode;
//! # #[derive(Clone)] struct Database;
//! # struct Transaction;
//! # impl Database { async fn begin(&self) -> Result<Transaction, StatusCode> { Ok(Transaction) } }
//! # impl Transaction {
//! #     async fn set_price(&mut self, _: u64) -> Result<(), StatusCode> { Ok(()) }
//! #     async fn commit(self) -> Result<(), StatusCode> { Ok(()) }
//! # }
//!
//! #[invalidates(group = ["products", "product:{id}"])]
//! async fn set_price(
//!     State(database): State<Database>,
//!     Path(id): Path<u64>,
//! ) -> Result<(), StatusCode> {
//!     let mut transaction = database.begin().await?;
//!     transaction.set_price(id).await?;
//!     transaction.commit().await    // then the invalidation, then the answer
//! }
//! ```
//!
//! By hand, after the commit, the same order is lost with a client who leaves in between: in handlers prefer the
//! attribute, and invalidate by hand in tasks of your own.
//!
//! **Replicas.** A handler that reads from a replica may be given the old rows for a moment after the commit.
//! `Cache::builder().settle(secs(2))` makes each invalidation once more after that time: choose what your replicas lag
//! at most.
//!
//! # An endpoint for operators
//!
//! ```
//! use axum::extract::{FromRequestParts, Query};
//! use axum::http::{StatusCode, header::AUTHORIZATION, request::Parts};
//! use cached_handler::{Cache, Error, Target};
//!
//! #[derive(serde::Deserialize)]
//! struct Purge {
//!     group: String,
//! }
//!
//! async fn invalidate(_: Admin, cache: Cache, Query(purge): Query<Purge>) -> Result<(), Error> {
//!     cache.invalidate(Target::group(purge.group)).await
//! }
//!
//! /// Whoever knows the token. Anybody else could keep the cache empty.
//! struct Admin;
//!
//! impl<S: Sync> FromRequestParts<S> for Admin {
//!     type Rejection = StatusCode;
//!
//!     async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
//!         let given = parts.headers.get(AUTHORIZATION).ok_or(StatusCode::UNAUTHORIZED)?;
//!         let token = std::env::var("ADMIN_TOKEN").map_err(|_| StatusCode::UNAUTHORIZED)?;
//!         // All bytes are looked at, so that the time it takes says nothing of the token.
//!         let (given, expected) = (given.as_bytes(), format!("Bearer {token}").into_bytes());
//!         let differing = given.iter().zip(&expected).fold(0, |all, (a, b)| all | (a ^ b));
//!         let is_known = given.len() == expected.len() && differing == 0;
//!         if is_known { Ok(Self) } else { Err(StatusCode::UNAUTHORIZED) }
//!     }
//! }
//! ```
//!
//! Route it with `post`. No request field of this library's own invalidates or bypasses anything: a client cannot.
//!
//! # When not
//!
//! - A group for each response: its path does, by `invalidate_path`.
//! - A group for what the handler does not depend on: it costs misses.
//! - `expire_…` for what must not be seen any more, such as an article that was withdrawn.
//!
//! # Errors that a reader meets
//!
//! | you see | because, and what to type |
//! |---|---|
//! | `Err`, with [`Error::is_backend`] | a backend could not be reached: it may answer with what was. It is tried again in the background; call again to be sure |
//! | not stored, `invalidated` | it was invalidated while the handler ran; the next request stores |
//! | not stored, `groups` | more than 16 groups, or a name that is empty or longer than 256 bytes |
//! | an invalidation changes nothing | other letter case or another spelling of the name; a group of arguments that differ (`{id}` is written as `Display` has it); `cache.invalidate(…)` on another cache than the router's: the free functions reach every cache of the process |
//!
//! [`CacheGroups`]: crate::CacheGroups
//! [`invalidate_group`]: crate::invalidate_group
//! [`invalidate_path`]: crate::invalidate_path
//! [`invalidate_handler`]: crate::invalidate_handler
//! [`invalidate_all`]: crate::invalidate_all
//! [`Target::named`]: crate::Target::named
//! [`Policy::name`]: crate::Policy::name
//! [`Policy::version`]: crate::Policy::version
//! [`Error::is_backend`]: crate::Error::is_backend
