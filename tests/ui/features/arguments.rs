//! Extractors whose feature is off.

use axum::extract::{Multipart, WebSocketUpgrade};
use axum_extra::{TypedHeader, extract::CookieJar, headers::ContentType};
use cached_handler::cached;

#[cached(ttl = 60)]
async fn field(TypedHeader(kind): TypedHeader<ContentType>) { //~ TypedHeader<ContentType> => type `cached-handler = { …, features = ["axum-extra"] }` in Cargo.toml; it goes with axum-extra 0.12
    let _ = kind;
}

#[cached(ttl = 60)]
async fn optional(field: Option<TypedHeader<ContentType>>) { //~ TypedHeader<ContentType> => type `cached-handler = { …, features = ["axum-extra"] }` in Cargo.toml
    let _ = field;
}

#[cached(ttl = 60)]
async fn jar(jar: CookieJar) { //~ CookieJar => type `cached-handler = { …, features = ["axum-extra"] }` in Cargo.toml
    let _ = jar;
}

#[cached(ttl = 60)]
async fn upgrade(upgrade: WebSocketUpgrade) { //~ WebSocketUpgrade => a handler that upgrades to a WebSocket cannot be cached
    let _ = upgrade;
}

#[cached(ttl = 60)]
async fn multipart(multipart: Multipart) { //~ Multipart => `Multipart` takes the content of the request, which is not in the key of a cached handler
    let _ = multipart;
}

fn main() {}
