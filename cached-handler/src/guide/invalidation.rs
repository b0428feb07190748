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
//! A group is a name for responses that change together. In braces stands an argument, or a field of one: `{id}`,
//! `{id.0}`, `{user.id}`, or any expression over them, as `Display` writes it. Groups that are known only once the response
//! is made go into [`CacheGroups`] in the response. A response has up to 16 groups of up to 256 bytes.
//!
//! # One name on both sides
//!
//! A group is found by its exact name. Where one thing has several spellings (`/crates/Serde_JSON` and `/crates/serde-json`),
//! **call one function on both sides**, so that neither can say another name than the other:
//!
//! ```
//! use axum::{extract::Path, http::StatusCode};
//! use cached_handler::{cached, invalidates};
//!
//! /// The one name of a crate, however it was written.
//! fn canonical(name: &str) -> String {
//!     name.to_lowercase().replace('_', "-")
//! }
//!
//! #[cached(ttl = "1h", group = "crate:{canonical(name)}")]
//! async fn show(Path(name): Path<String>) -> String {
//!     name
//! }
//!
//! #[invalidates(group = "crate:{canonical(name)}")]
//! async fn publish(Path(name): Path<String>) -> StatusCode {
//!     StatusCode::CREATED
//! }
//! ```
//!
//! In braces stands a Rust expression over the arguments, which are references there: `{name.to_lowercase()}`,
//! `{canonical(name)}`, `{page.number / 10}`. It runs on each request that is not a hit, so let it be cheap. An expression that has
//! braces or quotation marks of its own is better a function.
//!
//! A group that a handler with `#[invalidates]` names, and no handler with `#[cached]` could name, is one `warn` in the log when it is
//! invalidated, unless something was stored under it before: a layer or a value may have it. Nothing is said where a handler
//! mentions [`CacheGroups`], as the names in it are not known.
//!
//! # All ways
//!
//! | the change | say |
//! |---|---|
//! | time has passed | `ttl`, and [stale windows](super::collapse) |
//! | a handler wrote it | `#[invalidates(group = "order:{id}")]`, or `path = "/orders/{id}"`, or `handler = order`; several of each |
//! | other code in the program wrote it | [`invalidate_group`]`("orders").await?`, [`invalidate_path`], [`invalidate_handler`], [`invalidate_all`]: in every cache of the process |
//! | a handler with `#[invalidates]` finds out while it runs | take [`Invalidation`](#what-only-the-body-finds-out), and name it before the write |
//! | another handler finds out while it runs | take `cache: Cache` and call `cache.invalidate(Target::…).await?`: in the cache of its router |
//! | all below a path has to go | `Target::path_prefix("/orders")`, in a cache built with `path_prefixes()`; cheaper, a group |
//! | you have only a name | [`Target::named`]: a handler's [`Policy::name`], a layer, a set of values |
//! | a request wrote to its URL | nothing, if a `#[cached]` or `#[invalidates]` handler answered the POST, PUT, PATCH or DELETE: it invalidates its own path, and the targets of `Location` and `Content-Location` (RFC 9111 §4.4; a POST that only asks says `own_path = "keep"` or [`Policy::keep_own_path`], which may be the default of a cache). A plain `put(edit)` beside `get(show)` invalidates nothing: write `#[invalidates(path = "/notes/{id}")]` above `edit` |
//! | your code changed | nothing for the handler itself, whose text is part of the key on [shared backends](super::operating#deploys); [`Policy::version`] for what it calls |
//! | the old response may be used while it is refreshed | `expire_…` instead of `invalidate_…`: it becomes stale, and a stale window applies |
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
//! it: not from a run in flight, not by waiting for one, not by a background refresh. In memory this holds for the
//! process, on files for every process on the directory, on Redis for every process on that primary.
//!
//! There is no list of a group's members. Every response carries the logical time at which its handler started, and an
//! invalidation advances the time of its group. So it costs the same for ten members as for a million, and a run that
//! started earlier can never bring an old response back.
//!
//! `#[invalidates]` invalidates **however the handler ends**: also if it panics, or its client disconnects halfway, as the write may have
//! been committed. Only an answer of 4xx prevents it. The answer is sent after the invalidation: all targets are invalidated concurrently,
//! and the answer waits no longer than a second. If a backend cannot be reached, the answer is sent nevertheless, an error is logged, and
//! the invalidation is [retried](super::backends#invalidations-that-fail). At the end of the process
//! [`Cache::drain`](crate::Cache::drain) waits for pending invalidations.
//!
//! # What only the body finds out
//!
//! Sometimes the name of what changes is in the upload, or in the row that is replaced. `Invalidation` takes it, **before the
//! write**: from then on it is certain to be invalidated, whatever becomes of the body.
//!
//! ```
//! use axum::{body::Bytes, extract::Path, http::StatusCode};
//! use cached_handler::{CacheGroups, Invalidation, invalidates};
//!
//! #[invalidates]
//! async fn publish(changed: Invalidation, upload: Bytes) -> Result<StatusCode, StatusCode> {
//!     let name = name_in(&upload).ok_or(StatusCode::BAD_REQUEST)?;
//!     changed.group(format!("crate:{name}"));
//!     store(&upload).await?;
//!     Ok(StatusCode::CREATED)
//! }
//!
//! /// What is known only from the write itself, the response says.
//! #[invalidates(group = "user:{id}")]
//! async fn rename(Path(id): Path<u64>, name: String) -> (CacheGroups, StatusCode) {
//!     let old = replace(id, name).await;
//!     (CacheGroups::of([format!("name:{old}")]), StatusCode::NO_CONTENT)
//! }
//! # fn name_in(upload: &[u8]) -> Option<&str> { std::str::from_utf8(upload).ok() }
//! # async fn store(_: &[u8]) -> Result<(), StatusCode> { Ok(()) }
//! # async fn replace(_: u64, _: String) -> String { String::new() }
//! ```
//!
//! | | an answer of 4xx | a panic | the client leaves |
//! |---|---|---|---|
//! | the attribute's targets | spared | invalidated | invalidated at once, and again when the body ends |
//! | `Invalidation` | invalidated | invalidated | invalidated at once as far as named, and again when the body ends |
//! | `CacheGroups` in the response | spared | not known | invalidated when the body ends |
//!
//! A handler that mentions `Invalidation` or `CacheGroups` runs to its end, though its client has left: in a task of its own from
//! then on, and as one of [`max_detached_runs`](crate::CacheBuilder::max_detached_runs); beyond these it ends with its client, as
//! other handlers do. Task-locals end with the request.
//!
//! # Around a database transaction
//!
//! Commit, then invalidate, then answer. If you invalidate before the commit, a request in between reads the old rows
//! and stores them. With `#[invalidates]` the order is right as long as the commit is in the body:
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
//! If a handler calls a function to invalidate after the commit, a client that disconnects in between cancels the handler before the
//! invalidation. So use the attribute in handlers, and the functions in tasks of your own.
//!
//! **When an invalidation fails**, since Redis cannot be reached, say: a function returns the [`Error`](crate::Error).
//! `#[invalidates]` sends the handler's response nevertheless, logs an error, and puts an `Arc<Error>` into the extensions of the
//! response, so that a middleware can answer differently. Both are retried in the background until they succeed.
//!
//! ```
//! use std::sync::Arc;
//! use axum::{extract::Request, http::StatusCode, middleware::Next, response::{IntoResponse, Response}};
//! use cached_handler::Error;
//!
//! /// For `axum::middleware::from_fn`: clients shall know that others may still see the old.
//! async fn say_so(request: Request, next: Next) -> Response {
//!     let response = next.run(request).await;
//!     match response.extensions().get::<Arc<Error>>() {
//!         Some(_) => StatusCode::ACCEPTED.into_response(),
//!         None => response,
//!     }
//! }
//! ```
//!
//! **Replicas.** A handler that reads from a replica may see the old rows for a moment after the commit.
//! `Cache::builder().reinvalidate_after(secs(2))` repeats each invalidation after that time: choose the largest lag of your
//! replicas.
//!
//! # Cached pages made of cached fragments
//!
//! A cached handler may ask another one through the router, and build its response from the answer. Its response is then
//! bound to it: whatever invalidates the fragment (a group, its path, its handler) invalidates the page, in every process that
//! shares the backend. It is fresh no longer than the fragment, and private if that is. This needs one cache and one backend for
//! both: the epochs of another backend say nothing of the fragment, so such a page is not stored (`cached-inside`). Nor is a page of
//! more than 64 fragments, or of a fragment that bypassed its cache, as its groups are then not known. In Redis, files and a store of
//! yours a hit reads the epochs of its fragments too: all at once, in one more call.
//!
//! A fragment finds its page through the task, or through the request if the page passes that on. It does not find the page from a *new*
//! request in a task that the handler spawns, or over the network: name the groups of the fragment there yourself, with
//! [`CacheGroups`] or `group = "…"` on the page. The same holds for [typed values](super::layer_and_values).
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
//! /// A client that knows the token. Without it, anybody could keep the cache empty.
//! struct Admin;
//!
//! impl<S: Sync> FromRequestParts<S> for Admin {
//!     type Rejection = StatusCode;
//!
//!     async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
//!         let given = parts.headers.get(AUTHORIZATION).ok_or(StatusCode::UNAUTHORIZED)?;
//!         let token = std::env::var("ADMIN_TOKEN").map_err(|_| StatusCode::UNAUTHORIZED)?;
//!         // Compares all bytes, so that the time it takes reveals nothing about the token.
//!         let (given, expected) = (given.as_bytes(), format!("Bearer {token}").into_bytes());
//!         let differing = given.iter().zip(&expected).fold(0, |all, (a, b)| all | (a ^ b));
//!         let is_known = given.len() == expected.len() && differing == 0;
//!         if is_known { Ok(Self) } else { Err(StatusCode::UNAUTHORIZED) }
//!     }
//! }
//! ```
//!
//! Route it with `post`. This library has no request field by which a client could invalidate or bypass anything.
//!
//! # By path, or by group
//!
//! A path names the responses to one URL, whatever their query. It needs no group, and fits a resource that is read at the
//! URL at which it is written. What one argument may take for one value is one path, however a client has written it:
//!
//! | the argument | one path |
//! |---|---|
//! | numbers | `/notes/7`, `/notes/07`, `/notes/+7`, `/notes/7.0` |
//! | UUIDs | with hyphens or without, in braces, as a URN |
//! | dates, times in UTC, IP addresses | with leading zeros or without, `Z` or `+00:00`, `::1` or `0:0:0:0:0:0:0:1` |
//! | text | in whatever letter case; `%2F` or a slash |
//!
//! **Use a group, `group = "note:{id}"` on both handlers, if a type of yours parses other texts to one value** (an alias, other
//! punctuation, a name or a number), and if one resource has several URLs, unless these share one response
//! ([`path = […]`](super::keys#one-handler-under-several-paths)), which each of the URLs invalidates. The name of a group has the
//! `Display` text of the value in both handlers.
//!
//! A path is not a pattern: `/notes/*` and `/notes/{id}` are an error, and invalidate at most the one path with this spelling. For all
//! responses below `/notes` give their handlers `group = "notes"`; or, if you cannot name the handlers, build the cache with [`path_prefixes()`](crate::CacheBuilder::path_prefixes), and type `#[invalidates(path_prefix = "/notes")]` or
//! [`invalidate_path_prefix`](crate::invalidate_path_prefix)`("/notes")`: `/notes` and all below it, and not `/notes2`.
//!
//! # When not
//!
//! - A group per response, where its path identifies it: use `invalidate_path`.
//! - A group for something the handler does not depend on: it only costs misses.
//! - `expire_…` for what must not be seen again, such as an article that was withdrawn.
//!
//! # Errors that you may see
//!
//! | you see | cause, and what to type |
//! |---|---|
//! | `Err`, with [`Error::is_config`] | the text is most likely not a path of any request, and was invalidated as one nevertheless: no `/` at its beginning, scheme and host, a `*`, `{id}` or `:id`; the error says what to type |
//! | `Err`, with [`Error::is_backend`] | a backend could not be reached: it may answer with old responses. The invalidation is [retried](super::backends#invalidations-that-fail) in the background; call again to be sure |
//! | not stored, `invalidated` | it was invalidated while the handler ran; the next request stores |
//! | not stored, `groups` | more than 16 groups, or a name that is empty or longer than 256 bytes |
//! | an invalidation changes nothing | the group is spelt differently, in letter case or in how `Display` writes `{id}` (call [one function](#one-name-on-both-sides) on both sides); its name is empty or longer than 256 bytes, so no response can have it; the path is not the whole one that clients send; or `cache.invalidate(…)` was called on another cache than the router's: the free functions reach every cache of the process |
//!
//! [`CacheGroups`]: crate::CacheGroups
//! [`invalidate_group`]: crate::invalidate_group
//! [`invalidate_path`]: crate::invalidate_path
//! [`invalidate_handler`]: crate::invalidate_handler
//! [`invalidate_all`]: crate::invalidate_all
//! [`Target::named`]: crate::Target::named
//! [`Policy::keep_own_path`]: crate::Policy::keep_own_path
//! [`Policy::name`]: crate::Policy::name
//! [`Policy::version`]: crate::Policy::version
//! [`Error::is_backend`]: crate::Error::is_backend
//! [`Error::is_config`]: crate::Error::is_config
