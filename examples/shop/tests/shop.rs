//! The shop as its customers see it, on every backend: no response is outdated, and none is another customer's.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use cached_handler::{Outcome, Target, testing::TestCache};
use cached_handler_shop::{Account, Backend, Database, Page, Product, Sessions, Shop, app};
use cached_handler_tests::redis_server::RedisServer;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Each on every backend.
macro_rules! on_every_backend {
    ($($what:ident,)*) => {
        on_every_backend!(in_memory Memory: $($what,)*);
        on_every_backend!(in_files Fs: $($what,)*);
        on_every_backend!(in_redis Redis: $($what,)*);
    };
    ($place:ident $backend:ident: $($what:ident,)*) => {
        mod $place {
            $(
                #[tokio::test]
                async fn $what() {
                    super::$what(super::Client::of(super::Backend::$backend).await).await;
                }
            )*
        }
    };
}
on_every_backend! {
    a_price_reaches_the_product_and_every_list_and_leaves_other_products_alone,
    an_order_takes_one_from_the_stock_and_stands_in_the_account_of_whoever_ordered,
    what_is_sold_out_stays_so,
    a_stranger_sees_no_account_though_one_is_stored,
    a_review_is_seen_at_once_and_one_that_is_refused_changes_nothing,
    a_list_is_keyed_by_its_filters_in_any_order,
}

async fn a_price_reaches_the_product_and_every_list_and_leaves_other_products_alone(client: Client) {
    let token = client.login("user1").await;
    let lists = ["/products", "/products?category=toys&page=1", "/search?q=oak"];
    for target in lists.into_iter().chain(["/products/1", "/products/2"]) {
        client.get(target, "").await;
        assert!(client.get(target, "").await.is_hit, "{target}");
    }
    let changed = client.send(Method::PUT, "/products/1/price", &token, json!({ "price": 1 })).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT);
    for target in lists {
        assert!(!client.get(target, "").await.is_hit, "{target}");
    }
    let product: Product = client.get("/products/1", "").await.json();
    let first: Page = client.get("/products", "").await.json();
    assert_eq!((product.listed.price, first.products.first().unwrap()), (1, &product.listed), "the cheapest comes first");
    assert!(client.get("/products/2", "").await.is_hit);
}

async fn an_order_takes_one_from_the_stock_and_stands_in_the_account_of_whoever_ordered(client: Client) {
    let (ann, bob) = (client.login("user1").await, client.login("user2").await);
    let stocked = (1..20).map(|id| format!("/products/{id}"));
    let (mut target, mut before) = (String::new(), 0);
    for candidate in stocked {
        let product: Product = client.get(&candidate, "").await.json();
        if product.stock > 0 {
            (target, before) = (candidate, product.stock);
            break;
        }
    }
    for token in [&ann, &bob] {
        assert_eq!(client.get("/account", token).await.json::<Account>().orders, []);
    }
    client.get("/products", "").await;
    let ordered = client.send(Method::POST, &format!("{target}/orders"), &ann, Value::Null).await;
    assert_eq!(ordered.status, StatusCode::CREATED);
    assert_eq!(client.get(&target, "").await.json::<Product>().stock, before - 1);
    assert_eq!(client.get("/account", &ann).await.json::<Account>().orders.len(), 1);
    let his = client.get("/account", &bob).await;
    assert!(his.is_hit, "his account has not changed");
    assert_eq!(his.json::<Account>(), Account { name: "user2".to_owned(), orders: Vec::new() });
    assert!(client.get("/products", "").await.is_hit, "lists show no stock");
}

async fn what_is_sold_out_stays_so(client: Client) {
    let token = client.login("user1").await;
    let stock = client.get("/products/3", "").await.json::<Product>().stock;
    for _ in 0..stock {
        assert_eq!(client.send(Method::POST, "/products/3/orders", &token, Value::Null).await.status, StatusCode::CREATED);
    }
    assert_eq!(client.send(Method::POST, "/products/3/orders", &token, Value::Null).await.status, StatusCode::CONFLICT);
    assert_eq!(client.get("/products/3", "").await.json::<Product>().stock, 0);
}

async fn a_stranger_sees_no_account_though_one_is_stored(client: Client) {
    let token = client.login("user1").await;
    client.get("/account", &token).await;
    assert!(client.get("/account", &token).await.is_hit);
    for shown in ["", "wrong"] {
        assert_eq!(client.get("/account", shown).await.status, StatusCode::UNAUTHORIZED);
    }
}

async fn a_review_is_seen_at_once_and_one_that_is_refused_changes_nothing(client: Client) {
    let token = client.login("user1").await;
    client.get("/products/1", "").await;
    let refused = client.send(Method::POST, "/products/1/reviews", &token, json!({ "stars": 6, "text": "!" })).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(client.get("/products/1", "").await.is_hit);
    client.send(Method::POST, "/products/1/reviews", &token, json!({ "stars": 5, "text": "as it should be" })).await;
    let product: Product = client.get("/products/1", "").await.json();
    assert_eq!(product.reviews.first().unwrap().text, "as it should be");
}

async fn a_list_is_keyed_by_its_filters_in_any_order(client: Client) {
    client.get("/products?category=toys&max_price=500", "").await;
    assert!(client.get("/products?utm_source=mail&max_price=500&category=toys", "").await.is_hit);
    let cheaper = client.get("/products?category=toys&max_price=400", "").await;
    assert!(!cheaper.is_hit);
    assert!(cheaper.json::<Page>().products.iter().all(|product| product.price <= 400));
}

struct Client {
    app: Router,
    backend: Backend,
    name: String,
    _cache: TestCache,
    _server: Option<RedisServer>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.backend.clear_away(&self.name);
        for suffix in ["", "-wal", "-shm"] {
            _ = std::fs::remove_file(format!("{}{suffix}", database_of(&self.name).display()));
        }
    }
}

fn database_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.db"))
}

struct Answer {
    status: StatusCode,
    is_hit: bool,
    content: Vec<u8>,
}

impl Answer {
    fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.content).unwrap()
    }
}

impl Client {
    /// Of a shop of its own.
    async fn of(backend: Backend) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("shop-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let file = database_of(&name);
        let database = tokio::task::spawn_blocking(move || Database::create(&file, 1)).await.unwrap().unwrap();
        let server = (backend == Backend::Redis).then(RedisServer::start);
        let cache = TestCache::with(|builder| {
            let builder = backend.set_up(builder, &name);
            // Another one than the environment's.
            if let Some(server) = &server { builder.redis(server.url()) } else { builder }
        });
        // Redis is connected to behind everything else.
        while cache.cache().invalidate(Target::all()).await.is_err() {}
        let app = app(Shop { database, sessions: Sessions::default() }).layer(cache.layer());
        Self { app, backend, name, _cache: cache, _server: server }
    }

    async fn login(&self, name: &str) -> String {
        String::from_utf8(self.send(Method::POST, "/login", "", json!({ "name": name })).await.content).unwrap()
    }

    async fn get(&self, target: &str, token: &str) -> Answer {
        self.send(Method::GET, target, token, Value::Null).await
    }

    async fn send(&self, method: Method, target: &str, token: &str, content: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(target);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = if content.is_null() {
            Body::empty()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(content.to_string())
        };
        let response = self.app.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let is_hit = matches!(response.extensions().get(), Some(Outcome::Hit { .. }));
        let status = response.status();
        Answer { status, is_hit, content: response.into_body().collect().await.unwrap().to_bytes().to_vec() }
    }
}
