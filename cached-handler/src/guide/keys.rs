//! Keys and safety: everything that the handler can see is part of the key.
//!
//! ```
//! use axum::extract::{Path, Query};
//! use cached_handler::cached;
//!
//! #[derive(serde::Deserialize)]
//! struct Page { page: Option<u32> }
//!
//! #[cached(ttl = 60)]
//! async fn comments(Path(id): Path<u64>, Query(Page { page }): Query<Page>) -> String {
//!     format!("comments on {id}, page {}", page.unwrap_or(1))
//! }
//! ```
//!
//! `?page=2&utm_source=mail` and `?page=2` have the same key, because the handler cannot tell them apart. `?page=3` has another.
//!
//! # Which arguments do I need?
//!
//! Take only what the handler reads, in the narrowest type that holds it.
//!
//! | the response depends on | take | part of the key |
//! |---|---|---|
//! | the path only | nothing, or `Path<T>` | the path as sent, as always; where a service between two routers rewrote it, the parameters, too |
//! | some query parameters | `Query<T>` | the parameters that `T` reads, in the order of its fields |
//! | any query parameter | `RawQuery`, `Query<HashMap<…>>` | the query as sent |
//! | one header field | `TypedHeader<H>` (feature `axum-extra`) | the field, which `Vary` names |
//! | some header fields | `HeaderMap` with `vary = ["accept-language", …]` | those fields; the map holds no others |
//! | the URI as sent | `Uri`, `OriginalUri` | every part that is present |
//! | the host | `Host` (feature `axum-extra`) | the host, and the proxy fields that it is read from |
//! | one cookie | an extractor of yours that reads it, with `#[derive(CacheKey)]`: [cookies](#cookies) | that cookie |
//! | the user | an extractor of yours with `#[derive(CacheKey)]` and `#[cache_key(private)]` | the user; the response is sent as `private` |
//! | a property of the user | the same extractor with `key(user.tenant)` | that property; the response is still sent as `private` |
//! | what a middleware has found out | `Extension<T>` with `#[derive(CacheKey)]` on `T`, or with `key(user.id)`, or `skip(pool)` | what you named |
//! | the process: pools, settings | `State<T>`, `Cache` | nothing |
//! | a pooled connection, from an extractor | [`OnMiss<E>`](#databases-and-onmiss) with `skip_credentials(db)` | nothing |
//! | the whole request, to forward it | `Request` with `vary = from_response` | method, authority, query, and the fields that the response's `Vary` names; it arrives without extensions |
//! | the route, or the parameters by name | `MatchedPath`, `NestedPath`, `RawPathParams` | nothing more: they follow from the path |
//! | a form that GET sends in its query | `Form<T>`, `RawForm` | as `Query<T>` and `RawQuery` |
//! | the version of HTTP | `Version` | the version |
//! | the method | `Method` | the method; without it, HEAD is answered from what GET stored |
//! | an argument that does not affect the response | it, with `skip(arg)`; a pool or an id for logs with `skip_credentials(arg)` | nothing: you vouch for it; see [sessions](#sessions) |
//! | the content (`Json`, `String`, `Bytes`) | no `#[cached]` | a compile error |
//!
//! `Option<E>` and `Result<E, _>` are keyed as `E`; `None` has a key of its own, and an `Err` bypasses the cache. Always part of the
//! key are the handler, the path as the client sent it ([unless `path` names it](#one-handler-under-several-paths)), and, on shared
//! backends, the namespace and [the text of the handler](super::operating#deploys).
//!
//! # Arguments of your own
//!
//! Any other argument does not compile until it is in `key(…)` or `skip(…)`, or its type says what it contributes:
//!
//! ```
//! use axum::{extract::FromRequestParts, http::{StatusCode, request::Parts}};
//! use cached_handler::{CacheKey, cached};
//!
//! /// The user who is logged in.
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
//! /// One response per user.
//! #[cached(ttl = 60)]
//! async fn inbox(user: User) -> String { format!("mail of {}", user.id) }
//!
//! /// One response per tenant.
//! #[cached(ttl = 60, key(user.tenant))]
//! async fn prices(user: User) -> String { format!("prices of {}", user.tenant) }
//!
//! /// One response for everybody who is logged in.
//! #[cached(ttl = 60, skip_credentials(_user))]
//! async fn handbook(_user: User) -> &'static str { "for our eyes only" }
//! ```
//!
//! The derive understands axum's own derives, so that a type declares its extractor only once. `State` shows nothing of the request,
//! so its fields need not be parts of a key:
//!
//! ```
//! use axum::extract::{FromRequestParts, Path, Query, State};
//! use cached_handler::{CacheKey, cached};
//!
//! # #[derive(Clone)] struct Pool;
//! #[derive(Clone, FromRequestParts, CacheKey)]
//! #[from_request(via(State))]
//! struct App { pool: Pool }
//!
//! #[derive(serde::Deserialize)]
//! struct Filter { tag: Option<String> }
//!
//! #[derive(FromRequestParts, CacheKey)]
//! struct Articles {
//!     #[from_request(via(Query))]
//!     filter: Filter,
//!     author: Path<String>,
//! }
//!
//! #[cached(ttl = 60)]
//! async fn articles(app: App, wanted: Articles) -> String {
//!     # let App { pool: Pool } = app;
//!     format!("{:?} of {}", wanted.filter.tag, wanted.author.0)
//! }
//! ```
//!
//! | a field is | say |
//! |---|---|
//! | a number, text, address, time, option, list, `BTreeMap` | nothing |
//! | of `chrono`, `jiff`, `rust_decimal`, `time`, `url`, `uuid` | nothing, with the feature of that name |
//! | of your own | `#[derive(CacheKey)]` on it, too |
//! | of another crate, and its `Display` prints everything that you show of it | `#[cache_key(display)]` |
//! | the same for every request: a pool, settings | `#[cache_key(skip)]` |
//! | an extractor, or taken `via` one | nothing |
//!
//! The path type of axum-extra's typed routes (feature `typed-routing`) is keyed as `Path`, with
//! `#[derive(TypedPath, Deserialize, CacheKey)]`.
//!
//! `vary` names the fields that the type was read from, so that clients and other caches keep the responses apart. `private` says that
//! it identifies a person. `key(expr, …)` replaces the arguments that it mentions: **anything else of them that the response depends on
//! is then not in the key.** What their types declare still applies: `prices` is sent as `private`, with `Vary: authorization`, since a
//! browser or a CDN knows nothing of tenants. If other caches may share it, take a separate extractor for the tenant, without
//! `private`. A type without `CacheKey`, or a type parameter, does not declare what it was read from: with a part of it as the key,
//! responses have `Vary: Cookie, Authorization`, and responses to requests with credentials are sent as `private`.
//!
//! `skip_credentials(user)` says that the response does not depend on the user at all, so what the type declares does not apply. If the
//! response is only for users who are logged in, and clients may store it, type `cache_control = "private, max-age=60"`. With
//! `skip(user)` alone, requests of users bypass the cache, as the type declares `private`.
//!
//! A response that varies by `authorization`, `proxy-authorization` or `cookie` is sent as `private`, whether `vary` of the attribute
//! or of a layer names the field, a `TypedHeader`, or `#[cache_key(vary = …)]`.
//!
//! # Cookies
//!
//! A jar holds all cookies of a request. Write an extractor that reads only the cookie that the page depends on:
//!
//! ```
//! # #[cfg(feature = "axum-extra")] mod theme {
//! use std::convert::Infallible;
//!
//! use axum::{extract::FromRequestParts, http::request::Parts};
//! use axum_extra::extract::CookieJar;
//! use cached_handler::{CacheKey, cached};
//!
//! /// The cookie `theme`.
//! #[derive(CacheKey)]
//! #[cache_key(vary = "cookie")]
//! struct Theme(Option<String>);
//!
//! impl<S: Send + Sync> FromRequestParts<S> for Theme {
//!     type Rejection = Infallible;
//!
//!     async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
//!         let jar = CookieJar::from_request_parts(parts, state).await?;
//!         Ok(Self(jar.get("theme").map(|cookie| cookie.value().to_owned())))
//!     }
//! }
//!
//! #[cached(ttl = 60)]
//! async fn page(theme: Theme) -> String { theme.0.unwrap_or_else(|| "light".to_owned()) }
//! # }
//! ```
//!
//! **A login is more than a cookie: the extractor has to look it up**, as [below](#sessions). If the cookie of a session is in the key
//! and only the body looks the session up, a hit does not notice that it has ended: a client with the old cookie still gets the page.
//! And with `key(jar.get("theme").map(…))` you vouch that the body reads no other cookie: if it also reads a login, everybody gets the
//! page of the first user.
//!
//! # Sessions
//!
//! A session, or cookies, identify a person. Write an extractor that reads what matters of them. The accessors of tower-sessions are
//! async, and `key(…)` cannot await them:
//!
//! ```text
#![doc = include_str!("../../recipes/account_of_tower_sessions.rs")]
//! ```
//!
//! With axum-login:
//!
//! ```text
#![doc = include_str!("../../recipes/account_of_axum_login.rs")]
//! ```
//!
//! | the response depends on | say |
//! |---|---|
//! | the user | that extractor; of axum-login's `AuthSession` also `key(auth.user.as_ref().map(AuthUser::id))` |
//! | whether a user is logged in, whose pages are not to be stored | `bypass(auth.user.is_some()), skip(auth)`: [recipes](super::start#only-for-visitors-who-are-not-logged-in) |
//! | messages that are shown once | `bypass(!messages.is_empty()), skip(messages)` |
//! | nothing of it, and most clients have no credentials | `skip(session)`: requests with `Cookie` or `Authorization` bypass the cache |
//! | nothing of it, for certain | `skip_credentials(session)`: everybody shares the response |
//!
//! The effect of `skip` depends on what the argument's type declares:
//!
//! | the type | requests with `Cookie` or `Authorization` |
//! |---|---|
//! | has `#[derive(CacheKey)]`, or is an extractor of axum that shows something else | share: the type declares what it shows, and you say that this does not matter |
//! | declares `private`, or with `vary` that it was read from these fields | bypass the cache; with `private` also requests without these fields |
//! | shows all fields or cookies: `HeaderMap`, `Request`, `CookieJar` | bypass the cache |
//! | declares nothing: a session, a token, a type of yours around one | bypass the cache, as it may have been read from these fields |
//! | has no content (`struct SignedIn;`) | share: it cannot show who asks |
//! | an [`OnMiss`] around a type of yours | bypass the cache, as it is not known what that will show |
//! | any, with `skip_credentials(arg)` | share |
//!
//! **With a part of a cookie jar in `key(…)`, such as `key(jar.get("theme").map(…))`, responses have `Vary: Cookie` and are sent as
//! `private`**, as a person who has logged out must not get the copy of a browser or a CDN. Do not omit `vary` in an extractor that reads
//! a cookie: a CDN would then send the page for one cookie to clients with another. A page that other caches may share must not depend
//! on a cookie: put what it depends on into the path or the query.
//!
//! # Extractors always run
//!
//! Extractors run on hits too, so authentication is never skipped and a rejection is never stored. A hit skips only the body, and
//! arguments of the type [`OnMiss`]. The order of layers does not matter for this, as the attribute is inside of all of them.
//!
//! # Databases and `OnMiss`
//!
//! A handler that takes a pool from `State` gets its connection in the body, so only on a miss. An extractor that takes the connection
//! itself would do so on every hit; `OnMiss` defers it:
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
//! #[cached(ttl = 60, skip_credentials(db))]
//! async fn count(db: OnMiss<Connection>) -> Result<String, Rejected> {
//!     let _db = db.extract().await?;
//!     Ok("3".to_owned())
//! }
//! ```
//!
//! On a hit the extractor does not run at all, so do not use `OnMiss` for authentication. `skip_credentials` says that a connection
//! shows nothing of the person who asks, which its type does not declare; with `skip(db)` requests that have a `Cookie` or
//! `Authorization` bypass the cache.
//!
//! # One handler under several paths
//!
//! The path is part of every key, so a handler that is routed under several paths stores a response for each. `path = […]` names
//! the paths that share one:
//!
//! ```
//! use axum::{Router, extract::Path, routing::get};
//! use cached_handler::cached;
//!
//! #[cached(ttl = 60, path = ["/", "/index.html", "/en/"])]
//! async fn front() -> &'static str { "welcome" }
//!
//! /// One response for `/articles/7` and `/a/7`, another for `/articles/8` and `/a/8`.
//! #[cached(ttl = 60, path = ["/articles/{id}", "/a/{id}"])]
//! async fn article(Path(id): Path<u64>) -> String { format!("article {id}") }
//!
//! let router: Router = Router::new()
//!     .route("/", get(front))
//!     .route("/index.html", get(front))
//!     .route("/en/", get(front))
//!     .route("/articles/{id}", get(article))
//!     .route("/a/{id}", get(article));
//! ```
//!
//! A path is the whole path that clients send, including the prefix of a nest. Its parameters are written as in the route, with the same
//! names in all paths. A request for a path that is not named, or with an encoded character, has a response of its own. In the key the
//! values of the parameters replace the path, and `Path` adds what the router took from it, so all arguments are in the key, and two
//! functions never share. `Uri`, `OriginalUri`, `MatchedPath`, `NestedPath` and `Request` would tell the paths apart, and do not compile
//! unless they are in `skip(…)` or `key(…)`.
//!
//! **An invalidation of one of the paths reaches the response of all**, whether by `path = "…"`, by [`Target::path`](crate::Target::path)
//! or by an unsafe method on it, in every process. Each further path costs one more epoch, which is read with the others. Do not share
//! if the paths of one handler have to be invalidated separately.
//!
//! Do not share a response that depends on the path in a way that no argument shows: relative links, or nested routers with a `State`
//! or an `Extension` of their own. Then compute the slow part once for both by a [value](super::layer_and_values), and give both
//! responses its group:
//!
//! ```
//! use axum::{extract::Path, http::StatusCode};
//! use cached_handler::{Cache, ValueOptions, cached, secs};
//!
//! #[cached(ttl = 60, group = "paste:{id}")]
//! async fn paste(cache: Cache, Path(id): Path<u64>) -> Result<String, StatusCode> {
//!     let options = ValueOptions::new(secs(60)).group(format!("paste:{id}"));
//!     let text = cache.values::<String>("pastes").get_or_insert_with(&id, options, async move || load(id).await).await?;
//!     Ok(text.to_string())
//! }
//! # async fn load(id: u64) -> Result<String, StatusCode> { Ok(format!("paste {id}")) }
//! ```
//!
//! # Several routers, tenants
//!
//! `State` is not part of the key. If several routers have a `State` of the same type with different values, such as one per tenant,
//! give each its own `Cache`, `.layer(Extension(cache))`; on files and Redis each needs its own
//! [namespace](crate::CacheBuilder::namespace), as `build()` checks.
//!
//! The names of path parameters are not part of the key either. If two routers lead the same path to the same handler by different
//! patterns, give them their own `Cache` too. If a service between two routers rewrites the path from something else, such as a
//! subdomain, `Path` adds the parameters themselves to the key, including those that a nest has removed from the path.
//!
//! # When not
//!
//! What a handler reads **outside its arguments** is not part of the key: a task-local, a global, the time, or a host from which a
//! service between two routers rewrites the path. Likewise, an invalidation does not cover data that a middleware read before the
//! arguments were extracted and put into an `Extension`: read it in the handler. A whole `Request` arrives without extensions, except
//! those of axum's routers; for what a middleware put there, use an extractor of yours, or `skip(request)`.
//!
//! `TypedHeader`, `Query` and `vary` are keyed by the fields and the query **as they were sent**. If an extractor before them rewrites
//! `parts.headers` or `parts.uri`, the key does not change: let the extractor return the result as its own value, or rewrite them in a
//! middleware.
//!
//! Never stored, whatever the attribute says: `Set-Cookie`, `no-store`, `private`, `Vary: *`, a `Vary` on a field that is not part of
//! the key. A request with `Authorization` or `Cookie` bypasses the cache if an argument can see them and they are not part of the key.
//! The exception is a handler that forwards (`vary = from_response`): its response may permit sharing with `public`, `s-maxage` or
//! `must-revalidate`.
//!
//! # Errors that you may see
//!
//! | the compiler says | type |
//! |---|---|
//! | `… does not say what it adds to the key` | `#[derive(CacheKey)]` on a type of yours, `key(user.part)` for one of another crate, or `skip(pool)` |
//! | `… is of axum-extra, which needs the feature axum-extra of cached-handler` | `features = ["axum-extra"]` for cached-handler in Cargo.toml, with axum-extra 0.12 |
//! | `… may be of another version of axum-extra than 0.12` | `axum-extra = "0.12"` in Cargo.toml: the extractors of other versions are other types, which cached-handler does not know |
//! | `a cached handler with a HeaderMap has to name the fields that it reads` | `vary = "accept-language"`, or a list |
//! | `a cached handler that takes Request sees all of the request` | what it reads: `Path`, `Query` …; to forward it, `vary = from_response` |
//! | `… takes the content of the request` | `Path` or `Query`; for a handler that writes, `#[invalidates]` |
//! | `… PassedByAxum<…>: TypedPath is not satisfied` | `features = ["typed-routing"]` for cached-handler in Cargo.toml, with axum-extra 0.12 |
//! | `… cannot be part of a cache key` | in `key(…)`, a number, text, option or tuple: `key(value.to_string())` |
//! | about `CookieJar`, `Cookie` | `bypass(jar.get("session").is_some()), skip(jar)`, or an extractor of yours that reads one cookie: [cookies](#cookies) |
//! | about `UserAgent` | the part that matters: `key(is_mobile(agent.as_str()))` |
//!
//! With `key(arg.part)` everything else of the argument is not in the key. So never name a part of a secret (a wrong password would get
//! the page of a right one), of messages that are shown once, or of a session; read those in an extractor of yours. `WebSocketUpgrade`
//! and `Multipart` cannot be cached.
//!
//! [`OnMiss`]: crate::OnMiss
