//! Cookies, and fields that differ from client to client.

use axum_extra::{TypedHeader, extract::CookieJar, headers::{Cookie, UserAgent}};
use cached_handler::cached;

#[cached(ttl = 60)]
async fn jar(jar: CookieJar) {
    let _ = jar;
}

#[cached(ttl = 60)]
async fn field(TypedHeader(cookies): TypedHeader<Cookie>) {
    let _ = cookies;
}

#[cached(ttl = 60)]
async fn user_agent(TypedHeader(agent): TypedHeader<UserAgent>) {
    let _ = agent;
}

fn main() {}
