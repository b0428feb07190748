//! What cannot be an argument of a cached handler does not compile.

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, Request, State},
};
use bytes::{Bytes, BytesMut};
use http::{Extensions, HeaderMap, request::Parts};

use crate::attribute::argument::{Fields, FromResponse, Keyed, OnMiss, Undeclared};

/// Compiles only if none of the types is `Keyed<$declared>`: for one that is, `some` would be ambiguous between two traits.
macro_rules! refused {
    ($declared:ty: $($argument:ty),* $(,)?) => { $( {
        trait Ambiguous<A> {
            fn some() {}
        }
        struct Argument;
        impl<T> Ambiguous<()> for T {}
        impl<T: Keyed<$declared>> Ambiguous<Argument> for T {}
        let _ = <$argument as Ambiguous<_>>::some;
    } )* };
}

/// An extractor of an author's own, without `CacheKey`.
struct Own;

#[test]
fn arguments_that_do_not_say_what_they_show_do_not_compile() {
    refused!(Undeclared: Own, Extension<Own>, Option<Own>, Result<Own, ()>, (State<u8>, Own), OnMiss<Own>, OnMiss<(State<u8>, Own)>);
}

#[test]
fn content_does_not_compile() {
    refused!(Undeclared: Json<u8>, String, Bytes, BytesMut, Body, Option<Json<u8>>, (Path<u8>, String));
    refused!(FromResponse: Json<u8>, String, Bytes, BytesMut, Body);
    #[cfg(feature = "multipart")]
    refused!(Undeclared: axum::extract::Multipart);
}

#[test]
fn all_extensions_and_upgrades_do_not_compile() {
    refused!(Undeclared: Extensions);
    refused!(FromResponse: Extensions);
    #[cfg(feature = "ws")]
    refused!(FromResponse: axum::extract::WebSocketUpgrade);
}

#[test]
fn all_fields_do_not_compile_without_a_vary() {
    refused!(Undeclared: HeaderMap, Request, Parts, (HeaderMap, Path<u8>), OnMiss<HeaderMap>);
    refused!(Fields: Request, Parts, (HeaderMap, Path<u8>));
}

#[test]
#[cfg(feature = "axum-extra")]
fn cookies_and_fields_that_never_hit_do_not_compile() {
    use axum_extra::{
        TypedHeader,
        extract::{Cached, CookieJar, JsonDeserializer},
    };
    use headers::{Cookie, IfModifiedSince, IfNoneMatch, Range, SecWebsocketKey, Upgrade, UserAgent};

    refused!(FromResponse: CookieJar, Cached<CookieJar>, JsonDeserializer<u8>);
    refused!(FromResponse: TypedHeader<Cookie>, Option<TypedHeader<Cookie>>, TypedHeader<UserAgent>, OnMiss<TypedHeader<UserAgent>>);
    refused!(Undeclared: TypedHeader<IfNoneMatch>, TypedHeader<IfModifiedSince>, TypedHeader<Range>);
    refused!(Undeclared: TypedHeader<Upgrade>, TypedHeader<SecWebsocketKey>);
}
