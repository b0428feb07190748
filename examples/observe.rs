//! What an operator looks at: metrics for Prometheus to read, the handlers, a few counters.
//!
//! `cargo run --example observe --features observe`
//!
//! ```console
//! # One run, two hits.
//! $ curl localhost:3000/price/abc
//! abc: 3
//! $ curl localhost:3000/price/abc
//! $ curl localhost:3000/price/abc
//! # It sets a cookie, so it is not stored.
//! $ curl localhost:3000/greeting
//! # It invalidates; a run again.
//! $ curl -X PUT localhost:3000/price/abc
//! $ curl localhost:3000/price/abc
//! $ curl localhost:3000/metrics | grep 'price",outcome="hit"'
//! cached_handler_requests_total{handler="…observe::price",outcome="hit"} 2
//! $ curl localhost:3000/metrics | grep 'price",outcome="forward"'
//! cached_handler_requests_total{handler="…observe::price",outcome="forward"} 2
//! $ curl localhost:3000/metrics | grep 'price",reason="invalidated"'
//! cached_handler_forwards_total{handler="…observe::price",reason="invalidated"} 1
//! $ curl localhost:3000/metrics | grep 'greeting",reason="set-cookie"'
//! cached_handler_not_stored_total{handler="…observe::greeting",reason="set-cookie"} 1
//! $ curl localhost:3000/handlers | grep observe::price
//! …observe::price (…observe.rs:…): default backend, fresh for 60s, stale for 60s while it is made anew
//! $ curl localhost:3000/stats
//! [["requests",5],["hits",2],["running",0],["memory_bytes",…]]
//! ```

use std::{error::Error, sync::LazyLock, time::Duration};

use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{Cache, cached, invalidates};
use cached_handler_serving::serve;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::time::sleep;

/// Two pages, one of which is never stored, and two pages for an operator.
pub fn app() -> Router {
    // Before the first request: a handler's meters are registered once, with the recorder that is there by then.
    LazyLock::force(&PROMETHEUS);
    Router::new()
        .route("/price/{share}", get(price).put(trade))
        .route("/greeting", get(greeting))
        .route("/metrics", get(metrics))
        .route("/handlers", get(handlers))
        .route("/stats", get(stats))
}

/// Takes its time, when it runs.
#[cached(ttl = 60, group = "share:{share}", stale_while_revalidate = "1m")]
async fn price(Path(share): Path<String>) -> String {
    sleep(Duration::from_millis(30)).await;
    format!("{share}: {}\n", share.len())
}

#[invalidates(group = "share:{share}")]
async fn trade(Path(share): Path<String>) -> StatusCode {
    // The share is in the group, and in no metric and no line of the log: labels are handlers and reasons.
    drop(share);
    StatusCode::NO_CONTENT
}

/// Never stored, and the metrics say why.
#[cached(ttl = 60)]
async fn greeting() -> Response {
    ([("set-cookie", "seen=1")], "welcome\n").into_response()
}

/// What Prometheus scrapes.
async fn metrics() -> String {
    PROMETHEUS.as_ref().map_or_else(String::clone, PrometheusHandle::render)
}

/// What is cached in this program, and for how long.
async fn handlers() -> String {
    let lines: Vec<String> = cached_handler::handlers().iter().map(ToString::to_string).collect();
    lines.join("\n") + "\n"
}

/// The counters that need no exporter.
async fn stats(cache: Cache) -> Json<[(&'static str, u64); 4]> {
    let stats = cache.stats();
    Json([("requests", stats.requests()), ("hits", stats.hits), ("running", stats.running), ("memory_bytes", stats.memory_bytes)])
}

/// The process's recorder of the `metrics` facade, which this crate and any other tells what it counts.
static PROMETHEUS: LazyLock<Result<PrometheusHandle, String>> = LazyLock::new(|| {
    let builder = PrometheusBuilder::new().set_buckets(&SECONDS).map_err(|error| error.to_string())?;
    builder.install_recorder().map_err(|error| error.to_string())
});

/// Of all histograms here; hits take microseconds, runs what the handlers take.
const SECONDS: [f64; 10] = [1e-6, 3e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Ok(serve(app(), include_str!("observe.rs")).await?)
}
