//! A database pool: a hit takes no connection, even where an extractor does.
//!
//! ```console
//! $ curl localhost:3000/orders/7
//! order 7, by connection 1
//! $ curl localhost:3000/orders/7
//! order 7, by connection 1
//! $ curl localhost:3000/orders/8
//! order 8, by connection 2
//! # Three questions, two connections taken.
//! $ curl localhost:3000/taken
//! 2
//! # All connections are taken. A stored response is still sent …
//! $ curl -X POST localhost:3000/exhaust
//! $ curl -i localhost:3000/orders/7
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…
//! # … and a request without one gets the extractor's rejection, which is not stored.
//! $ curl -i localhost:3000/orders/9
//! HTTP/1.1 503 Service Unavailable
//! cache-status: demo; fwd=uri-miss; detail=do-not-store
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
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, request::Parts},
    routing::{get, post},
};
use cached_handler::{Cache, OnMiss, Rejected, cached};
use cached_handler_serving::serve;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// `OnMiss` puts the extractor off until the body asks for it; `skip_credentials` says that a connection shows nothing of the request.
/// Not for extractors that check something: on a hit they would not.
#[cached(ttl = 60, skip_credentials(connection))]
async fn order(Path(id): Path<u64>, connection: OnMiss<Connection>) -> Result<String, Rejected> {
    let connection = connection.extract().await?;
    Ok(format!("order {id}, by connection {}\n", connection.number))
}

/// One that is taken from the pool, and goes back to it when it is dropped.
struct Connection {
    number: u64,
    _permit: OwnedSemaphorePermit,
}

impl FromRequestParts<Pool> for Connection {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(_: &mut Parts, pool: &Pool) -> Result<Self, Self::Rejection> {
        // A real pool waits for a while.
        let permit = Arc::clone(&pool.free).try_acquire_owned();
        let permit = permit.map_err(|_| (StatusCode::SERVICE_UNAVAILABLE, "all connections are taken\n"))?;
        Ok(Self { number: pool.taken.fetch_add(1, Ordering::SeqCst) + 1, _permit: permit })
    }
}

async fn taken(State(pool): State<Pool>) -> String {
    format!("{}\n", pool.taken.load(Ordering::SeqCst))
}

async fn exhaust(State(pool): State<Pool>) {
    pool.free.forget_permits(SIZE);
}

/// A pool in the state, taken from in the body, needs no `OnMiss`: the body runs on a miss only.
#[derive(Clone)]
struct Pool {
    free: Arc<Semaphore>,
    taken: Arc<AtomicU64>,
}

const SIZE: usize = 5;

/// The application.
pub fn app() -> Router {
    let pool = Pool { free: Arc::new(Semaphore::new(SIZE)), taken: Arc::default() };
    Router::new().route("/orders/{id}", get(order)).route("/taken", get(taken)).route("/exhaust", post(exhaust)).with_state(pool)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("pool.rs")).await?)
}
