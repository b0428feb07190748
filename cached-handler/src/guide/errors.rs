//! Errors: what is said when something is not as you want it, and what to type.
//!
//! ```
//! use axum::{http::StatusCode, response::Response};
//! use cached_handler::{Error, Outcome, invalidate_group};
//!
//! /// An invalidation that failed. As an answer, `Error` is a 500 without a word of what went wrong.
//! async fn publish() -> Result<StatusCode, Error> {
//!     match invalidate_group("articles").await {
//!         // It is tried again in the background.
//!         Err(error) if error.is_backend() => Ok(StatusCode::ACCEPTED),
//!         done => done.map(|()| StatusCode::NO_CONTENT),
//!     }
//! }
//!
//! /// Why a response was not answered from the store, or not stored.
//! fn log<B>(response: &Response<B>) {
//!     if let Some(outcome) = response.extensions().get::<Outcome>() {
//!         println!("{outcome}");
//!     }
//! }
//! ```
//!
//! A cached handler never fails by its cache: it runs as if there were none. So there are three kinds of errors only.
//!
//! # The compiler's
//!
//! Every mistake in an attribute is reported at once, at the token that is wrong, as what is wrong and what to type
//! instead. The handler is still there, so that no second error follows. For arguments see
//! [keys](super::keys#errors-that-a-reader-meets).
//!
//! # The program's
//!
//! [`Error`] is returned by `build`, `install`, invalidations and typed values. [`is_config`](crate::Error::is_config):
//! it is set up wrongly, and trying again does not help. [`is_backend`](crate::Error::is_backend): a backend failed;
//! what could be reached is done, and the rest is tried again. From `#[invalidates]` it is an event, a counter and a
//! retry; the handler's answer goes out unchanged.
//!
//! # A request that went forward
//!
//! The word of an [`Outcome`], of `Cache-Status` (`fwd`, and `detail`), of the metrics and of `Stats::forwards`.
//!
//! | word | because | to change that |
//! |---|---|---|
//! | `uri-miss` | nothing is stored under its key | |
//! | `vary-miss` | what is stored was selected by other fields | fewer values: an extractor that reduces the field |
//! | `stale` | its time is up | a longer `ttl`, a stale window |
//! | `invalidated` | it has been invalidated | fewer, smaller groups |
//! | `request` | the request demands it | only with `Policy::honor_request_directives` |
//! | `method` | not GET or HEAD | |
//! | `off` | `CACHED_HANDLER=off`, or `Cache::builder().off()` | unset it |
//! | `key-too-long` | over 8 KiB | a narrower argument: `Query<T>` in place of `RawQuery` |
//! | `credentials` | `Authorization` or `Cookie`, and an argument outside the key can see it | name it in `vary`, or take a typed argument |
//! | `rejected-argument` | an argument `Result<E, _>` is an `Err` | |
//! | `content` | the request has content, which an argument could show | |
//! | `fields-unseen` | an argument's type goes by another type's name | use the type under its own name |
//! | `upgrade` | the request asks for another protocol | |
//! | `ambiguous-authority` | `Host` and the request target differ | |
//! | `unknown-backend` | this cache has no backend of that name | add it to `Cache::builder()` |
//! | `backend` | the backend failed or was too slow | see [operating](super::operating) |
//!
//! # A response that was not stored
//!
//! The word of `Outcome`, of `Cache-Status` (`detail`), of the metrics and of `Stats::not_stored`. Where there is
//! something to type, an event says it, at most once in ten seconds for each handler and reason.
//!
//! | word | because | to change that |
//! |---|---|---|
//! | `method`, `bypass` | the request was not one for the cache | see above |
//! | `head` | a HEAD request ran a handler with an argument in `skip` that shows the method | |
//! | `request-no-store`, `only-if-cached` | the request said so | only with `Policy::honor_request_directives` |
//! | `status` | its status is not stored | `Policy::status`, for statuses that speak of the resource |
//! | `cached-inside` | a handler inside the layer has `#[cached]` | |
//! | `do-not-store` | the handler returned `DoNotStore` | |
//! | `set-cookie` | it sets a cookie | set cookies in another handler, or in a layer outside |
//! | `no-store`, `private`, `no-cache` | its `Cache-Control` says so | for clients alone: `cache_control = "…"` in the attribute |
//! | `malformed-cache-control` | its `Cache-Control` cannot be read, which counts as `no-store` | mend it |
//! | `must-understand` | it says so, beside a status that is not understood | |
//! | `credentials` | the request had credentials, and the response does not say that it may be shared | `public`; or key the argument that shows them |
//! | `vary-any`, `malformed-vary` | `Vary: *`, or one that cannot be read | |
//! | `vary-unkeyed` | `Vary` names a field that is not in the key | `vary = "that-field"` |
//! | `too-many-variants` | 32 variants are stored already | an extractor that reduces the field to few values |
//! | `partial` | it has `Content-Range` | |
//! | `no-freshness` | `ttl = from_response`, and it states none | `Cache-Control: s-maxage=…`, or a `ttl` |
//! | `already-stale` | its own `Cache-Control` or `Expires` says so | `cache_control = "…"` for what is for clients |
//! | `too-large` | longer than 1 MiB | `Policy::max_body` |
//! | `endless` | `text/event-stream`, `multipart/x-mixed-replace` | |
//! | `broken-off`, `length-mismatch` | its content broke off, or is not as long as it says | |
//! | `trailers` | it has trailers | |
//! | `fields-too-large` | over 256 lines or 64 KiB of fields | |
//! | `groups` | more than 16, or a name that is empty or over 256 bytes | |
//! | `invalidated` | it was invalidated while the handler ran | |
//! | `run-too-long` | the run took over 30 s, and another may have begun since | |
//! | `no-task` | it is streamed, and 1 024 runs have a task already | `Cache::builder().max_detached_runs(n)` |
//! | `panicked`, `timed-out` | the handler did, or took longer than `Policy::timeout` | |
//! | `backend` | the backend failed or refused | see [operating](super::operating) |
//!
//! # When not
//!
//! Do not read the texts of errors and outcomes in a program: they change. Match on [`Outcome`], or on the words of
//! [`NotStored::as_str`](crate::NotStored::as_str) and its like.
//!
//! [`Error`]: crate::Error
//! [`Outcome`]: crate::Outcome
