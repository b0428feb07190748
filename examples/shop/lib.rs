//! A shop on SQLite: lists with filters, details, a search, orders, reviews, and a page for the user who is logged in.
//!
//! What is cached, and what makes it unusable:
//!
//! | | lives | group |
//! |---|---|---|
//! | `GET /products`, `GET /search` | five minutes | `products`: a price has changed |
//! | `GET /products/{id}` | an hour | `product:{id}`: its price, its stock, a review |
//! | `GET /account` | five minutes, each user's own | `user:{id}`: an order of theirs |
//!
//! No handler says where: that is chosen by `--backend`, in `backend.rs`.

mod backend;
mod database;
mod failure;
mod goods;
mod session;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{get, post, put},
};
use cached_handler::{Policy, cached, invalidates, secs};
use serde::Deserialize;

pub use self::{
    backend::Backend,
    database::{Account, Database, Filter, Listed, Page, Product, Review},
    failure::Failure,
    goods::{CATEGORIES, Chance, PRODUCTS},
    session::{Sessions, User},
};

/// What all requests share.
#[derive(Debug, Clone)]
pub struct Shop {
    /// Where the goods are.
    pub database: Database,
    /// Who is logged in.
    pub sessions: Sessions,
}

/// The shop's API.
pub fn app(shop: Shop) -> Router {
    Router::new()
        .route("/products", get(list))
        .route("/products/{id}", get(product))
        .route("/products/{id}/price", put(set_price))
        .route("/products/{id}/reviews", post(review))
        .route("/products/{id}/orders", post(order))
        .route("/search", get(search))
        .route("/login", post(login))
        .route("/account", get(account))
        .with_state(shop)
}

/// The key holds the parameters that `Filter` reads, in any order, and nothing else of the query.
#[cached(ttl = "5m", group = "products")]
async fn list(State(shop): State<Shop>, Query(filter): Query<Filter>) -> Result<Json<Page>, Failure> {
    shop.database.list(filter).await.map(Json)
}

#[cached(ttl = "5m", group = "products")]
async fn search(State(shop): State<Shop>, Query(search): Query<Search>) -> Result<Json<Vec<Listed>>, Failure> {
    shop.database.search(search.q).await.map(Json)
}

/// That there is no such product is remembered, too, for a moment.
#[cached(ttl = "1h", group = "product:{id}", policy = PRODUCT)]
async fn product(State(shop): State<Shop>, Path(id): Path<u64>) -> Result<Json<Product>, Failure> {
    shop.database.product(id).await.map(Json)
}

/// `User` runs on a hit too, and is the key, so everybody sees their own.
#[cached(ttl = "5m", group = "user:{user.id}")]
async fn account(State(shop): State<Shop>, user: User) -> Result<Json<Account>, Failure> {
    shop.database.account(user.id).await.map(Json)
}

/// Lists are sorted by price, so all of them may have changed.
#[invalidates(group = ["products", "product:{id}"])]
async fn set_price(_: User, State(shop): State<Shop>, Path(id): Path<u64>, Json(new): Json<Price>) -> Result<StatusCode, Failure> {
    shop.database.set_price(id, new.price).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[invalidates(group = "product:{id}")]
async fn review(user: User, State(shop): State<Shop>, Path(id): Path<u64>, Json(review): Json<Review>) -> Result<StatusCode, Failure> {
    shop.database.review(user.id, id, review).await?;
    Ok(StatusCode::CREATED)
}

/// Its stock, and what the user has ordered. Lists do not show the stock, so they stay.
#[invalidates(group = ["product:{id}", "user:{user.id}"])]
async fn order(user: User, State(shop): State<Shop>, Path(id): Path<u64>) -> Result<StatusCode, Failure> {
    shop.database.order(user.id, id).await?;
    Ok(StatusCode::CREATED)
}

/// A name is enough here.
async fn login(State(shop): State<Shop>, Json(login): Json<Login>) -> Result<String, Failure> {
    let (id, token) = shop.database.begin_session(login.name).await?;
    shop.sessions.add(token.clone(), id).await;
    Ok(token)
}

const PRODUCT: Policy = Policy::new().status(404, secs(5));

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

#[derive(Deserialize)]
struct Price {
    price: u32,
}

#[derive(Deserialize)]
struct Login {
    name: String,
}
