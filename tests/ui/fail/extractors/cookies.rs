//! Cookies, and fields that differ from client to client.

use axum_extra::{TypedHeader, extract::CookieJar, headers::{Cookie, UserAgent}};
use cached_handler::cached;

#[cached(ttl = 60)]
async fn jar(jar: CookieJar) { //~ CookieJar => in the key, each client would have responses of its own
    let _ = jar;
}

#[cached(ttl = 60)]
async fn field(TypedHeader(cookies): TypedHeader<Cookie>) { //~ TypedHeader<Cookie> => cannot be an argument of a cached handler
    let _ = cookies;
}

#[cached(ttl = 60)]
async fn user_agent(TypedHeader(agent): TypedHeader<UserAgent>) { //~ TypedHeader<UserAgent> => cannot be an argument of a cached handler
    let _ = agent;
}

fn main() {}
