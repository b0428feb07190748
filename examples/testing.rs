//! `cargo test --example testing`: how a handler is tested that is cached, in the tests below. `cargo run --example
//! testing` serves it on port 3000.
//!
//! ```text
//! $ cargo test --example testing
//! test tests::a_menu_is_cooked_up_once_and_then_served_for_a_minute ... ok
//! test tests::a_new_price_shows_at_once ... ok
//! test tests::guests_of_one_language_do_not_get_the_menu_of_another ... ok
//! test tests::the_menu_comes_also_when_the_backend_is_down ... ok
//! test tests::a_menu_that_cannot_be_read_is_not_remembered ... ok
//! ```
//!
//! For tests, `Cargo.toml` says `cached-handler = { version = "…", features = ["testing"] }` under `[dev-dependencies]`.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    routing::{get, put},
};
use cached_handler::{Cache, cached, invalidates};

/// Dishes and their prices. A mutex stands for the database.
#[derive(Debug, Clone, Default)]
pub struct Kitchen(Arc<Mutex<BTreeMap<String, u32>>>);

impl Kitchen {
    fn read<T>(&self, work: impl FnOnce(&mut BTreeMap<String, u32>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The handlers, as any program has them.
pub fn app(kitchen: Kitchen) -> Router {
    Router::new().route("/menu", get(menu)).route("/menu/{dish}/{price}", put(price)).route("/today", get(today)).with_state(kitchen)
}

/// The menu, in the guest's language.
#[cached(ttl = 60, group = "menu", vary = "accept-language")]
async fn menu(State(kitchen): State<Kitchen>, fields: HeaderMap) -> Result<String, StatusCode> {
    let is_german = fields.get(header::ACCEPT_LANGUAGE).is_some_and(|language| language.as_bytes().starts_with(b"de"));
    let currency = if is_german { "Euro" } else { "euros" };
    let lines: Vec<String> = kitchen.read(|dishes| dishes.iter().map(|(dish, price)| format!("{dish} {price} {currency}")).collect());
    if lines.is_empty() { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok(lines.join("\n")) }
}

/// A dish gets a price, and the menus that show another are gone.
#[invalidates(group = "menu")]
async fn price(State(kitchen): State<Kitchen>, Path((dish, price)): Path<(String, u32)>) -> StatusCode {
    kitchen.read(|dishes| dishes.insert(dish, price));
    StatusCode::NO_CONTENT
}

/// What is cooked today. Its backend is one that is waited for, as Redis is.
#[cached(ttl = 60, group = "menu", backend = "pantry")]
async fn today(State(kitchen): State<Kitchen>) -> String {
    kitchen.read(|dishes| dishes.keys().next().cloned().unwrap_or_default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Here, a backend of one's own would be; an empty shelf does for a look.
    Cache::builder().backend("pantry", cached_handler::testing::Shelf::default()).build().await?.install()?;
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 3000)).await?;
    println!("http://{}/menu; the tests are the point: cargo test --example testing", listener.local_addr()?);
    let kitchen = Kitchen::default();
    kitchen.read(|dishes| dishes.insert("soup".to_owned(), 5));
    Ok(axum::serve(listener, app(kitchen)).await?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::{
        body::Body,
        http::{Request, request::Builder},
        response::Response,
    };
    use cached_handler::{
        Target,
        testing::{Chaos, Fault, TestCache, assert_hit, assert_miss},
    };
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    /// Each test has a cache of its own, so that they run side by side.
    struct Restaurant {
        cache: TestCache,
        kitchen: Kitchen,
        pantry: Chaos,
        app: Router,
    }

    impl Restaurant {
        fn open() -> Self {
            let kitchen = Kitchen::default();
            kitchen.read(|dishes| dishes.insert("soup".to_owned(), 5));
            let pantry = Chaos::new();
            let cache = TestCache::with(|builder| builder.backend("pantry", pantry.clone()));
            let app = app(kitchen.clone()).layer(cache.layer());
            Self { cache, kitchen, pantry, app }
        }

        async fn ask(&self, request: Builder) -> Response {
            self.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
        }

        async fn get(&self, target: &str) -> Response {
            self.ask(Request::get(target)).await
        }
    }

    async fn text(response: Response) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_menu_is_cooked_up_once_and_then_served_for_a_minute() {
        let restaurant = Restaurant::open();
        assert_miss!(restaurant.get("/menu").await);
        // The clock stands still until the test moves it: nothing sleeps, and nothing is a matter of luck.
        restaurant.cache.clock().advance(Duration::from_secs(59));
        let hit = assert_hit!(restaurant.get("/menu").await);
        assert_eq!(hit.headers()[header::AGE], "59");
        restaurant.cache.clock().advance(Duration::from_secs(1));
        assert_miss!(restaurant.get("/menu").await);
    }

    #[tokio::test]
    async fn a_new_price_shows_at_once() {
        let restaurant = Restaurant::open();
        assert_miss!(restaurant.get("/menu").await);
        assert_eq!(restaurant.ask(Request::put("/menu/soup/6")).await.status(), StatusCode::NO_CONTENT);
        let menu = assert_miss!(restaurant.get("/menu").await);
        assert_eq!(text(menu).await, "soup 6 euros");

        // Whatever else changes it invalidates by hand.
        restaurant.kitchen.read(|dishes| dishes.remove("soup"));
        restaurant.kitchen.read(|dishes| dishes.insert("pie".to_owned(), 7));
        assert_hit!(restaurant.get("/menu").await);
        restaurant.cache.cache().invalidate(Target::group("menu")).await.unwrap();
        assert_eq!(text(assert_miss!(restaurant.get("/menu").await)).await, "pie 7 euros");
    }

    #[tokio::test]
    async fn guests_of_one_language_do_not_get_the_menu_of_another() {
        let restaurant = Restaurant::open();
        for (language, currency) in [("de", "Euro"), ("en", "euros")] {
            let menu = assert_miss!(restaurant.ask(Request::get("/menu").header(header::ACCEPT_LANGUAGE, language)).await);
            assert_eq!(menu.headers()[header::VARY], "accept-language");
            assert_eq!(text(menu).await, format!("soup 5 {currency}"));
        }
        assert_hit!(restaurant.ask(Request::get("/menu").header(header::ACCEPT_LANGUAGE, "de")).await);
    }

    /// tokio's clock stands still too, so that what hangs is waited for at once.
    #[tokio::test(start_paused = true)]
    async fn the_menu_comes_also_when_the_backend_is_down() {
        let restaurant = Restaurant::open();
        assert_miss!(restaurant.get("/today").await);
        assert_hit!(restaurant.get("/today").await);
        for fault in [Fault::Fail, Fault::Hang, Fault::Damage] {
            restaurant.pantry.suffers(fault, 1.0);
            let dish = assert_miss!(restaurant.get("/today").await);
            assert_eq!(text(dish).await, "soup");
            restaurant.pantry.heals();
        }
        let stats = restaurant.cache.cache().stats();
        assert!(stats.backend_errors > 0 && stats.damaged > 0, "{stats:?}");
    }

    #[tokio::test]
    async fn a_menu_that_cannot_be_read_is_not_remembered() {
        let restaurant = Restaurant::open();
        restaurant.kitchen.read(BTreeMap::clear);
        assert_eq!(assert_miss!(restaurant.get("/menu").await).status(), StatusCode::SERVICE_UNAVAILABLE);
        restaurant.kitchen.read(|dishes| dishes.insert("soup".to_owned(), 5));
        assert_eq!(assert_miss!(restaurant.get("/menu").await).status(), StatusCode::OK);
        assert_eq!(restaurant.cache.cache().stats().not_stored["status"], 1);
    }
}
