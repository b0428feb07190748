//! `AuthSession` of axum-login.

use axum::{
    extract::{FromRequestParts, State},
    handler::Handler,
    http::request::Parts,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use axum_login::AuthSession;
use cached_handler::{CacheKey, cached};
use club::Db;

pub fn with<T: 'static>(handler: impl Handler<T, Db>) -> MethodRouter<Db> {
    get(handler)
}

#[cached(ttl = 60, group = "events", bypass(auth.user.is_some()), skip(auth))]
pub async fn bypassed(State(_): State<Db>, auth: AuthSession<Db>) -> String {
    page(auth.user.map(|user| user.name))
}

#[cached(ttl = 60, group = "events", key(auth.user.as_ref().map(axum_login::AuthUser::id)))]
pub async fn by_id(auth: AuthSession<Db>) -> String {
    page(auth.user.map(|user| user.name))
}

#[derive(CacheKey)]
#[cache_key(private)]
pub struct Who(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let auth = AuthSession::<Db>::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self(auth.user.map(|user| user.name)))
    }
}

#[cached(ttl = 60, group = "events")]
pub async fn extracted(who: Who) -> String {
    page(who.0)
}

fn page(name: Option<String>) -> String {
    name.map_or_else(|| "log in".to_owned(), |name| format!("welcome back, {name}"))
}
