//! Cookies whose login is read in the body: `Option<TypedHeader<Cookie>>` and `CookieJar`.

use axum::{
    extract::State,
    handler::Handler,
    response::Html,
    routing::{MethodRouter, get},
};
use axum_extra::{TypedHeader, extract::CookieJar, headers::Cookie};
use cached_handler::cached;
use forum::{Db, login, name_of, render};

pub fn with<T: 'static>(handler: impl Handler<T, Db>) -> MethodRouter<Db> {
    get(handler)
}

#[cached(ttl = 60, group = "posts", key(cookies.as_ref().and_then(|cookies| cookies.get("id")).map(str::to_owned)))]
pub async fn key(State(db): State<Db>, cookies: Option<TypedHeader<Cookie>>) -> Html<String> {
    render(login(&db, cookies.as_ref()).as_deref(), "front")
}

/// As the message has it, although the page depends on another cookie.
#[cached(ttl = 60, group = "posts", key(cookies.as_ref().and_then(|cookies| cookies.get("theme")).map(str::to_owned)))]
pub async fn other_key(State(db): State<Db>, cookies: Option<TypedHeader<Cookie>>) -> Html<String> {
    render(login(&db, cookies.as_ref()).as_deref(), "front")
}

#[cached(ttl = 60, group = "posts", bypass(cookies.as_ref().is_some_and(|cookies| cookies.get("id").is_some())), skip(cookies))]
pub async fn bypassed(State(db): State<Db>, cookies: Option<TypedHeader<Cookie>>) -> Html<String> {
    render(login(&db, cookies.as_ref()).as_deref(), "front")
}

/// Against the condition that no response shows anything of them.
#[cached(ttl = 60, group = "posts", skip(cookies))]
pub async fn skipped(State(db): State<Db>, cookies: Option<TypedHeader<Cookie>>) -> Html<String> {
    render(login(&db, cookies.as_ref()).as_deref(), "front")
}

#[cached(ttl = 60, group = "posts", key(jar.get("id").map(|c| c.value().to_owned())))]
pub async fn jar_key(State(db): State<Db>, jar: CookieJar) -> Html<String> {
    page(&db, &jar)
}

/// As the message has it, although the page depends on another cookie.
#[cached(ttl = 60, group = "posts", key(jar.get("theme").map(|c| c.value().to_owned())))]
pub async fn jar_other_key(State(db): State<Db>, jar: CookieJar) -> Html<String> {
    page(&db, &jar)
}

#[cached(ttl = 60, group = "posts", bypass(jar.get("id").is_some()), skip(jar))]
pub async fn jar_bypassed(State(db): State<Db>, jar: CookieJar) -> Html<String> {
    page(&db, &jar)
}

/// Against the condition that no response shows anything of them.
#[cached(ttl = 60, group = "posts", skip(jar))]
pub async fn jar_skipped(State(db): State<Db>, jar: CookieJar) -> Html<String> {
    page(&db, &jar)
}

fn page(db: &Db, jar: &CookieJar) -> Html<String> {
    let name = jar.get("id").and_then(|cookie| name_of(db, cookie.value()));
    render(name.as_deref(), "front")
}
