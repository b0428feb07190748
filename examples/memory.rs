//! Caching in memory: one attribute, and nothing to set up.
//!
//! ```console
//! # The handler runs, and its answer is stored.
//! $ curl -i localhost:3000/reports/7
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored
//!
//! report 7, page 1, made by run 1
//! # The same answer, with its age. Parameters that `Page` does not read are not in the key.
//! $ curl -i 'localhost:3000/reports/7?utm_source=mail'
//! HTTP/1.1 200 OK
//! age: …
//! cache-status: demo; hit; ttl=…
//!
//! report 7, page 1, made by run 1
//! # Another page is another key.
//! $ curl 'localhost:3000/reports/7?page=2'
//! report 7, page 2, made by run 2
//! # A minute later the handler runs again.
//! $ sleep 61
//! $ curl localhost:3000/reports/7
//! report 7, page 1, made by run 3
//! ```

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    extract::{Path, Query, State},
    routing::get,
};
use cached_handler::{Cache, cached};
use cached_handler_serving::serve;
use serde::Deserialize;

type Runs = Arc<AtomicU64>;

#[derive(Deserialize)]
struct Page {
    page: Option<u32>,
}

/// Every argument says by itself what it adds to the key: `Path` the path, `Query` the parameters that `Page` reads, `State`
/// nothing.
#[cached(ttl = 60)]
async fn report(State(runs): State<Runs>, Path(id): Path<u64>, Query(query): Query<Page>) -> String {
    let run = runs.fetch_add(1, Ordering::Relaxed) + 1;
    format!("report {id}, page {}, made by run {run}\n", query.page.unwrap_or(1))
}

/// The application.
pub fn app() -> Router {
    Router::new().route("/reports/{id}", get(report)).with_state(Runs::default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Only so that every answer says what the cache did: without this line everything works as well.
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("memory.rs")).await?)
}
