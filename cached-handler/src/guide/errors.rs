//! Errors: what is reported when something is not as you want it, and what to type.
//!
//! ```
//! use axum::{http::StatusCode, response::Response};
//! use cached_handler::{Error, Outcome, invalidate_group};
//!
//! /// An invalidation that failed. As a response, `Error` is a 500 that does not say what went wrong.
//! async fn publish() -> Result<StatusCode, Error> {
//!     match invalidate_group("articles").await {
//!         // It is retried in the background.
//!         Err(error) if error.is_backend() => Ok(StatusCode::ACCEPTED),
//!         done => done.map(|()| StatusCode::NO_CONTENT),
//!     }
//! }
//!
//! /// Why a request was not answered from the cache, or its response not stored.
//! fn log<B>(response: &Response<B>) {
//!     if let Some(outcome) = response.extensions().get::<Outcome>() {
//!         println!("{outcome}");
//!     }
//! }
//! ```
//!
//! A cached handler never fails because of its cache: if the cache cannot answer, the handler runs. So there are three
//! kinds of errors.
//!
//! # From the compiler
//!
//! All mistakes in an attribute are reported in one compile, each on the token that is wrong, with what is wrong and
//! what to type instead. The handler is still emitted, as an `async fn`, so hardly any follow-up errors appear. For
//! arguments see [keys](super::keys#errors-that-you-may-see).
//!
//! # From the program
//!
//! [`Error`] is returned by `build`, `install`, invalidations and typed values. [`is_config`](crate::Error::is_config):
//! it is set up wrongly, and trying again does not help. [`is_backend`](crate::Error::is_backend): a backend failed;
//! what could be reached is done, and the rest is tried again. From `#[invalidates]` it is an event, a counter and a
//! retry; the handler's answer goes out unchanged.
//!
//! # Why a request was forwarded to the handler
//!
//! These words are used by [`Outcome`], `Cache-Status` (`fwd`, and `detail`), the metrics and `Stats::forwards`.
//!
//! | word | cause | what to do |
//! |---|---|---|
//! | `uri-miss` | nothing is stored for its key | |
//! | `vary-miss` | what is stored was selected by other field values | fewer values: an extractor that reduces the field |
//! | `stale` | its `ttl` is over | a longer `ttl`, a stale window |
//! | `invalidated` | it has been invalidated | smaller groups |
//! | `request` | the request demands it | only with `Policy::honor_request_directives` |
//! | `method` | not GET or HEAD | |
//! | `off` | `CACHED_HANDLER=off`, or `Cache::builder().off()`; `Cache-Status` does not say it, as nothing is added to an answer then | remove it |
//! | `condition` | a condition of `bypass(…)` holds, or of the layer's or a value's `bypass` | |
//! | `key-too-long` | the key is over 8 KiB, or holds a time zone without a name | a narrower argument: `Query<T>` instead of `RawQuery` |
//! | `credentials` | the request has `Authorization` or `Cookie`, and an argument outside the key can see it, or says that it is `private` | name it in `vary`, take a typed argument, or type `skip_credentials(arg)` |
//! | `rejected-argument` | an argument `Result<E, _>` is an `Err` | |
//! | `extractor-in-extension` | an argument is `Extension<State<T>>`, `Extension<Path<T>>` or the like | take the extractor itself, or `key(part)` of it |
//! | `content` | the request has content, which an argument could show | |
//! | `fields-unseen` | an argument's type is written under an alias | use the type's own name |
//! | `range` | the request asks for a part of what is not storable | see [the layer](super::layer_and_values#the-layer) |
//! | `upgrade` | the request asks for a WebSocket, which an argument outside the key or the service behind a layer may answer with | |
//! | `ambiguous-authority` | `Host` and the request target differ | |
//! | `unknown-backend` | this cache has no backend of that name | add it to `Cache::builder()` |
//! | `backend` | the backend failed or was too slow | see [operating](super::operating) |
//!
//! # Why a response was not stored
//!
//! These words are used by `Outcome`, `Cache-Status` (`detail`), the metrics and `Stats::not_stored`. For most reasons
//! that your code can change there is also an event that says what to type, at most once in ten seconds per handler and
//! reason.
//!
//! | word | cause | what to do |
//! |---|---|---|
//! | `method`, `bypass` | the request was not for the cache | see above |
//! | `head` | a HEAD request ran a handler with an argument in `skip` that shows the method | |
//! | `request-no-store`, `only-if-cached` | the request said so | only with `Policy::honor_request_directives` |
//! | `status` | its status is not stored | `status(404 = 5)`, for statuses that describe the resource |
//! | `cached-inside` | a handler inside the layer has `#[cached]`; or it is made of what a cached handler of another backend or cache has answered, or one that the request bypassed | keep both in one backend of one cache; give the page the same `bypass` |
//! | `err` | the handler returned an `Err`, and `only_ok` is on | |
//! | `do-not-store` | the handler returned `DoNotStore` | |
//! | `set-cookie` | it sets a cookie | set cookies in another handler, or in a layer outside |
//! | `no-store`, `private`, `no-cache` | its `Cache-Control` says so | if that is for clients only: `cache_control = "…"` in the attribute |
//! | `malformed-cache-control` | its `Cache-Control` cannot be read, which counts as `no-store` | correct it |
//! | `must-understand` | it says so, and its status is not understood | |
//! | `credentials` | the request had credentials, and the response does not say that it may be shared | `public`; or key the argument that shows them |
//! | `vary-any`, `malformed-vary` | `Vary: *`, or a `Vary` that cannot be read | correct it |
//! | `vary-unkeyed` | `Vary` names a field that is not in the key | `vary = "that-field"` |
//! | `too-many-variants` | 64 variants are stored already | an extractor that reduces the field to a few values |
//! | `partial` | it has `Content-Range` | |
//! | `no-freshness` | `ttl = from_response`, and it states none | `Cache-Control: s-maxage=…`, or a `ttl` |
//! | `already-stale` | its own `Cache-Control` or `Expires` says so | `cache_control = "…"` for what is for clients |
//! | `too-large` | longer than 1 MiB | `Policy::max_body` |
//! | `endless` | `text/event-stream`, `multipart/x-mixed-replace` | |
//! | `broken-off`, `length-mismatch` | its content was cut off, or its length is not the declared one | |
//! | `trailers` | it has trailers | |
//! | `fields-too-large` | over 256 field lines or 64 KiB of them | |
//! | `groups` | more than 16, or a name that is empty or over 256 bytes | |
//! | `invalidated` | it was invalidated while the handler ran | |
//! | `overtaken` | another run, which began later, has stored its response already | |
//! | `run-too-long` | its content took over 30 s to come | |
//! | `read-ahead` | so much content waits for clients who read slowly that no more is read ahead of them | `Cache::builder().read_ahead(bytes)` |
//! | `no-task` | it is streamed, and 1 024 runs have a task already | `Cache::builder().max_detached_runs(n)` |
//! | `panicked`, `timed-out` | the handler did, or took longer than `Policy::timeout` | |
//! | `backend` | the backend failed or refused | see [operating](super::operating) |
//!
//! # Errors that you may see
//!
//! | you see | cause, and what to type |
//! |---|---|
//! | compiler: `expected PassedByAxum<…>`, `PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow<…> is missing` | you call a handler with `#[cached]` or `#[invalidates]` as a function: add `uncached = name` to the attribute and call `name`. Or `#[debug_handler]` stands above the attribute: move it below |
//! | compiler: `CacheBuilder::redis needs the feature redis` | `features = ["redis"]` in Cargo.toml; the same for `fs` |
//!
//! # When not
//!
//! Do not parse the texts of errors and outcomes: they change. Match on [`Outcome`], or on the words of
//! [`NotStored::as_str`](crate::NotStored::as_str) and its like.
//!
//! [`Error`]: crate::Error
//! [`Outcome`]: crate::Outcome
