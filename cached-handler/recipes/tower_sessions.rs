use axum::{extract::FromRequestParts, http::{StatusCode, request::Parts}, response::Html};
use cached_handler::{CacheKey, cached};
use tower_sessions::Session;

/// Who is logged in. In the key, it is one visitor for all who are not.
#[derive(CacheKey)]
pub struct Visitor(Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let session = Session::from_request_parts(parts, state).await?;
        let user = session.get("user_id").await.map_err(|_| (StatusCode::INTERNAL_SERVER_ERROR, "no session"))?;
        Ok(Self(user))
    }
}

#[cached(ttl = 60, bypass(visitor.0.is_some()))]
pub async fn front(visitor: Visitor) -> Html<String> {
    Html(visitor.0.map_or_else(|| "log in".to_owned(), |id| format!("welcome back, {id}")))
}
