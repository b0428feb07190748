//! `TypedHeader<H>`: writes the lines of one field, which `Vary` then names.

use axum_extra::TypedHeader;
use headers::{
    AcceptRanges, AccessControlAllowCredentials, AccessControlAllowHeaders, AccessControlAllowMethods, AccessControlAllowOrigin,
    AccessControlExposeHeaders, AccessControlMaxAge, AccessControlRequestHeaders, AccessControlRequestMethod, Age, Allow, Authorization,
    CacheControl, Connection, ContentDisposition, ContentEncoding, ContentLength, ContentLocation, ContentRange, ContentType, Date, ETag,
    Expect, Expires, Header, Host, LastModified, Location, Origin, Pragma, ProxyAuthorization, Referer, ReferrerPolicy, RetryAfter, Server,
    SetCookie, StrictTransportSecurity, Te, TransferEncoding, Vary, authorization::Credentials,
};

use super::KeyedUnseen;
use crate::attribute::argument::not_of_this_request;
use crate::key::writer::{CacheKey, KeyWriter};

/// A header field that may be in a key.
#[diagnostic::on_unimplemented(
    message = "`TypedHeader<{Self}>` cannot be an argument of a cached handler",
    label = "the key has to hold what the handler sees here",
    note = "if `{Self}` is yours: put `#[derive(cached_handler::CacheKey)]` on it; its field is then in the key, and in `Vary`",
    note = "if it is another crate's: take a `HeaderMap` with `#[cached(…, vary = \"accept-language\")]`, or name what matters, `key(field.part())`; everything else of it is then not in the key",
    note = "if it does not affect the response: `#[cached(…, skip(field))]`"
)]
pub trait KeyedHeader: Header {
    /// Whether the field identifies a person; a constant, for extractors that have not run when the key is made.
    #[doc(hidden)]
    const PERSONAL: bool = false;

    /// Declares what the value shows besides the lines that it was read from.
    #[doc(hidden)]
    fn note(&self, _key: &mut KeyWriter<'_>) {}
}

impl<H: KeyedHeader> CacheKey for TypedHeader<H> {
    /// Writes the lines as sent: a header type may print less than it read.
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        field::<H>(key);
        self.0.note(key);
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        key.vary(H::name().as_str());
    }
}

impl<H: KeyedHeader> KeyedUnseen for TypedHeader<H> {
    fn write_unseen(key: &mut KeyWriter<'_>) {
        field::<H>(key);
    }
}

fn field<H: KeyedHeader>(key: &mut KeyWriter<'_>) {
    let name = H::name().as_str();
    key.field(name);
    key.vary(name);
    if H::PERSONAL {
        key.private();
    }
}

#[diagnostic::do_not_recommend]
impl<H: Header + CacheKey> KeyedHeader for H {
    fn note(&self, key: &mut KeyWriter<'_>) {
        self.cache_key(key);
    }
}

macro_rules! keyed {
    ($($header:ident),*) => { $(
        #[diagnostic::do_not_recommend]
        impl KeyedHeader for $header {}
    )* };
}
keyed! {
    AcceptRanges, AccessControlAllowCredentials, AccessControlAllowHeaders, AccessControlAllowMethods, AccessControlAllowOrigin,
    AccessControlExposeHeaders, AccessControlMaxAge, AccessControlRequestHeaders, AccessControlRequestMethod, Age, Allow, CacheControl,
    Connection, ContentDisposition, ContentEncoding, ContentLength, ContentLocation, ContentRange, ContentType, Date, ETag, Expect, Expires,
    Host, LastModified, Location, Origin, Pragma, Referer, ReferrerPolicy, RetryAfter, Server, SetCookie, StrictTransportSecurity, Te,
    TransferEncoding, Vary
}

macro_rules! personal {
    ($($header:ident),*) => { $(
        #[diagnostic::do_not_recommend]
        impl<C: Credentials> KeyedHeader for $header<C> {
            const PERSONAL: bool = true;
        }
    )* };
}
personal! { Authorization, ProxyAuthorization }
