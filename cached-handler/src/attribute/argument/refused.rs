//! Arguments that no key can hold: they do not compile, each with its own advice.

use axum::Extension;
use http::Extensions;

use super::HandlerThatIsCached;
use crate::{
    invalidates::invalidation::Invalidation,
    key::writer::{CacheKey, KeyWriter},
};

/// Never implemented: the bound exists for its error message.
#[diagnostic::on_unimplemented(
    message = "a cached handler cannot take all `Extensions`",
    label = "they can hold anything",
    note = "take the one that it reads: `Extension<T>` with `#[derive(cached_handler::CacheKey)]` on `T`, or with `key(arg.part)`",
    note = "if they do not affect the response: `#[cached(…, skip(extensions))]`"
)]
pub trait KeysAll<T> {}

#[doc(hidden)]
impl CacheKey for Extensions
where
    for<'a> HandlerThatIsCached<'a>: KeysAll<Self>,
{
    fn cache_key(&self, _: &mut KeyWriter<'_>) {}
}

/// Never implemented: the bound exists for its error message.
#[diagnostic::on_unimplemented(
    message = "`{T}` is for handlers with `#[invalidates]`",
    label = "only `#[invalidates]` carries it out",
    note = "take `cache: Cache`, and call `cache.invalidate(Target::group(\"articles\")).await?`"
)]
pub trait Invalidates<T> {}

#[doc(hidden)]
impl CacheKey for Invalidation
where
    for<'a> HandlerThatIsCached<'a>: Invalidates<Self>,
{
    fn cache_key(&self, _: &mut KeyWriter<'_>) {}
}

/// A value that a middleware has put into an `Extension`. This is `CacheKey` with another error message: the messages for arguments,
/// such as that a `String` is the request's content, would be wrong for a value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` in an `Extension` does not say what it adds to the key",
    label = "the key has to hold what the handler sees here",
    note = "if `{Self}` is yours: put `#[derive(cached_handler::CacheKey)]` on it, and `#[cache_key(private)]` if it identifies a person",
    note = "if it is another crate's, or text: with `Extension(value): Extension<{Self}>` type `#[cached(…, key(value))]`, or a part of it, `key(value.part)`; everything else of it is then not in the key, so never name a part of a secret, of messages or of a session",
    note = "if it does not affect the response: `#[cached(…, skip_credentials(value))]` for what shows nothing of a person, such as a pool or the id of a request; else `skip(value)`, with which requests that have a `Cookie` or `Authorization` bypass the cache"
)]
pub trait InExtension: CacheKey {}

#[diagnostic::do_not_recommend]
impl<T: CacheKey> InExtension for T {}

impl<T: InExtension> CacheKey for Extension<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        self.0.carried(key);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        T::absent(key);
    }
}

/// Never implemented: the bound exists for its error message.
#[cfg(feature = "ws")]
#[diagnostic::on_unimplemented(
    message = "a handler that upgrades to a WebSocket cannot be cached",
    label = "an upgrade cannot be stored",
    note = "remove `#[cached]`"
)]
pub trait Upgrades<T> {}

#[cfg(feature = "ws")]
#[doc(hidden)]
impl<F> CacheKey for axum::extract::WebSocketUpgrade<F>
where
    for<'a> HandlerThatIsCached<'a>: Upgrades<Self>,
{
    fn cache_key(&self, _: &mut KeyWriter<'_>) {}
}
