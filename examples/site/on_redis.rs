//! The same pages with their responses in Redis, for `--backend redis`: as in `on_files.rs`, an attribute says where, so
//! these handlers have one of their own each, and call the bodies of those beside them.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing::get,
};
use cached_handler::cached;

use super::{Directory, Document, Entry, Failure, PAGE, Search, edit, index_made, list_made, page_made, search_made, style};

pub(super) fn routes() -> Router<Directory> {
    Router::new()
        .route("/", get(index))
        .route("/page/{*name}", get(page).put(edit))
        .route("/search", get(search))
        .route("/api/pages", get(list))
        .route("/style.css", get(style))
}

#[cached(ttl = "1m", backend = "redis", group = "page:{name}", policy = PAGE)]
async fn page(directory: State<Directory>, Path(name): Path<String>) -> Result<Document, Failure> {
    page_made(directory, Path(name)).await
}

#[cached(ttl = "1m", backend = "redis", group = "pages")]
async fn index(directory: State<Directory>) -> Result<Document, Failure> {
    index_made(directory).await
}

#[cached(ttl = "1m", backend = "redis", group = "pages")]
async fn search(directory: State<Directory>, search: Query<Search>) -> Result<Document, Failure> {
    search_made(directory, search).await
}

#[cached(ttl = "1m", backend = "redis", group = "pages")]
async fn list(directory: State<Directory>) -> Result<Json<Vec<Entry>>, Failure> {
    list_made(directory).await
}
