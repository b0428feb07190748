//! Arguments that no key can hold: compile errors, each with its own advice.

use axum::Extension;
use http::Extensions;

use super::HandlerThatIsCached;
use crate::cache_key::{CacheKey, KeyWriter};

/// Nobody implements it: it is there for what rustc says then.
#[diagnostic::on_unimplemented(
    message = "a cached handler cannot take all `Extensions`",
    label = "they can hold anything",
    note = "take the one that it reads: `Extension<T>` with `#[derive(cached_handler::CacheKey)]` on `T`, or with `key(arg.part)`",
    note = "extensions that do not affect the response: `skip(extensions)`"
)]
pub trait KeysAll<T> {}

#[doc(hidden)]
impl CacheKey for Extensions
where
    for<'a> HandlerThatIsCached<'a>: KeysAll<Self>,
{
    fn cache_key(&self, _: &mut KeyWriter<'_>) {}
}

impl<T: CacheKey> CacheKey for Extension<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        self.0.carried(key);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        T::absent(key);
    }
}

/// Nobody implements it: it is there for what rustc says then.
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
