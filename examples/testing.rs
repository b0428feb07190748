//! Tests of your own handlers: `cargo test --example testing` runs those below. `Cargo.toml` says under
//! `[dev-dependencies]`: `cached-handler = { version = "…", features = ["testing"] }`.
//!
//! ```console
//! $ curl -H 'accept-language: de' localhost:3000/menu
//! soup 5 Euro
//! $ curl -i -X PUT localhost:3000/menu/soup/6
//! HTTP/1.1 204 No Content
//! $ curl -H 'accept-language: de' localhost:3000/menu
//! soup 6 Euro
//! ```

use std::{collections::BTreeMap, error::Error, sync::Arc};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::ACCEPT_LANGUAGE},
    routing::{get, put},
};
use cached_handler::{Cache, cached, invalidates};
use cached_handler_serving::serve;
use tokio::sync::RwLock;

/// Dishes and their prices: what a database would hold.
type Kitchen = Arc<RwLock<BTreeMap<String, u32>>>;

/// The menu, in the guest's language.
#[cached(ttl = 60, group = "menu", vary = "accept-language")]
async fn menu(State(kitchen): State<Kitchen>, fields: HeaderMap) -> Result<String, StatusCode> {
    let is_german = fields.get(ACCEPT_LANGUAGE).is_some_and(|language| language.as_bytes().starts_with(b"de"));
    let currency = if is_german { "Euro" } else { "euros" };
    let lines: Vec<_> = kitchen.read().await.iter().map(|(dish, price)| format!("{dish} {price} {currency}\n")).collect();
    if lines.is_empty() { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok(lines.concat()) }
}

/// A dish gets a price, and the menus that show another are gone.
#[invalidates(group = "menu")]
async fn price(State(kitchen): State<Kitchen>, Path((dish, price)): Path<(String, u32)>) -> StatusCode {
    kitchen.write().await.insert(dish, price);
    StatusCode::NO_CONTENT
}

/// The application.
pub fn app() -> Router {
    app_of(with_soup())
}

/// The application with a kitchen that a test can access.
fn app_of(kitchen: Kitchen) -> Router {
    Router::new().route("/menu", get(menu)).route("/menu/{dish}/{price}", put(price)).with_state(kitchen)
}

fn with_soup() -> Kitchen {
    Kitchen::new(BTreeMap::from([("soup".to_owned(), 5)]).into())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().build().await?.install()?;
    Ok(serve(app(), include_str!("testing.rs")).await?)
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::{Request, header::AGE},
        response::Response,
    };
    use cached_handler::{
        Target, secs,
        testing::{Chaos, Fault, TestCache, assert_hit, assert_miss},
    };
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(app: &Router, language: &str) -> Response {
        let request = Request::get("/menu").header(ACCEPT_LANGUAGE, language).body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap()
    }

    async fn text(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), 1000).await.unwrap().into()).unwrap()
    }

    /// Each test has a cache of its own, so that they run side by side.
    #[tokio::test]
    async fn a_menu_is_written_once_and_then_served_for_a_minute_to_guests_of_its_language() {
        let cache = TestCache::new();
        let app = app().layer(cache.layer());
        for (language, expected) in [("en", "soup 5 euros\n"), ("de", "soup 5 Euro\n")] {
            assert_eq!(text(assert_miss!(ask(&app, language).await)).await, expected);
        }
        // The clock stands still until the test moves it: nothing sleeps, and nothing is a matter of luck.
        cache.clock().advance(secs(59));
        assert_eq!(assert_hit!(ask(&app, "de").await).headers()[AGE], "59");
        cache.clock().advance(secs(1));
        assert_miss!(ask(&app, "de").await);
    }

    #[tokio::test]
    async fn a_new_price_shows_at_once() {
        let (cache, kitchen) = (TestCache::new(), with_soup());
        let app = app_of(kitchen.clone()).layer(cache.layer());
        assert_miss!(ask(&app, "en").await);
        app.clone().oneshot(Request::put("/menu/soup/6").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(text(assert_miss!(ask(&app, "en").await)).await, "soup 6 euros\n");
        // A change outside of a handler with `#[invalidates]` needs a call.
        kitchen.write().await.insert("pie".to_owned(), 7);
        assert_hit!(ask(&app, "en").await);
        cache.cache().invalidate(Target::group("menu")).await.unwrap();
        assert_miss!(ask(&app, "en").await);
    }

    /// Here responses rest in a store that is made sick. tokio's clock stands still too, so what hangs is waited for at once.
    #[tokio::test(start_paused = true)]
    async fn the_menu_comes_also_when_the_backend_is_down() {
        let sick = Chaos::new();
        let cache = TestCache::with(|builder| builder.backend("sick", sick.clone()).default_backend("sick"));
        let app = app().layer(cache.layer());
        assert_miss!(ask(&app, "en").await);
        assert_hit!(ask(&app, "en").await);
        for fault in [Fault::Fail, Fault::Hang, Fault::Damage] {
            sick.suffers(fault, 1.0);
            assert_eq!(text(assert_miss!(ask(&app, "en").await)).await, "soup 5 euros\n");
            sick.heals();
        }
        assert!(cache.cache().stats().backend_errors > 0);
    }

    #[tokio::test]
    async fn a_menu_that_cannot_be_read_is_not_stored() {
        let (cache, kitchen) = (TestCache::new(), Kitchen::default());
        let app = app_of(kitchen.clone()).layer(cache.layer());
        assert_eq!(assert_miss!(ask(&app, "en").await).status(), StatusCode::SERVICE_UNAVAILABLE);
        kitchen.write().await.insert("pie".to_owned(), 7);
        assert_eq!(text(assert_miss!(ask(&app, "en").await)).await, "pie 7 euros\n");
        assert_eq!(cache.cache().stats().not_stored["status"], 1);
    }
}
