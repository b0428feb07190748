//! Arguments made of the request's content, which no key holds yet: they do not compile, and the message says what to take instead.

use axum::{Json, body::Body};
use bytes::{Bytes, BytesMut};

use super::HandlerThatIsCached;
use crate::{
    key::writer::{CacheKey, KeyWriter},
    outcome::Bypass,
};

/// The reason for which a request bypasses the cache if an argument shows its content nevertheless.
pub(super) const UNKEYED: Bypass = Bypass::Content;

/// Never implemented: the bound exists for its error message.
#[diagnostic::on_unimplemented(
    message = "`{T}` takes the content of the request, which is not in the key of a cached handler",
    label = "only GET and HEAD are cached, and they have no content",
    note = "take what selects the response from the URL: `Path`, `Query`",
    note = "for a handler that writes, use `#[cached_handler::invalidates(…)]` instead of `#[cached]`",
    note = "if the content does not affect the response: `#[cached(…, skip(arg))]`"
)]
pub trait KeysContentOf<T> {}

macro_rules! content {
    ($($type:ty $(, $generic:ident)?;)*) => { $(
        #[doc(hidden)]
        impl $(<$generic>)? CacheKey for $type
        where
            for<'a> HandlerThatIsCached<'a>: KeysContentOf<Self>,
        {
            fn cache_key(&self, _: &mut KeyWriter<'_>) {}
        }
    )* };
}
#[cfg(feature = "axum-extra")]
pub(super) use content;
content! {
    Json<T>, T;
    String;
    Bytes;
    BytesMut;
    Body;
}
#[cfg(feature = "multipart")]
content! { axum::extract::Multipart; }
