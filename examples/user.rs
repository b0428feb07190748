//! By user: answers that belong to one person, or to all of a tenant, and never to anybody else.
//!
//! ```console
//! $ curl -i -H 'authorization: Bearer ann' localhost:3000/inbox
//! HTTP/1.1 200 OK
//! cache-control: private, no-cache
//! vary: authorization
//! cache-status: demo; fwd=uri-miss; stored
//!
//! mail of Ann, read in run 1
//! # Hers, from the cache.
//! $ curl -i -H 'authorization: Bearer ann' localhost:3000/inbox
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…
//!
//! mail of Ann, read in run 1
//! # His.
//! $ curl -H 'authorization: Bearer bob' localhost:3000/inbox
//! mail of Bob, read in run 2
//! # Without a token: the extractor runs on a hit too, and its rejection is not stored.
//! $ curl -i localhost:3000/inbox
//! HTTP/1.1 401 Unauthorized
//! # One answer for a whole tenant: Ann and Bob share it, Cem does not.
//! $ curl -H 'authorization: Bearer ann' localhost:3000/prices
//! prices for tenant 1, read in run 3
//! $ curl -H 'authorization: Bearer bob' localhost:3000/prices
//! prices for tenant 1, read in run 3
//! $ curl -H 'authorization: Bearer cem' localhost:3000/prices
//! prices for tenant 2, read in run 4
//! # One answer for everybody who is logged in.
//! $ curl -H 'authorization: Bearer ann' localhost:3000/rules
//! rules, read in run 5
//! $ curl -H 'authorization: Bearer cem' localhost:3000/rules
//! rules, read in run 5
//! $ curl -i localhost:3000/rules
//! HTTP/1.1 401 Unauthorized
//! ```

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    extract::{FromRequestParts, State},
    http::{HeaderValue, StatusCode, header::AUTHORIZATION, request::Parts},
    routing::get,
};
use cached_handler::{Cache, CacheKey, cached};
use cached_handler_serving::serve;

/// The user whose token was sent. Without the derive, a cached handler that takes it does not compile: the cache cannot know that the
/// response belongs to one person. With `private`, browsers may store it, and no shared cache.
#[derive(CacheKey)]
#[cache_key(vary = "authorization", private)]
struct AuthUser {
    id: u64,
    name: &'static str,
    tenant: u32,
}

impl<S: Sync> FromRequestParts<S> for AuthUser {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        match parts.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes) {
            Some(b"Bearer ann") => Ok(Self { id: 1, name: "Ann", tenant: 1 }),
            Some(b"Bearer bob") => Ok(Self { id: 2, name: "Bob", tenant: 1 }),
            Some(b"Bearer cem") => Ok(Self { id: 3, name: "Cem", tenant: 2 }),
            _ => Err(StatusCode::UNAUTHORIZED),
        }
    }
}

/// In the key: all of `AuthUser`. The group lets an event reach one person's answers.
#[cached(ttl = "5m", group = "user:{user.id}")]
async fn inbox(State(runs): State<Runs>, user: AuthUser) -> String {
    format!("mail of {}, read in run {}\n", user.name, runs.next())
}

/// In the key: the tenant. What the body does with the rest of `user` is on your word.
#[cached(ttl = "5m", key(user.tenant))]
async fn prices(State(runs): State<Runs>, user: AuthUser) -> String {
    format!("prices for tenant {}, read in run {}\n", user.tenant, runs.next())
}

/// In the key: nothing of it, on your word that nothing of a person is on the page. It is still asked who you are.
#[cached(ttl = "5m", skip_credentials(_user))]
async fn rules(State(runs): State<Runs>, _user: AuthUser) -> String {
    format!("rules, read in run {}\n", runs.next())
}

#[derive(Clone, Default)]
struct Runs(Arc<AtomicU64>);

impl Runs {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// The application.
pub fn app() -> Router {
    Router::new().route("/inbox", get(inbox)).route("/prices", get(prices)).route("/rules", get(rules)).with_state(Runs::default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("user.rs")).await?)
}
