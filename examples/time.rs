//! By time: how long an answer is fresh, and what may be sent a little longer.
//!
//! ```console
//! # Everybody gets the same response for five seconds.
//! $ curl localhost:3000/rate
//! rate of run 1
//! $ sleep 4
//! $ curl localhost:3000/rate
//! rate of run 1
//! $ sleep 2
//! $ curl localhost:3000/rate
//! rate of run 2
//! # This handler knows when its answer changes, and says so; clients see nothing of it.
//! $ curl localhost:3000/forecast
//! forecast 1, the next one is due in 10 s
//! $ sleep 8
//! $ curl localhost:3000/forecast
//! forecast 1, the next one is due in 10 s
//! $ sleep 3
//! $ curl localhost:3000/forecast
//! forecast 2, the next one is due in 10 s
//! # No client waits for the headlines: stale ones are sent at once, and refreshed in the background.
//! $ curl -i localhost:3000/headlines
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored
//!
//! headlines of run 1
//! $ sleep 7
//! $ curl -i localhost:3000/headlines
//! HTTP/1.1 200 OK
//! age: …
//! cache-status: demo; hit; ttl=-…; detail=stale-while-revalidate
//!
//! headlines of run 1
//! $ curl localhost:3000/headlines
//! headlines of run 2
//! # After a longer silence even the stale ones are too old.
//! $ sleep 20
//! $ curl localhost:3000/headlines
//! headlines of run 3
//! ```

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, routing::get};
use cached_handler::{Cache, FreshFor, cached};
use cached_handler_serving::serve;

#[derive(Clone, Default)]
struct Runs(Arc<AtomicU64>);

impl Runs {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// A number is in seconds; `"250ms"`, `"5m"`, `"1h"`, `"7d"` and the path of a `Duration` constant do as well.
#[cached(ttl = 5)]
async fn rate(State(runs): State<Runs>) -> String {
    format!("rate of run {}\n", runs.next())
}

/// `FreshFor` counts above the `ttl`, for this one response.
#[cached(ttl = 5)]
async fn forecast(State(runs): State<Runs>) -> (FreshFor, String) {
    let until_next = Duration::from_secs(10);
    (FreshFor(until_next), format!("forecast {}, the next one is due in {} s\n", runs.next(), until_next.as_secs()))
}

#[cached(ttl = 5, stale_while_revalidate = 10)]
async fn headlines(State(runs): State<Runs>) -> String {
    format!("headlines of run {}\n", runs.next())
}

/// The application. Each handler counts its own runs.
pub fn app() -> Router {
    Router::new()
        .route("/rate", get(rate).with_state(Runs::default()))
        .route("/forecast", get(forecast).with_state(Runs::default()))
        .route("/headlines", get(headlines).with_state(Runs::default()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("time.rs")).await?)
}
