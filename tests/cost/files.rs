//! A hit from a file, which the system has in memory. What it does for the four calls of a hit is not counted here.

use std::{path::PathBuf, time::Duration};

use axum::{
    Extension, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use cached_handler::{Cache, cached};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{Db, Page, measured, page_of, request};

#[cached(ttl = 600, backend = "fs", group = ["articles", "article:{id}", "pages"])]
async fn page(State(_db): State<Db>, Path(id): Path<u64>, Query(page): Query<Page>) -> Response {
    page_of(id, &page, 1 << 10)
}

/// The same with a copy in memory in front of it, which answers.
#[cached(ttl = 600, backend = "memory+fs", group = ["articles", "article:{id}", "pages"])]
async fn near(State(_db): State<Db>, Path(id): Path<u64>, Query(page): Query<Page>) -> Response {
    page_of(id, &page, 1 << 10)
}

/// A directory that is gone when this is.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Answers `count` requests for this path.
pub fn answer(path: &str, count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let directory = Directory(std::env::temp_dir().join(format!("cached-handler-cost-{}", std::process::id())));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let cache = Cache::builder().namespace("cost").fs(&directory.0).build().await?;
        let app = Router::new().route("/file/{id}", get(page)).route("/near/{id}", get(near)).layer(Extension(cache)).with_state(Db);
        let (mut answered, mut asked) = (0, 0);
        while answered < count {
            // What a task may do at a time has an end.
            tokio::task::yield_now().await;
            // A file that is not open still, as after each second, may be opened on another thread: this one awaits that.
            app.clone().oneshot(request(path, None)).await?.into_body().collect().await?;
            asked += 1;
            if asked < 100 {
                // Until nothing changes the file any more, and everything is there that is made once.
                tokio::time::sleep(Duration::from_millis(5)).await;
            } else if measured(&app, request(path, None)) == StatusCode::OK {
                answered += 1;
            } else if asked > 100 + 2 * count {
                return Err("an answer had to be waited for".into());
            }
        }
        Ok(())
    })
}
