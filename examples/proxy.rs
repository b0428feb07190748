//! `cargo run --example proxy -- localhost:8080 [PORT]`: a caching reverse proxy (RFC 9111) before another server.
//!
//! The handler is in `proxy/app.rs`. With a server on port 8080 whose answers say `Cache-Control: max-age=60`:
//!
//! ```console
//! # The server answers.
//! $ curl -i localhost:3000/
//! HTTP/1.1 200 OK
//! cache-control: max-age=60
//! cache-status: proxy; fwd=uri-miss; stored
//! $ sleep 3
//! # The proxy does.
//! $ curl -i localhost:3000/
//! HTTP/1.1 200 OK
//! cache-control: max-age=60
//! age: …
//! cache-status: proxy; hit; ttl=5…
//! # … also with a part of it.
//! $ curl -i -r 0-3 localhost:3000/
//! HTTP/1.1 206 Partial Content
//! content-range: bytes 0-3/…
//! # The server answers, and what was stored is gone.
//! $ curl -i -X POST localhost:3000/
//! HTTP/1.1 200 OK
//! cache-status: proxy; fwd=method; detail=method
//! $ curl -i -H 'Cache-Control: only-if-cached' localhost:3000/
//! HTTP/1.1 504 Gateway Timeout
//! cache-status: proxy; fwd=request; detail=only-if-cached
//! ```

use std::{env, error::Error, net::Ipv4Addr, process::ExitCode, time::Duration};

use axum::http::uri::Authority;
use cached_handler::Cache;
use cached_handler_examples::proxy::{Upstream, app};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let upstream: Authority = arguments.next().ok_or(USAGE)?.parse().map_err(|error| format!("{error}\n{USAGE}"))?;
    let port = arguments.next().map_or(Ok(3000), |port| port.parse()).map_err(|error| format!("{error}\n{USAGE}"))?;

    // What the cache did shows in every answer, by `Cache-Status`.
    let cache = Cache::builder().cache_status("proxy").build().await?;
    cache.clone().install()?;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("http://{} passes requests on to http://{upstream}", listener.local_addr()?);
    axum::serve(listener, app(Upstream::at(upstream))).with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await?;
    cache.drain(Duration::from_secs(5)).await;
    Ok(())
}

const USAGE: &str = "cargo run --example proxy -- HOST[:PORT] [PORT]";
