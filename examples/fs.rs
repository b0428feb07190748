//! Responses that survive a restart, in files: no server, nothing to install.
//!
//! A second run begins with what the first has left. To start empty, remove the directory `cached-thumbnails` from the
//! system's directory for temporary files.
//!
//! ```console
//! $ curl -i localhost:3000/thumbnails/7
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored
//!
//! thumbnail 7, made by process …
//! # Stop it, and start it again: `cargo run --example fs -- 3001`. It was made by the process before.
//! $ curl -i localhost:3001/thumbnails/7
//! HTTP/1.1 200 OK
//! age: …
//! cache-status: demo; hit; ttl=…
//! # Another picture.
//! $ curl -i -X PUT localhost:3001/thumbnails/7
//! HTTP/1.1 204 No Content
//! # Had the first been left to run, it would know: several may share a directory.
//! $ curl -i localhost:3001/thumbnails/7
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored; detail=invalidated
//! $ curl -i localhost:3000/thumbnails/7
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…
//! ```

use std::{env, error::Error, time::Duration};

use axum::{Router, extract::Path, http::StatusCode, routing::get};
use cached_handler::{Cache, cached, invalidates};
use cached_handler_serving::serve;

/// What takes long to make is worth a file.
#[cached(ttl = "1d", backend = "fs", group = "picture:{id}")]
async fn thumbnail(Path(id): Path<u64>) -> String {
    tokio::time::sleep(Duration::from_millis(100)).await;
    format!("thumbnail {id}, made by process {}\n", std::process::id())
}

/// The answer is sent once no process can give the old thumbnail any more; or, where the disk refuses, after a second, and
/// then the invalidation is tried again until it has been made.
#[invalidates(group = "picture:{id}")]
async fn replace(Path(id): Path<u64>) -> StatusCode {
    // Here another picture is written.
    _ = id;
    StatusCode::NO_CONTENT
}

/// The application.
pub fn app() -> Router {
    Router::new().route("/thumbnails/{id}", get(thumbnail).put(replace))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The namespace sets this application's files apart. Without `.fs(…)`, `CACHED_HANDLER_FS_DIR` names the directory.
    let directory = env::temp_dir().join("cached-thumbnails");
    Cache::builder().namespace("thumbnails").fs(directory).cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("fs.rs")).await?)
}
