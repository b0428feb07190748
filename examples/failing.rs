//! The last good answer, in place of a failure.
//!
//! ```console
//! $ curl -i localhost:3000/price
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored
//!
//! price 1
//! # The exchange is down, and the price is stale: it is sent nevertheless. The handler does not run again for a second.
//! $ curl -X PUT -d down localhost:3000/exchange
//! $ sleep 6
//! $ curl -i localhost:3000/price
//! HTTP/1.1 200 OK
//! age: …
//! cache-status: demo; fwd=stale; ttl=-…; detail=stale-if-error
//!
//! price 1
//! $ curl -i localhost:3000/price
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=-…; detail=stale-after-error
//! # An exchange that hangs is given two seconds.
//! $ curl -X PUT -d hangs localhost:3000/exchange
//! $ sleep 2
//! $ curl -i localhost:3000/price
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=stale; ttl=-…; detail=stale-if-error
//! # It is back: after the pause, which doubles with each failure up to half a minute, the handler makes a new price.
//! $ curl -X PUT -d up localhost:3000/exchange
//! $ sleep 3
//! $ curl -i localhost:3000/price
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=stale; stored
//!
//! price 2
//! # What was invalidated is never sent again, and then a failure is one.
//! $ curl -X PUT -d down localhost:3000/exchange
//! $ curl -X POST localhost:3000/recall
//! $ curl -i localhost:3000/price
//! HTTP/1.1 502 Bad Gateway
//! ```

use std::{error::Error, future::pending, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post, put},
};
use cached_handler::{Cache, Policy, cached, invalidates, secs};
use cached_handler_serving::serve;
use tokio::sync::RwLock;

const PRICE: Policy = Policy::new().timeout(secs(2));

/// 500, 502, 503 and 504 are failures, and so are a panic and a run over the time limit. Any other answer, such as 404, is
/// one, and takes the place of what is stored.
#[cached(ttl = 5, stale_if_error = "1d", policy = PRICE)]
async fn price(State(exchange): State<Exchange>) -> Result<String, StatusCode> {
    let state = exchange.read().await.state;
    match state {
        Line::Up => {
            let mut exchange = exchange.write().await;
            exchange.price += 1;
            Ok(format!("price {}\n", exchange.price))
        }
        Line::Down => Err(StatusCode::BAD_GATEWAY),
        Line::Hangs => pending().await,
    }
}

#[invalidates(handler = price)]
async fn recall() {}

async fn set(State(exchange): State<Exchange>, state: String) -> Result<(), StatusCode> {
    exchange.write().await.state = match state.as_str() {
        "up" => Line::Up,
        "down" => Line::Down,
        "hangs" => Line::Hangs,
        _ => return Err(StatusCode::BAD_REQUEST),
    };
    Ok(())
}

/// Something elsewhere that fails at times.
type Exchange = Arc<RwLock<Elsewhere>>;

struct Elsewhere {
    state: Line,
    price: u64,
}

#[derive(Clone, Copy)]
enum Line {
    Up,
    Down,
    Hangs,
}

/// The application.
pub fn app() -> Router {
    Router::new()
        .route("/price", get(price))
        .route("/recall", post(recall))
        .route("/exchange", put(set))
        .with_state(Exchange::new(Elsewhere { state: Line::Up, price: 0 }.into()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("failing.rs")).await?)
}
