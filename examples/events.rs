//! By event: a stored response is invalidated when its data changes, not when its time is up.
//!
//! ```console
//! $ curl localhost:3000/products/1
//! product 1 costs 10
//! # A handler that writes says what it changes. Its answer is sent after the invalidation.
//! $ curl -i -X PUT -d 20 localhost:3000/products/1
//! HTTP/1.1 200 OK
//! $ curl localhost:3000/products/1
//! product 1 costs 20
//! # A request that is refused changes nothing, so the stored response stays.
//! $ curl -i -X PUT -d cheap localhost:3000/products/1
//! HTTP/1.1 400 Bad Request
//! $ curl -i localhost:3000/products/1
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…
//! # Several writes in one transaction: first the commit, then the invalidation, then the answer.
//! $ curl -i -d 5 localhost:3000/sale
//! HTTP/1.1 200 OK
//! $ curl localhost:3000/products/1
//! product 1 costs 15
//! # From a task in the background.
//! $ curl -d 30 localhost:3000/imports
//! imported
//! $ curl localhost:3000/products/1
//! product 1 costs 30
//! # By hand, for those who may.
//! $ curl -i -X POST 'localhost:3000/admin/invalidate?group=product:1'
//! HTTP/1.1 401 Unauthorized
//! $ curl -i -X POST -H 'authorization: Bearer let-me-in' 'localhost:3000/admin/invalidate?group=product:1'
//! HTTP/1.1 204 No Content
//! $ curl -i localhost:3000/products/1
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored; detail=invalidated
//!
//! product 1 costs 30
//! ```

use std::{collections::BTreeMap, error::Error, sync::Arc};

use axum::{
    Router,
    extract::{FromRequestParts, Path, Query, State},
    http::{StatusCode, header::AUTHORIZATION, request::Parts},
    routing::{get, post},
};
use cached_handler::{Cache, Target, cached, invalidate_group, invalidates};
use cached_handler_serving::serve;
use serde::Deserialize;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

#[cached(ttl = "1d", group = ["products", "product:{id}"])]
async fn product(State(database): State<Database>, Path(id): Path<u64>) -> Result<String, StatusCode> {
    let price = database.read().await.get(&id).copied().ok_or(StatusCode::NOT_FOUND)?;
    Ok(format!("product {id} costs {price}\n"))
}

/// The usual way. It invalidates however the body ends, except with an answer of 4xx: also if it panics, or the client disconnects
/// halfway, as the write may have been made.
#[invalidates(group = "product:{id}")]
async fn set_price(State(database): State<Database>, Path(id): Path<u64>, price: String) -> Result<(), StatusCode> {
    let price = price.parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    database.write().await.insert(id, price);
    Ok(())
}

/// Several writes in one transaction. The order is: commit, invalidation, answer; it follows from the commit being in the body.
/// Invalidated before the commit, a request in between would read the old price, and store that for a day.
#[invalidates(group = "products")]
async fn sale(State(database): State<Database>, off: String) -> Result<(), StatusCode> {
    let off: u64 = off.parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    let mut transaction = Transaction::begin(&database).await;
    transaction.written.values_mut().for_each(|price| *price = price.saturating_sub(off));
    transaction.commit();
    Ok(())
}

/// A task invalidates by a call, after the write; the free functions reach every cache of the process. An `Err` says that a backend could
/// not be reached: it may answer with old responses until you try again.
///
/// In a handler, `#[invalidates]` is safer: what the body does by hand after its commit is lost with a client who leaves. So
/// this one has a task do it.
async fn import(State(database): State<Database>, price: String) -> Result<&'static str, StatusCode> {
    let price = price.parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    let task = tokio::spawn(async move {
        let mut transaction = Transaction::begin(&database).await;
        transaction.written.values_mut().for_each(|imported| *imported = price);
        transaction.commit();
        invalidate_group("products").await
    });
    match task.await {
        Ok(Ok(())) => Ok("imported\n"),
        _ => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

async fn invalidate(_: Admin, cache: Cache, Query(purge): Query<Purge>) -> Result<StatusCode, cached_handler::Error> {
    cache.invalidate(Target::group(purge.group)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Purge {
    group: String,
}

/// A client that knows the token. Without it, anyone could keep the cache empty.
struct Admin;

impl<S: Sync> FromRequestParts<S> for Admin {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let expected = format!("Bearer {TOKEN}");
        let given = parts.headers.get(AUTHORIZATION).ok_or(StatusCode::UNAUTHORIZED)?.as_bytes();
        // All bytes are looked at, so that the time it takes says nothing of the token.
        let differing = given.iter().zip(expected.as_bytes()).fold(0, |differing, (given, expected)| differing | (given ^ expected));
        if given.len() == expected.len() && differing == 0 { Ok(Self) } else { Err(StatusCode::UNAUTHORIZED) }
    }
}

/// In your program a secret, from its environment.
const TOKEN: &str = "let-me-in";

/// Prices by product.
type Database = Arc<RwLock<BTreeMap<u64, u64>>>;

/// Others see the writes of a transaction only after its commit.
struct Transaction {
    rows: OwnedRwLockWriteGuard<BTreeMap<u64, u64>>,
    written: BTreeMap<u64, u64>,
}

impl Transaction {
    async fn begin(database: &Database) -> Self {
        let rows = Arc::clone(database).write_owned().await;
        Self { written: rows.clone(), rows }
    }

    fn commit(mut self) {
        *self.rows = self.written;
    }
}

/// The application.
pub fn app() -> Router {
    let database = Database::new(BTreeMap::from([(1, 10), (2, 50)]).into());
    Router::new()
        .route("/products/{id}", get(product).put(set_price))
        .route("/sale", post(sale))
        .route("/imports", post(import))
        .route("/admin/invalidate", post(invalidate))
        .with_state(database)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("events.rs")).await?)
}
