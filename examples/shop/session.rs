//! Who is logged in.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{header::AUTHORIZATION, request::Parts},
};
use cached_handler::CacheKey;
use tokio::sync::RwLock;

use crate::{Failure, Shop};

/// Users by their tokens.
#[derive(Debug, Clone, Default)]
pub struct Sessions(Arc<RwLock<HashMap<String, u64>>>);

/// Most that are kept.
const MOST: usize = 10_000;

impl Sessions {
    /// Adds one; where there are too many, everybody has to log in again.
    pub async fn add(&self, token: String, user: u64) {
        let mut sessions = self.0.write().await;
        if sessions.len() >= MOST {
            sessions.clear();
        }
        sessions.insert(token, user);
    }
}

/// The user whose token was sent.
#[derive(Debug, CacheKey)]
#[cache_key(vary = "authorization", private)]
pub struct User {
    /// As in the database.
    pub id: u64,
}

impl FromRequestParts<Shop> for User {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, Failure> {
        let shown = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or(Failure::Stranger)?;
        let token = shown.strip_prefix("Bearer ").ok_or(Failure::Stranger)?;
        let id = shop.sessions.0.read().await.get(token).copied().ok_or(Failure::Stranger)?;
        Ok(Self { id })
    }
}
