//! A value that several handlers need, computed once for all of them. Start it, then:
//!
//! ```sh
//! cargo run --example values
//!
//! curl localhost:3000/price/10/EUR         # "10 EUR are 11.00 USD": the bank is asked, which takes a second
//! curl localhost:3000/price/20/EUR         # at once: another page, the same rate
//! curl localhost:3000/rates/EUR            # and another
//! curl -X PUT localhost:3000/rates/EUR --json 1.25
//! curl localhost:3000/price/10/EUR         # "10 EUR are 12.50 USD"
//! curl -X DELETE localhost:3000/rates/EUR
//! curl localhost:3000/price/10/EUR         # the bank is asked again
//! curl localhost:3000/price/10/XXX         # "the bank does not know XXX", each time: an error is not stored
//! ```

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{Cache, Error, ValueOptions, secs};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

/// Prices in another currency.
pub fn app() -> Router {
    Router::new().route("/price/{amount}/{currency}", get(price)).route("/rates/{currency}", get(show).put(set).delete(forget))
}

async fn price(cache: Cache, Path((amount, currency)): Path<(f64, String)>) -> Result<String, Unknown> {
    let rate = rate(&cache, &currency).await?;
    Ok(format!("{amount} {currency} are {:.2} USD\n", amount * rate.in_dollars))
}

async fn show(cache: Cache, Path(currency): Path<String>) -> Result<Response, Unknown> {
    let rate = rate(&cache, &currency).await?;
    Ok(Json(&*rate).into_response())
}

async fn set(cache: Cache, Path(currency): Path<String>, Json(in_dollars): Json<f64>) -> Result<StatusCode, Error> {
    cache.values::<Rate>("rates").insert(&currency, Rate { in_dollars }, options()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn forget(cache: Cache, Path(currency): Path<String>) -> Result<StatusCode, Error> {
    cache.values::<Rate>("rates").remove(&currency).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The rate, from the cache or the bank. While it is stored it is one and the same, however many ask.
async fn rate(cache: &Cache, currency: &str) -> Result<Arc<Rate>, Unknown> {
    let asked = currency.to_owned();
    cache.values::<Rate>("rates").get_or_insert_with(currency, options(), async move || ask_the_bank(asked).await).await
}

/// Good for a minute; for an hour if the bank cannot be reached.
fn options() -> ValueOptions {
    ValueOptions::new(secs(60)).stale_while_revalidate(secs(60)).stale_if_error(secs(3600)).group("rates")
}

#[derive(Debug, Serialize, Deserialize)]
struct Rate {
    in_dollars: f64,
}

#[derive(Debug)]
struct Unknown(String);

impl IntoResponse for Unknown {
    fn into_response(self) -> Response {
        (StatusCode::NOT_FOUND, format!("the bank does not know {}\n", self.0)).into_response()
    }
}

async fn ask_the_bank(currency: String) -> Result<Rate, Unknown> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    match &*currency {
        "EUR" => Ok(Rate { in_dollars: 1.1 }),
        "CHF" => Ok(Rate { in_dollars: 1.2 }),
        _ => Err(Unknown(currency)),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 3000)).await?;
    println!("http://{}/price/10/EUR", listener.local_addr()?);
    axum::serve(listener, app()).await?;
    Ok(())
}
