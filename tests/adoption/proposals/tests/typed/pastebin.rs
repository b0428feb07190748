//! `SignedCookieJar`, and a password in a field.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, Path, State},
    handler::Handler,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::MethodRouter,
};
use axum_extra::extract::{SignedCookieJar, cookie::Key};
use cached_handler::{CacheKey, DoNotStore, cached};
use pastebin::{AppState, Password, owns, read};

pub fn with<T: 'static>(handler: impl Handler<T, AppState>) -> MethodRouter<AppState> {
    pastebin::delete_route().get(handler)
}

/// The cookie `owner`, if it is signed, and no other.
#[derive(CacheKey)]
#[cache_key(private)]
pub struct Owner(Option<String>);

impl FromRequestParts<AppState> for Owner {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let jar = SignedCookieJar::<Key>::from_request_parts(parts, state).await?;
        Ok(Self(jar.get("owner").map(|cookie| cookie.value().to_owned())))
    }
}

#[cached(ttl = 60, group = "paste:{id}")]
pub async fn extracted(Path(id): Path<u32>, owner: Owner) -> String {
    (owner.0 == Some(id.to_string())).to_string()
}

#[cached(ttl = 60, group = "paste:{id}", bypass(jar.get("owner").is_some()), skip(jar))]
pub async fn bypassed(Path(id): Path<u32>, jar: SignedCookieJar) -> String {
    owns(&jar, id).to_string()
}

/// Against the condition that no response shows anything of them.
#[cached(ttl = 60, group = "paste:{id}", skip(jar))]
pub async fn skipped(Path(id): Path<u32>, jar: SignedCookieJar) -> String {
    owns(&jar, id).to_string()
}

#[derive(CacheKey)]
#[cache_key(private)]
pub struct Secret(Option<String>);

impl<S: Sync> FromRequestParts<S> for Secret {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Password::from_request_parts(parts, state).await.map(|password| Self(password.0))
    }
}

#[cached(ttl = 60, group = "paste:{id}")]
pub async fn derived(State(state): State<AppState>, Path(id): Path<u32>, secret: Secret) -> Result<Response, StatusCode> {
    page(&state, id, secret.0)
}

pub struct Plain(Option<String>);

impl<S: Sync> FromRequestParts<S> for Plain {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Password::from_request_parts(parts, state).await.map(|password| Self(password.0))
    }
}

/// All of it, as no part of a secret is to be named.
#[cached(ttl = 60, group = "paste:{id}", key(secret.0))]
pub async fn by_key(State(state): State<AppState>, Path(id): Path<u32>, secret: Plain) -> Result<Response, StatusCode> {
    page(&state, id, secret.0)
}

fn page(state: &AppState, id: u32, password: Option<String>) -> Result<Response, StatusCode> {
    let (text, burnt) = read(state, id, &Password(password))?;
    Ok(if burnt { (DoNotStore, text).into_response() } else { text.into_response() })
}
