//! Arguments that no key can hold: compile errors, each with its own advice.

use axum::Extension;
use http::Extensions;

use super::Keyed;
use crate::cache_key::{CacheKey, KeyWriter};

/// Nobody implements it: it is there for what rustc says then.
#[diagnostic::on_unimplemented(
    message = "a cached handler cannot take all `Extensions`",
    label = "they hold anything",
    note = "take the one that it reads: `Extension<T>` with `#[derive(cached_handler::CacheKey)]` on `T`, or with `key(arg.part)`",
    note = "extensions that change no response: `skip(extensions)`"
)]
pub trait ExtensionsInKey {}

impl<M: ExtensionsInKey> Keyed<M> for Extensions {
    fn write(&self, _: &mut KeyWriter<'_>) {}
}

#[diagnostic::do_not_recommend]
impl<M, T: CacheKey> Keyed<M> for Extension<T> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        self.0.cache_key(key);
    }
}

/// Nobody implements it: it is there for what rustc says then.
#[cfg(feature = "ws")]
#[diagnostic::on_unimplemented(
    message = "a handler that upgrades to a WebSocket cannot be cached",
    label = "an upgrade is nothing that can be stored",
    note = "take `#[cached]` away"
)]
pub trait UpgradeInKey {}

#[cfg(feature = "ws")]
impl<M: UpgradeInKey, F> Keyed<M> for axum::extract::WebSocketUpgrade<F> {
    fn write(&self, _: &mut KeyWriter<'_>) {}
}
