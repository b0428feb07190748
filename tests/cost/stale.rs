//! A hit of what is stale, while the handler makes it anew behind: it takes as long as it likes.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use cached_handler::cached;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{Db, Page, measured, page_of, request};

static RUNS: AtomicUsize = AtomicUsize::new(0);

#[cached(ttl = "1ms", stale_while_revalidate = "1h", group = ["articles", "article:{id}", "pages"])]
async fn page(State(_db): State<Db>, Path(id): Path<u64>, Query(page): Query<Page>) -> Response {
    if RUNS.fetch_add(1, Ordering::Relaxed) > 0 {
        std::future::pending::<()>().await;
    }
    page_of(id, &page, 1 << 10)
}

/// Answers `count` requests.
pub fn answer(count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new().route("/stale/{id}", get(page)).with_state(Db);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for _ in 0..300 {
            app.clone().oneshot(request("/stale", None)).await?.into_body().collect().await?;
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        if RUNS.load(Ordering::Relaxed) != 2 {
            return Err("nothing is being made anew".into());
        }
        for _ in 0..count {
            if measured(&app, request("/stale", None)) != StatusCode::OK {
                return Err("an unexpected answer".into());
            }
        }
        Ok(())
    })
}
