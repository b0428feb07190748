//! Memory in front of files: several processes share what they have stored, and each holds copies of what it uses in memory.
//! An invalidation by any process is seen by the copies of all of them.
//!
//! In another terminal, `cargo run --example tiers -- 3001`. A second run begins with what the first has left; to start empty,
//! remove the directory `cached-prices` from the system's directory for temporary files.
//!
//! ```console
//! $ curl -i localhost:3000/prices/7
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored
//!
//! price 7, asked for by process …
//! # From here on this process has a copy.
//! $ curl -i localhost:3000/prices/7
//! HTTP/1.1 200 OK
//! age: …
//! cache-status: demo; hit; ttl=…; detail=near
//! # The other process reads the file once, and then has a copy, too.
//! $ curl -i localhost:3001/prices/7
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…
//! $ curl -i localhost:3001/prices/7
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…; detail=near
//! # A new price, through one of them: the answer is sent once no process can give the old one any more.
//! $ curl -i -X PUT localhost:3001/prices/7
//! HTTP/1.1 204 No Content
//! $ curl -i localhost:3000/prices/7
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored; detail=invalidated
//! # What is invalidated elsewhere costs a copy one look at its epochs.
//! $ curl -i -X PUT localhost:3001/prices/8
//! HTTP/1.1 204 No Content
//! $ curl -i localhost:3000/prices/7
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…; detail=near
//! ```
//!
//! For several machines, it is `backend = "memory+redis"` and `.redis("redis://…")`, and nothing else.

use std::{env, error::Error};

use axum::{Router, extract::Path, http::StatusCode, routing::get};
use cached_handler::{Cache, cached, invalidates};
use cached_handler_serving::serve;

/// In files, and a copy in the memory of each process that asks for it.
#[cached(ttl = "10m", backend = "memory+fs", group = "price:{id}")]
async fn price(Path(id): Path<u64>) -> String {
    format!("price {id}, asked for by process {}\n", std::process::id())
}

#[invalidates(group = "price:{id}")]
async fn change(Path(id): Path<u64>) -> StatusCode {
    // Here another price is written.
    _ = id;
    StatusCode::NO_CONTENT
}

/// The application.
pub fn app() -> Router {
    Router::new().route("/prices/{id}", get(price).put(change))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Copies take their place within `.memory(bytes)`, 64 MiB by default.
    let directory = env::temp_dir().join("cached-prices");
    Cache::builder().namespace("prices").fs(directory).cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("tiers.rs")).await?)
}
