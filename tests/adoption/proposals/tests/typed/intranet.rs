//! What a middleware has left in the extensions.

use std::sync::Arc;

use axum::{
    Extension,
    handler::Handler,
    routing::{MethodRouter, get},
};
use cached_handler::cached;
use intranet::{Db, RequestId, User};

pub fn with<T: 'static>(handler: impl Handler<T, Db>) -> MethodRouter<Db> {
    get(handler)
}

#[cached(ttl = 60)]
pub async fn derived(Extension(user): Extension<Arc<User>>) -> String {
    user.name.clone()
}

#[cached(ttl = 60, key(id.0))]
pub async fn key(Extension(user): Extension<Arc<User>>, Extension(id): Extension<RequestId>) -> String {
    format!("{}{}", user.name, id.0)
}

#[cached(ttl = 60, skip(id))]
pub async fn skipped(Extension(user): Extension<Arc<User>>, Extension(id): Extension<RequestId>) -> String {
    let _for_the_log = id.0;
    user.name.clone()
}

#[cached(ttl = 60, skip_credentials(id))]
pub async fn skipped_credentials(Extension(user): Extension<Arc<User>>, Extension(id): Extension<RequestId>) -> String {
    let _for_the_log = id.0;
    user.name.clone()
}
