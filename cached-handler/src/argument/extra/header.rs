//! `TypedHeader<H>`: the lines of one field, and `Vary` names it.

use axum_extra::TypedHeader;
use headers::{
    AcceptRanges, AccessControlAllowCredentials, AccessControlAllowHeaders, AccessControlAllowMethods, AccessControlAllowOrigin,
    AccessControlExposeHeaders, AccessControlMaxAge, AccessControlRequestHeaders, AccessControlRequestMethod, Age, Allow, Authorization,
    CacheControl, Connection, ContentDisposition, ContentEncoding, ContentLength, ContentLocation, ContentRange, ContentType, Cookie, Date,
    ETag, Expect, Expires, Header, Host, IfMatch, IfModifiedSince, IfNoneMatch, IfRange, IfUnmodifiedSince, LastModified, Location, Origin,
    Pragma, ProxyAuthorization, Range, Referer, ReferrerPolicy, RetryAfter, SecWebsocketAccept, SecWebsocketKey, SecWebsocketVersion, Server,
    SetCookie, StrictTransportSecurity, Te, TransferEncoding, Upgrade, UserAgent, Vary, authorization::Credentials,
};

use super::{Keyed, KeyedUnseen};
use crate::cache_key::{CacheKey, KeyWriter};

/// A field that may be in a key.
#[diagnostic::on_unimplemented(
    message = "`TypedHeader<{Self}>` is no argument of a cached handler",
    label = "the key has to hold what the handler sees here",
    note = "a header type of your own: put `#[derive(cached_handler::CacheKey)]` on it; its field is then in the key, and in `Vary`",
    note = "another crate's: take a `HeaderMap` with `#[cached(…, vary = \"accept-language\")]`, or name what matters, `key(header.part())`"
)]
pub trait KeyedHeader: Header {
    /// What the value says besides the lines that it was read from.
    #[doc(hidden)]
    fn note(&self, _key: &mut KeyWriter<'_>) {}
}

impl<M, H: KeyedHeader> Keyed<M> for TypedHeader<H> {
    /// The lines as sent: what a header type prints need not be all that it read.
    fn write(&self, key: &mut KeyWriter<'_>) {
        field::<H>(key);
        self.0.note(key);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        key.vary(H::name().as_str());
    }
}

impl<M, H: KeyedHeader> KeyedUnseen<M> for TypedHeader<H> {
    fn write_unseen(key: &mut KeyWriter<'_>) {
        field::<H>(key);
    }
}

fn field<H: Header>(key: &mut KeyWriter<'_>) {
    let name = H::name().as_str();
    key.field(name);
    key.vary(name);
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
keyed!(
    AcceptRanges, AccessControlAllowCredentials, AccessControlAllowHeaders, AccessControlAllowMethods, AccessControlAllowOrigin,
    AccessControlExposeHeaders, AccessControlMaxAge, AccessControlRequestHeaders, AccessControlRequestMethod, Age, Allow, CacheControl,
    Connection, ContentDisposition, ContentEncoding, ContentLength, ContentLocation, ContentRange, ContentType, Date, ETag, Expect, Expires,
    Host, LastModified, Location, Origin, Pragma, Referer, ReferrerPolicy, RetryAfter, Server, SetCookie, StrictTransportSecurity, Te,
    TransferEncoding, Vary
);

macro_rules! personal {
    ($($header:ident),*) => { $(
        #[diagnostic::do_not_recommend]
        impl<C: Credentials> KeyedHeader for $header<C> {
            fn note(&self, key: &mut KeyWriter<'_>) {
                key.private();
            }
        }
    )* };
}
personal!(Authorization, ProxyAuthorization);

/// Nobody implements it: it is there for what rustc says then.
#[diagnostic::on_unimplemented(
    message = "a cached handler cannot take `TypedHeader<{H}>`: its values are so many that nothing would be found in the cache again",
    label = "one response for each value",
    note = "key what matters of it: `#[cached(…, key(arg.get(\"theme\").map(str::to_owned)))]` for a cookie, `key(is_mobile(&arg))` for a user agent",
    note = "a field that changes no response: `skip(arg)`"
)]
pub trait NeverHits<H> {}

/// Nobody implements it: it is there for what rustc says then.
#[diagnostic::on_unimplemented(
    message = "a cached handler does not see `{H}`: the cache answers preconditions and ranges itself, from the whole response",
    label = "not for the handler",
    note = "take the argument away; 304, 206 and 412 come by themselves"
)]
pub trait AnsweredByCache<H> {}

/// Nobody implements it: it is there for what rustc says then.
#[diagnostic::on_unimplemented(
    message = "a handler that upgrades to another protocol cannot be cached",
    label = "`{H}` asks for an upgrade",
    note = "take `#[cached]` away"
)]
pub trait Upgrades<H> {}

macro_rules! refused {
    ($($reason:ident: $($header:ident),*;)*) => { $( $(
        impl<M: $reason<$header>> Keyed<M> for TypedHeader<$header> {
            fn write(&self, _: &mut KeyWriter<'_>) {}
        }
    )* )* };
}
refused! {
    NeverHits: Cookie, UserAgent;
    AnsweredByCache: IfMatch, IfModifiedSince, IfNoneMatch, IfRange, IfUnmodifiedSince, Range;
    Upgrades: SecWebsocketAccept, SecWebsocketKey, SecWebsocketVersion, Upgrade;
}
