//! Keys and safety: the key is what the handler can see.
//!
//! ```
//! use axum::extract::{Path, Query};
//! use cached_handler::cached;
//!
//! #[derive(serde::Deserialize)]
//! struct Page {
//!     page: Option<u32>,
//! }
//!
//! #[cached(ttl = 60)]
//! async fn comments(Path(id): Path<u64>, Query(Page { page }): Query<Page>) -> String {
//!     format!("comments on {id}, page {}", page.unwrap_or(1))
//! }
//! ```
//!
//! `?page=2&utm_source=mail` and `?page=2` are one key: the handler cannot tell them apart. `?page=3` is another.
//!
//! # Which arguments do I need?
//!
//! Those that the handler reads, as narrow as it reads them.
//!
//! | the handler depends on | take | in the key |
//! |---|---|---|
//! | nothing but the path | nothing, or `Path<T>` | the path as sent; it always is |
//! | some parameters of the query | `Query<T>` | those that `T` reads, in the order in which it names them |
//! | any parameter of the query | `RawQuery`, `Query<HashMap<…>>` | the query as sent |
//! | a header field | `TypedHeader<H>` (feature `axum-extra`) | the field, and `Vary` names it |
//! | some header fields | `HeaderMap` with `vary = ["accept-language", …]` | those fields; the map arrives with them and no others |
//! | the address as it was sent | `Uri`, `OriginalUri` | every part that is present |
//! | the host | `Host` (feature `axum-extra`) | it, and the fields of proxies that it reads |
//! | a cookie | `CookieJar` (feature `axum-extra`) with `key(jar.get("theme").map(…))` | that cookie |
//! | who asks | an extractor of yours with `#[derive(CacheKey)]` and `#[cache_key(private)]` | who it is; the answer is sent as `private` |
//! | a part of who asks | the same extractor with `key(user.tenant)` | that part |
//! | the process: pools, settings | `State<T>`, `Cache` | nothing |
//! | a pooled connection, by an extractor | [`OnMiss<E>`](#databases-and-onmiss) with `skip(db)` | nothing |
//! | the whole request, to forward it | `Request` with `vary = from_response` | method, authority, query, and the fields that the answer's `Vary` names; it arrives without extensions |
//! | the method | `Method` | it; without it, HEAD is answered from what GET stored |
//! | something that changes no answer | it, with `skip(arg)` | nothing: your word counts |
//! | the content (`Json`, `String`, `Bytes`) | no `#[cached]` | it is a compile error |
//!
//! `Option<E>` and `Result<E, _>` are as `E`, absence told apart; where a `Result` is an `Err`, the request passes the
//! cache by. Always in the key: the handler, the path as the client sent it, and, on shared backends, the namespace and
//! the version of your crate.
//!
//! # Arguments of your own
//!
//! An argument that is none of these does not compile until it is in `key(…)` or `skip(…)`, or its type says what it
//! shows:
//!
//! ```
//! use axum::{extract::FromRequestParts, http::{StatusCode, request::Parts}};
//! use cached_handler::{CacheKey, cached};
//!
//! /// Whoever is logged in.
//! #[derive(CacheKey)]
//! #[cache_key(vary = "authorization", private)]
//! struct User {
//!     id: u64,
//!     tenant: u32,
//! }
//!
//! impl<S: Sync> FromRequestParts<S> for User {
//!     type Rejection = StatusCode;
//!
//!     async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
//!         let token = parts.headers.get("authorization").ok_or(StatusCode::UNAUTHORIZED)?;
//!         Ok(Self { id: token.len() as u64, tenant: 1 })
//!     }
//! }
//!
//! /// One answer for each user.
//! #[cached(ttl = 60)]
//! async fn inbox(user: User) -> String {
//!     format!("mail of {}", user.id)
//! }
//!
//! /// One answer for each tenant.
//! #[cached(ttl = 60, key(user.tenant))]
//! async fn prices(user: User) -> String {
//!     format!("prices of {}", user.tenant)
//! }
//!
//! /// One answer for whoever is logged in.
//! #[cached(ttl = 60, skip(_user))]
//! async fn handbook(_user: User) -> &'static str {
//!     "for our eyes only"
//! }
//! ```
//!
//! `vary` names the fields that it was read from, so that clients and other caches keep answers apart; `private` says
//! that it identifies a person. `key(expr, …)` stands for the arguments that it mentions.
//!
//! # Extractors always run
//!
//! On a hit, too: so authentication is never skipped, and a rejection never stored. Only the body is skipped, and what
//! is declared [`OnMiss`]. The order of layers does not matter for it, as the attribute is the innermost of all.
//!
//! # Databases and `OnMiss`
//!
//! A pool in `State` is taken from in the body, hence on a miss only. An extractor that takes the connection itself
//! would do so on every hit; `OnMiss` puts it off:
//!
//! ```
//! use axum::{extract::FromRequestParts, http::{StatusCode, request::Parts}};
//! use cached_handler::{OnMiss, Rejected, cached};
//!
//! struct Connection;
//!
//! impl<S: Sync> FromRequestParts<S> for Connection {
//!     type Rejection = StatusCode;
//!
//!     async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
//!         Ok(Self)
//!     }
//! }
//!
//! #[cached(ttl = 60, skip(db))]
//! async fn count(db: OnMiss<Connection>) -> Result<String, Rejected> {
//!     let _db = db.extract().await?;
//!     Ok("3".to_owned())
//! }
//! ```
//!
//! On a hit nothing of that extractor runs: so it is not for authentication.
//!
//! # Several routers, tenants
//!
//! `State` is not in the key. Routers whose `State` has one type and different values, such as one for each tenant,
//! need a `Cache` each: `.layer(Extension(cache))`.
//!
//! Two things that a handler can see of a **router** are in no key: which parameter of the path goes by which name,
//! where two routers with other patterns lead one path to one handler; and parameters of a path that a service between
//! two routers has rewritten by something else than the path, if a nest then takes them off again. Give such routers a
//! `Cache` each.
//!
//! # When not
//!
//! What a handler reads **outside its arguments** is in no key: a task-local, a global, the time; a host by which a
//! service between two routers rewrites the path. Nor does an invalidation know what a middleware read before the
//! arguments were made and left in an `Extension`: read it in the handler. A whole `Request` arrives without extensions
//! but those of axum's routers; take what a middleware put there by an extractor of yours, or `skip(request)`.
//!
//! Never stored, whatever the attribute says: `Set-Cookie`, `no-store`, `private`, `Vary: *`, a `Vary` on a field that
//! the key does not hold. A request with `Authorization` or `Cookie` passes the cache by where an argument can see them
//! and they are not in the key; of a handler that forwards (`vary = from_response`), a response may say that it is
//! shared all the same, by `public`, `s-maxage` or `must-revalidate`.
//!
//! # Errors that a reader meets
//!
//! | the compiler says | type |
//! |---|---|
//! | `` `User` in an argument of a cached handler does not say what it adds to the key `` | `#[derive(CacheKey)]` on `User`, `key(user.part)`, or `skip(user)` |
//! | `a cached handler with a HeaderMap has to name the fields that it reads` | `vary = "accept-language"`, or a list |
//! | `a cached handler that takes Request sees all of the request` | what it reads: `Path`, `Query` …; to forward it, `vary = from_response` |
//! | `… takes the content of the request` | `Path` or `Query`; a handler that writes wants `#[invalidates]` |
//! | `… cannot be part of a cache key` | in `key(…)`, a number, text, option or tuple: `key(value.to_string())` |
//! | about `CookieJar`, `Cookie`, `UserAgent` | the part that matters: `key(jar.get("theme").map(…))` |
//!
//! Sessions (`Session`, `AuthSession`), `PrivateCookieJar` and `ConnectInfo` are arguments like any of yours: name the
//! part that matters in `key(…)`, or take an extractor of yours that reads it. `WebSocketUpgrade` cannot be cached.
//!
//! [`OnMiss`]: crate::OnMiss
