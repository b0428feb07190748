//! Offers that end, short links that redirect, settings of the whole house, and a handler that was annotated in vain.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{FromRequestParts, Path, State},
    http::{
        StatusCode,
        header::{LOCATION, SET_COOKIE},
        request::Parts,
    },
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{CacheBuilder, ETag, FreshFor, OnMiss, Policy, cached, invalidates, secs};

#[derive(Default)]
pub struct House {
    /// The targets of short links.
    links: BTreeMap<String, String>,
    /// How often somebody has asked for the exchange rate.
    rates: u32,
}

pub type Shop = Arc<Mutex<House>>;

/// The settings of every handler that has none of its own.
const HOUSE: Policy = Policy::new().etag(ETag::Weak).cache_control("public, max-age=30").status(410, secs(3600));

/// For the place where the program builds its cache.
pub fn settings(cache: CacheBuilder) -> CacheBuilder {
    cache.policy(HOUSE)
}

/// An offer ends at a time of its own, sooner than the attribute's minute.
#[cached(ttl = 60, status(404 = 5))]
async fn offer(Path(id): Path<u32>) -> Result<impl IntoResponse, StatusCode> {
    match id {
        1 => Ok((FreshFor::at_most(Duration::from_secs(20)), "half the price")),
        2 => Err(StatusCode::GONE),
        _ => Err(StatusCode::NOT_FOUND),
    }
}

/// A short link: where it leads is stored, and for some seconds that it leads nowhere.
#[cached(ttl = 60, status(302, 404 = 5), group = "link:{name}")]
async fn link(State(shop): State<Shop>, Path(name): Path<String>) -> Response {
    match shop.lock().unwrap().links.get(&name) {
        Some(target) => (StatusCode::FOUND, [(LOCATION, target.clone())]).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[invalidates(group = "link:{name}")]
async fn set_link(State(shop): State<Shop>, Path(name): Path<String>, target: String) -> StatusCode {
    shop.lock().unwrap().links.insert(name, target);
    StatusCode::CREATED
}

/// The rate of today, which costs a request to a bank: only taken where the handler runs.
pub struct Rate(u32);

impl FromRequestParts<Shop> for Rate {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, shop: &Shop) -> Result<Self, Infallible> {
        let mut shop = shop.lock().unwrap();
        shop.rates += 1;
        Ok(Self(shop.rates))
    }
}

/// An amount that is no number is told of with 200, for people.
struct NoAmount;

impl IntoResponse for NoAmount {
    fn into_response(self) -> Response {
        "how much is that?".into_response()
    }
}

/// No two amounts share a page, and no mistake is stored. A CDN has rules of its own for these.
#[cached(ttl = 60, only_ok, skip_credentials(rate), cache_control = none)]
async fn price(rate: OnMiss<Rate>, Path(amount): Path<String>) -> Result<Response, NoAmount> {
    let amount: u32 = amount.parse().map_err(|_| NoAmount)?;
    let rate = match rate.extract().await {
        Ok(Rate(rate)) => rate,
        Err(rejected) => return Ok(rejected.into()),
    };
    Ok(format!("{amount} in euros, by rate {rate}").into_response())
}

/// Each answer sets a cookie, so that none is ever stored, and the attribute does nothing: the log says so.
#[cached(ttl = 60)]
async fn welcome() -> impl IntoResponse {
    ([(SET_COOKIE, "seen=1")], "welcome")
}

pub fn app() -> Router {
    Router::new()
        .route("/offers/{id}", get(offer))
        .route("/to/{name}", get(link).put(set_link))
        .route("/price/{amount}", get(price))
        .route("/", get(welcome))
        .with_state(Shop::default())
}
