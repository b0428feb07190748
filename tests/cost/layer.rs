//! A hit of the layer around a router, against the ready response of `main.rs` through one.

use axum::{
    Router,
    extract::{Path, Query},
    http::StatusCode,
    response::Response,
    routing::get,
};
use cached_handler::{CacheLayer, secs};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{Page, measured, page_of, request};

async fn page(Path(id): Path<u64>, Query(page): Query<Page>) -> Response {
    page_of(id, &page, 1 << 10)
}

/// Answers `count` requests.
pub fn answer(count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let router = Router::new().route("/layer/{id}", get(page));
    let app = CacheLayer::new("layer", secs(600)).group("articles").group("article:42").group("pages").around(router);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for _ in 0..300 {
            app.clone().oneshot(request("/layer", None)).await?.into_body().collect().await?;
        }
        for _ in 0..count {
            if measured(&app, request("/layer", None)) != StatusCode::OK {
                return Err("an unexpected answer".into());
            }
        }
        Ok(())
    })
}
