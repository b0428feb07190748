//! Cookies whose login is read in the body: `Option<TypedHeader<Cookie>>` and `CookieJar`.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts, State},
    handler::Handler,
    http::request::Parts,
    response::Html,
    routing::{MethodRouter, get},
};
use axum_extra::{TypedHeader, extract::CookieJar, headers::Cookie};
use cached_handler::{CacheKey, cached};
use forum::{Db, login, name_of, render};

pub fn with<T: 'static>(handler: impl Handler<T, Db>) -> MethodRouter<Db> {
    get(handler)
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

#[cached(ttl = 60, group = "posts", bypass(jar.get("id").is_some()), skip(jar))]
pub async fn jar_bypassed(State(db): State<Db>, jar: CookieJar) -> Html<String> {
    page(&db, &jar)
}

/// Against the condition that no response shows anything of them.
#[cached(ttl = 60, group = "posts", skip(jar))]
pub async fn jar_skipped(State(db): State<Db>, jar: CookieJar) -> Html<String> {
    page(&db, &jar)
}

/// Who is signed in, looked up for each request.
#[derive(CacheKey)]
#[cache_key(private)]
pub struct Who(Option<String>);

impl FromRequestParts<Db> for Who {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, db: &Db) -> Result<Self, Infallible> {
        let jar = CookieJar::from_request_parts(parts, db).await?;
        Ok(Self(jar.get("id").and_then(|cookie| name_of(db, cookie.value()))))
    }
}

/// Who is signed in, of a type that does not say what it shows.
pub struct Member(String);

impl OptionalFromRequestParts<Db> for Member {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, db: &Db) -> Result<Option<Self>, Infallible> {
        Ok(Who::from_request_parts(parts, db).await?.0.map(Self))
    }
}

#[cached(ttl = 60, group = "posts", bypass(member.is_some()), skip(member))]
pub async fn member_bypassed(member: Option<Member>) -> Html<String> {
    render(member.map(|member| member.0).as_deref(), "front")
}

#[cached(ttl = 60, group = "posts")]
pub async fn extracted(who: Who) -> Html<String> {
    render(who.0.as_deref(), "front")
}

fn page(db: &Db, jar: &CookieJar) -> Html<String> {
    let name = jar.get("id").and_then(|cookie| name_of(db, cookie.value()));
    render(name.as_deref(), "front")
}
