use axum::{extract::FromRequestParts, http::{StatusCode, request::Parts}};
use cached_handler::{CacheKey, cached};
use tower_sessions::Session;

/// Who asks.
#[derive(CacheKey)]
#[cache_key(private)]
pub struct Account(u64);

impl<S: Send + Sync> FromRequestParts<S> for Account {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let session = Session::from_request_parts(parts, state).await?;
        let id = session.get("user_id").await.map_err(|_| (StatusCode::INTERNAL_SERVER_ERROR, "no session"))?;
        id.map(Self).ok_or((StatusCode::UNAUTHORIZED, "log in"))
    }
}

#[cached(ttl = 60)]
pub async fn inbox(account: Account) -> String {
    format!("mail of {}", account.0)
}
