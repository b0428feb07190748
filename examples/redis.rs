//! Several processes that share what they have stored, in Redis: whole responses, with their status and header fields.
//!
//! With Redis (7.0 or later) on this machine, type `cargo run --example redis -- 3000` and, in another terminal,
//! `cargo run --example redis -- 3001`. A second run within ten minutes begins with hits; `redis-cli flushdb` empties a
//! Redis that holds nothing else.
//!
//! ```console
//! # In a third terminal: cargo run --example redis -- 3001
//! $ curl -i localhost:3000/reports/7
//! HTTP/1.1 200 OK
//! content-type: text/csv
//! cache-status: demo; fwd=uri-miss; stored
//!
//! report,7
//! made by process,…
//! # The other process has it, too.
//! $ curl -i localhost:3001/reports/7
//! HTTP/1.1 200 OK
//! content-type: text/csv
//! age: …
//! cache-status: demo; hit; ttl=…
//! # Both processes use the stored 404 for five seconds.
//! $ curl -i localhost:3001/reports/99
//! HTTP/1.1 404 Not Found
//! cache-status: demo; fwd=uri-miss; stored
//! $ curl -i localhost:3000/reports/99
//! HTTP/1.1 404 Not Found
//! cache-status: demo; hit; ttl=…
//! # An invalidation by one counts for all, at once.
//! $ curl -i -X POST localhost:3001/reports/7/recount
//! HTTP/1.1 204 No Content
//! $ curl -i localhost:3000/reports/7
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored; detail=invalidated
//! ```
//!
//! Stop Redis while you ask: every request is answered, by its handler. Start it: they are hits again.

use std::error::Error;

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use cached_handler::{Cache, Policy, cached, invalidates, secs};
use cached_handler_serving::serve;

/// The response is in Redis for ten minutes, unless it is invalidated.
#[cached(ttl = "10m", backend = "redis", group = "report:{id}", policy = REPORT)]
async fn report(Path(id): Path<u64>) -> Result<impl IntoResponse, StatusCode> {
    if id > 9 {
        return Err(StatusCode::NOT_FOUND);
    }
    Ok(([(header::CONTENT_TYPE, "text/csv")], format!("report,{id}\nmade by process,{}\n", std::process::id())))
}

const REPORT: Policy = Policy::new().status(404, secs(5));

/// The answer is sent once no process can give the old report any more; or, where Redis cannot be reached, after a second,
/// and then the invalidation is tried again until it has been made.
#[invalidates(group = "report:{id}")]
async fn recount(Path(id): Path<u64>) -> StatusCode {
    // Here something is written that reports are made of.
    _ = id;
    StatusCode::NO_CONTENT
}

/// The application.
pub fn app() -> Router {
    Router::new().route("/reports/{id}", get(report)).route("/reports/{id}/recount", post(recount))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The namespace sets this application's keys apart. Without `.redis(…)`, `CACHED_HANDLER_REDIS_URL` has the address.
    Cache::builder().namespace("reports").redis("redis://127.0.0.1:6379").cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("redis.rs")).await?)
}
