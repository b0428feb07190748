//! Pages behind a middleware that finds out who asks, and leaves it in the extensions.

use std::sync::{Arc, Mutex};

use axum::{
    Extension, Json, Router,
    extract::{Path, Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{CacheKey, cached, invalidates};
use serde::Serialize;

#[derive(Debug, Clone, CacheKey)]
#[cache_key(vary = "authorization", private)]
pub struct User {
    pub name: String,
    pub tenant: u32,
    pub is_admin: bool,
}

/// What a middleware says of the request, for logs.
#[derive(Clone)]
pub struct RequestId(pub u64);

#[derive(Default)]
pub struct Store {
    news: Vec<String>,
}

pub type Db = Arc<Mutex<Store>>;

/// `Authorization: Bearer anna@1` is Anna of tenant 1; admins are called `root`.
fn user_of(request: &Request) -> Option<User> {
    let token = request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    let (name, tenant) = token.split_once('@')?;
    Some(User { name: name.to_owned(), tenant: tenant.parse().ok()?, is_admin: name == "root" })
}

async fn require_user(mut request: Request, next: Next) -> Response {
    let Some(user) = user_of(&request) else { return StatusCode::UNAUTHORIZED.into_response() };
    request.extensions_mut().insert(Arc::new(user));
    request.extensions_mut().insert(RequestId(7));
    next.run(request).await
}

#[cached(ttl = 60)]
async fn dashboard(Extension(user): Extension<Arc<User>>) -> String {
    format!("good morning, {}", user.name)
}

#[cached(ttl = 60, group = "news", key(user.is_admin))]
async fn news(State(db): State<Db>, Extension(user): Extension<Arc<User>>) -> Json<Vec<String>> {
    let mut news = db.lock().unwrap().news.clone();
    if user.is_admin {
        news.push("for admins".to_owned());
    }
    Json(news)
}

#[derive(Serialize)]
struct Tenant {
    tenant: u32,
}

#[cached(ttl = 60, key(user.tenant), skip_credentials(id))]
async fn tenant(Extension(user): Extension<Arc<User>>, Extension(id): Extension<RequestId>) -> Json<Tenant> {
    let _for_the_log = id.0;
    Json(Tenant { tenant: user.tenant })
}

#[cached(ttl = "1h", skip_credentials(_user))]
async fn handbook(Path(chapter): Path<u32>, _user: Extension<Arc<User>>) -> String {
    format!("chapter {chapter}")
}

#[invalidates(group = "news")]
async fn announce(State(db): State<Db>, Extension(user): Extension<Arc<User>>, text: String) -> StatusCode {
    if !user.is_admin {
        return StatusCode::FORBIDDEN;
    }
    db.lock().unwrap().news.push(text);
    StatusCode::CREATED
}

pub fn app() -> Router {
    app_with(Router::new().route("/", get(dashboard)))
}

/// The same with another dashboard.
pub fn app_with(dashboard: Router<Db>) -> Router {
    dashboard
        .route("/news", get(news).post(announce))
        .route("/tenant", get(tenant))
        .route("/handbook/{chapter}", get(handbook))
        .layer(from_fn(require_user))
        .with_state(Db::default())
}
