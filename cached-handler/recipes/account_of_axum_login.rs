use axum::{extract::FromRequestParts, http::{StatusCode, request::Parts}};
use axum_login::{AuthSession, AuthUser};
use cached_handler::{CacheKey, cached};

use crate::users::Backend;

/// Who asks.
#[derive(CacheKey)]
#[cache_key(private)]
pub struct Account(u64);

impl<S: Send + Sync> FromRequestParts<S> for Account {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let auth = AuthSession::<Backend>::from_request_parts(parts, state).await?;
        auth.user.map(|user| Self(user.id())).ok_or((StatusCode::UNAUTHORIZED, "log in"))
    }
}

#[cached(ttl = 60)]
pub async fn inbox(account: Account) -> String {
    format!("mail of {}", account.0)
}
