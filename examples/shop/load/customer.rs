//! One customer: its requests, which are random but the same in every run, and the answers.

use std::{error::Error, net::SocketAddr};

use axum::http::{Method, Request, StatusCode, header};
use bytes::Bytes;
use cached_handler_shop::{CATEGORIES, Chance, PRODUCTS, Product};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Why a customer leaves early.
pub(crate) type Problem = Box<dyn Error + Send + Sync>;

#[derive(Debug)]
pub(crate) struct Customer {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    number: u64,
    token: String,
    chance: Chance,
    seen: Seen,
}

/// What a customer has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// In microseconds.
    pub(crate) latencies: Vec<u32>,
    pub(crate) hits: u64,
    /// How often a product showed an older price than the one that the customer had set.
    pub(crate) stale: u64,
}

/// Customers set the prices of different products: this many of them at most.
const MOST: u64 = 1000;

impl Customer {
    /// With a connection of its own, and logged in.
    pub(crate) async fn enter(address: SocketAddr, number: u64) -> Result<Self, Problem> {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut customer =
            Self { client, address, number: number % MOST, token: String::new(), chance: Chance(number), seen: Seen::default() };
        let (_, token) = customer.ask(Method::POST, "/login", json!({ "name": format!("user{}", number % 200 + 1) })).await?;
        customer.token = String::from_utf8(token.to_vec())?;
        customer.seen = Seen::default();
        Ok(customer)
    }

    /// Asks until it is time for others.
    pub(crate) async fn shop_until(mut self, end: Instant) -> Result<Self, Problem> {
        while Instant::now() < end {
            match self.chance.below(1000) {
                0..640 => {
                    let target = format!("/products/{}", self.popular());
                    self.get(&target).await?;
                }
                640..840 => {
                    let target = self.list();
                    self.get(&target).await?;
                }
                840..935 => {
                    let word = self.chance.of(&["oak", "glass", "chair", "clock", "quiet night", "brass bowl", "made by hand"]);
                    self.get(&format!("/search?q={}", word.replace(' ', "+"))).await?;
                }
                935..990 => {
                    self.get("/account").await?;
                }
                990..998 => {
                    let target = format!("/products/{}/orders", self.popular());
                    self.ask(Method::POST, &target, Value::Null).await?;
                }
                _ => self.set_a_price().await?,
            }
        }
        Ok(self)
    }

    pub(crate) fn leaves(self) -> Seen {
        self.seen
    }

    /// One of the products that are its own to price, and reads it.
    async fn set_a_price(&mut self) -> Result<(), Problem> {
        let target = format!("/products/{}", self.chance.below(PRODUCTS / MOST) * MOST + self.number + 1);
        let price = 100 + self.chance.below(20_000);
        self.ask(Method::PUT, &format!("{target}/price"), json!({ "price": price })).await?;
        let product: Product = serde_json::from_slice(&self.get(&target).await?)?;
        self.seen.stale += u64::from(u64::from(product.listed.price) != price);
        Ok(())
    }

    /// Half of the questions are for an eighth of the products.
    fn popular(&mut self) -> u64 {
        let fine = PRODUCTS * PRODUCTS * PRODUCTS;
        let at = self.chance.below(fine).min(self.chance.below(fine)).min(self.chance.below(fine));
        at / (PRODUCTS * PRODUCTS) + 1
    }

    fn list(&mut self) -> String {
        let category = self.chance.of(&CATEGORIES);
        let page = self.chance.below(3) + 1;
        match self.chance.below(3) {
            0 => format!("/products?page={page}"),
            1 => format!("/products?category={category}&page={page}"),
            _ => format!("/products?category={category}&max_price={}", (self.chance.below(4) + 1) * 4000),
        }
    }

    async fn get(&mut self, target: &str) -> Result<Bytes, Problem> {
        let (status, content) = self.ask(Method::GET, target, Value::Null).await?;
        if status == StatusCode::OK { Ok(content) } else { Err(format!("{target} answered {status}").into()) }
    }

    async fn ask(&mut self, method: Method, target: &str, content: Value) -> Result<(StatusCode, Bytes), Problem> {
        let content = if content.is_null() { String::new() } else { content.to_string() };
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{target}", self.address))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(content))?;
        let began = Instant::now();
        let response = self.client.request(request).await?;
        let (parts, body) = response.into_parts();
        let content = body.collect().await?.to_bytes();
        self.seen.latencies.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
        let said = parts.headers.get("cache-status").and_then(|value| value.to_str().ok()).unwrap_or_default();
        self.seen.hits += u64::from(said.starts_with("shop; hit"));
        Ok((parts.status, content))
    }
}
