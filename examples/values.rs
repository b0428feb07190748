//! Typed values: what several handlers need, computed once for all of them.
//!
//! ```console
//! $ curl localhost:3000/price/10/EUR
//! 10 EUR are 11.00 USD
//! $ curl localhost:3000/price/20/EUR
//! 20 EUR are 22.00 USD
//! # Two pages, and one question to the bank.
//! $ curl localhost:3000/asked
//! 1
//! $ curl -X PUT -d 1.25 localhost:3000/rates/EUR
//! $ curl localhost:3000/price/10/EUR
//! 10 EUR are 12.50 USD
//! $ curl -X DELETE localhost:3000/rates/EUR
//! $ curl localhost:3000/price/10/EUR
//! 10 EUR are 11.00 USD
//! # An error is not stored: it is another question each time.
//! $ curl localhost:3000/price/10/ZZZ
//! the bank does not know ZZZ
//! $ curl localhost:3000/price/10/ZZZ
//! the bank does not know ZZZ
//! $ curl localhost:3000/asked
//! 4
//! # A value that is a little old is returned at once, and refreshed in the background.
//! $ sleep 90
//! $ curl localhost:3000/price/10/EUR
//! 10 EUR are 11.00 USD
//! $ curl localhost:3000/asked
//! 5
//! ```

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, put},
};
use cached_handler::{Cache, ValueOptions, secs};
use cached_handler_serving::serve;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Rate {
    in_dollars: f64,
}

async fn price(cache: Cache, State(bank): State<Bank>, Path((amount, currency)): Path<(f64, String)>) -> Result<String, Unknown> {
    let rates = cache.values::<Rate>("rates");
    // The computation owns what it uses: it goes on for the others where this client leaves.
    let asked = currency.clone();
    let rate = rates.get_or_insert_with(&currency, options(), async move || bank.ask(asked)).await?;
    Ok(format!("{amount} {currency} are {:.2} USD\n", amount * rate.in_dollars))
}

async fn set(cache: Cache, Path(currency): Path<String>, text: String) -> Result<(), Response> {
    let in_dollars = text.parse().map_err(|_| (StatusCode::BAD_REQUEST, "a number, such as 1.25").into_response())?;
    cache.values("rates").insert(&currency, Rate { in_dollars }, options()).await.map_err(IntoResponse::into_response)
}

async fn forget(cache: Cache, Path(currency): Path<String>) -> Result<(), cached_handler::Error> {
    cache.values::<Rate>("rates").remove(&currency).await
}

async fn asked(State(bank): State<Bank>) -> String {
    format!("{}\n", bank.0.load(Ordering::Relaxed))
}

/// Good for a minute; a minute longer while it is asked for again, an hour where the bank cannot say.
fn options() -> ValueOptions {
    ValueOptions::new(secs(60)).stale_while_revalidate(secs(60)).stale_if_error(secs(3600)).group("rates")
}

/// Counts what it is asked.
#[derive(Clone, Default)]
struct Bank(Arc<AtomicUsize>);

impl Bank {
    fn ask(&self, currency: String) -> Result<Rate, Unknown> {
        self.0.fetch_add(1, Ordering::Relaxed);
        match &*currency {
            "EUR" => Ok(Rate { in_dollars: 1.1 }),
            "CHF" => Ok(Rate { in_dollars: 1.2 }),
            _ => Err(Unknown(currency)),
        }
    }
}

struct Unknown(String);

impl IntoResponse for Unknown {
    fn into_response(self) -> Response {
        (StatusCode::NOT_FOUND, format!("the bank does not know {}\n", self.0)).into_response()
    }
}

/// The application.
pub fn app() -> Router {
    Router::new()
        .route("/price/{amount}/{currency}", get(price))
        .route("/rates/{currency}", put(set).delete(forget))
        .route("/asked", get(asked))
        .with_state(Bank::default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("values.rs")).await?)
}
