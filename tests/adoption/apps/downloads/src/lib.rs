//! Files from a directory, and two versions of an API, of which the old one is cached by a layer.

use std::path::Path as Directory;

use axum::{
    Json, Router,
    extract::{NestedPath, OriginalUri, Path},
    http::StatusCode,
    routing::get,
};
use cached_handler::{CacheLayer, cached, secs};
use tower_http::services::ServeDir;

type Release = Json<[String; 2]>;

/// Both versions have this handler.
#[cached(ttl = 60)]
async fn latest(version: NestedPath) -> Release {
    Json([version.as_str().to_owned(), "1.2.3".to_owned()])
}

/// A CDN keeps these by rules of its own, for which the field has to be absent.
#[cached(ttl = 60, cache_control = none)]
async fn release(Path(number): Path<String>, OriginalUri(uri): OriginalUri) -> Result<Release, StatusCode> {
    if number == "9.9.9" { Err(StatusCode::NOT_FOUND) } else { Ok(Json([uri.to_string(), number])) }
}

/// Nobody has touched this one in years.
async fn legacy(Path(number): Path<String>) -> String {
    format!("release {number}")
}

async fn gone() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "nothing is here")
}

pub fn app(files: &Directory) -> Router {
    let files = Router::new().fallback_service(ServeDir::new(files)).layer(CacheLayer::new("files", secs(60)));
    let api = || Router::new().route("/latest", get(latest)).route("/releases/{number}", get(release));
    let v0 = Router::new().route("/releases/{number}", get(legacy)).layer(CacheLayer::new("v0", secs(60)).group("v0"));
    Router::new().nest("/files", files).nest("/v0", v0).nest("/v1", api()).nest("/v2", api()).fallback(gone)
}
