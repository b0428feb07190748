//! Extractors whose feature is off.

use axum::extract::{Multipart, WebSocketUpgrade};
use axum_extra::{TypedHeader, extract::CookieJar, headers::ContentType};
use cached_handler::cached;

#[cached(ttl = 60)]
async fn field(TypedHeader(kind): TypedHeader<ContentType>) { //~ TypedHeader<ContentType> => an extractor of axum-extra (`TypedHeader`, `CookieJar`, `Host`, `Scheme`, `Cached`, …): switch on the feature, `cached-handler = { …, features = ["axum-extra"] }`
    let _ = kind;
}

#[cached(ttl = 60)]
async fn optional(field: Option<TypedHeader<ContentType>>) { //~ Option<TypedHeader<ContentType>> => an extractor of axum-extra (`TypedHeader`, `CookieJar`, `Host`, `Scheme`, `Cached`, …): switch on the feature, `cached-handler = { …, features = ["axum-extra"] }`
    let _ = field;
}

#[cached(ttl = 60)]
async fn jar(jar: CookieJar) { //~ CookieJar => an extractor of axum-extra (`TypedHeader`, `CookieJar`, `Host`, `Scheme`, `Cached`, …): switch on the feature, `cached-handler = { …, features = ["axum-extra"] }`
    let _ = jar;
}

#[cached(ttl = 60)]
async fn upgrade(upgrade: WebSocketUpgrade) { //~ WebSocketUpgrade => `WebSocketUpgrade`: an upgrade cannot be stored; remove `#[cached]`
    let _ = upgrade;
}

#[cached(ttl = 60)]
async fn multipart(multipart: Multipart) { //~ Multipart => `Multipart` and other content: only GET and HEAD are cached, so take `Query` or `Path`
    let _ = multipart;
}

fn main() {}
