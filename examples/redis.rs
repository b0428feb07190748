//! Several processes that share what they have stored. Start Redis (7.0 or later), then two of these:
//!
//! ```sh
//! export CACHED_HANDLER_REDIS_URL=redis://127.0.0.1:6379
//! cargo run --example redis -- 3001
//! cargo run --example redis -- 3002      # in another terminal
//!
//! curl -i localhost:3001/reports/7       # a miss: "report 7, made by process 4711"
//! curl -i localhost:3002/reports/7       # a hit, with `age`: the other process made it
//! curl -i -X POST localhost:3002/reports/7/recount
//! curl -i localhost:3001/reports/7       # a miss: an invalidation counts for all of them, at once
//! ```
//!
//! Stop Redis while you ask: every request is answered, by its handler. Start it: they are hits again.

use std::net::Ipv4Addr;

use axum::{
    Router,
    extract::Path,
    http::StatusCode,
    routing::{get, post},
};
use cached_handler::{Cache, cached, invalidates};
use tokio::net::TcpListener;

/// Reports that take long to make.
pub fn app() -> Router {
    Router::new().route("/reports/{id}", get(report)).route("/reports/{id}/recount", post(recount))
}

/// The response is in Redis for ten minutes, unless it is invalidated.
#[cached(ttl = "10m", backend = "redis", group = "report:{id}")]
async fn report(Path(id): Path<u64>) -> String {
    format!("report {id}, made by process {}\n", std::process::id())
}

/// The answer is sent once no process can give the old report any more.
#[invalidates(group = "report:{id}")]
async fn recount(Path(id): Path<u64>) -> StatusCode {
    // Here something is written that reports are made of.
    _ = id;
    StatusCode::NO_CONTENT
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The namespace sets this application's keys apart; the address comes from the environment, or by `.redis("redis://…")`.
    Cache::builder().namespace("reports").cache_status("reports").build().await?.install()?;
    let port = std::env::args().nth(1).map_or(Ok(3001), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("http://{}/reports/7", listener.local_addr()?);
    axum::serve(listener, app()).await?;
    Ok(())
}
