//! Responses that survive a restart, in files: no server, nothing to install.
//!
//! ```sh
//! export CACHED_HANDLER_FS_DIR=/tmp/thumbnails
//! cargo run --example fs
//!
//! curl -i localhost:3000/thumbnails/7             # a miss, after a second: "thumbnail 7, made by process 4711"
//! curl -i localhost:3000/thumbnails/7             # a hit, with `age`
//! ```
//!
//! Stop it and start it again:
//!
//! ```sh
//! curl -i localhost:3000/thumbnails/7             # a hit: made by the process before
//! curl -i -X PUT localhost:3000/thumbnails/7      # another picture
//! curl -i localhost:3000/thumbnails/7             # a miss, in every process on the directory
//! ```
//!
//! Several of them may run at once: `cargo run --example fs -- 3001`, in another terminal, shares what the first one made.

use std::{net::Ipv4Addr, time::Duration};

use axum::{Router, extract::Path, http::StatusCode, routing::get};
use cached_handler::{Cache, cached, invalidates};
use tokio::net::TcpListener;

/// Pictures, made small.
pub fn app() -> Router {
    Router::new().route("/thumbnails/{id}", get(thumbnail).put(replace))
}

/// What takes long to make is worth a file.
#[cached(ttl = "1d", backend = "fs", group = "picture:{id}")]
async fn thumbnail(Path(id): Path<u64>) -> String {
    tokio::time::sleep(Duration::from_secs(1)).await;
    format!("thumbnail {id}, made by process {}\n", std::process::id())
}

/// The answer is sent once no process can give the old thumbnail any more.
#[invalidates(group = "picture:{id}")]
async fn replace(Path(id): Path<u64>) -> StatusCode {
    // Here another picture is written.
    _ = id;
    StatusCode::NO_CONTENT
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The namespace sets this application's files apart; the directory comes from the environment, or by `.fs("/var/…")`.
    Cache::builder().namespace("thumbnails").cache_status("thumbnails").build().await?.install()?;
    let port = std::env::args().nth(1).map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("http://{}/thumbnails/7", listener.local_addr()?);
    axum::serve(listener, app()).await?;
    Ok(())
}
