//! The same pairs through a layer. Its handlers are those of the attribute with their own cache switched off, so that the layer
//! judges them as if they had none.

use cached_handler::CacheLayer;

use super::*;

/// What the handlers read, as their author knows.
const READ: [&str; 6] = ["accept", "accept-language", "x-first", "x-second", "x-token", "x-two"];

async fn router_without_cache() -> Router {
    router().layer(Extension(Cache::builder().off().build().await.unwrap()))
}

/// The middleware stands inside of the layer, and goes by a field that the layer keys: each client gets its own.
const GET_THEIR_OWN: [&str; 2] =
    ["whom a middleware found out, to another: 200 OK \"bob\"", "whom a middleware found out, in parts: 200 OK \"bob\""];

async fn found_behind(version_2: bool, place: &Place, see: fn(CacheLayer) -> CacheLayer) -> Found {
    let plain = router_without_cache().await;
    // Around the whole router: before routing, where nothing but the request is known.
    let layer = |cache: &Cache| see(CacheLayer::new("pairs", secs(60)).cache(cache.clone()));
    let mut found = found(version_2, place, |cache| Router::new().fallback_service(layer(cache).around(plain.clone()))).await;
    found.wrong.retain(|wrong| !GET_THEIR_OWN.contains(&wrong.as_str()));
    found
}

async fn nothing_is_found_behind_a_layer_in(place: Place, name: &str) {
    for version_2 in [false, true] {
        let found = found_behind(version_2, &place, |layer| layer.vary(READ)).await;
        found.say(&format!("through a layer in {name} over {}", version(version_2)));
        found.is_nothing();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_gets_what_is_anothers_through_a_layer() {
    nothing_is_found_behind_a_layer_in(Place::Memory, "memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_gets_what_is_anothers_through_a_layer_in_files() {
    nothing_is_found_behind_a_layer_in(Place::files("pairs-layer"), "files").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_gets_what_is_anothers_through_a_layer_in_a_redis() {
    nothing_is_found_behind_a_layer_in(Place::redis(), "a Redis").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_pairs_find_an_author_who_shows_what_the_key_does_not_hold() {
    for (place, name) in [(Place::Memory, "memory"), (Place::files("pairs-shown"), "files"), (Place::redis(), "a Redis")] {
        let found = found_behind(false, &place, CacheLayer::see_all_fields).await;
        found.say(&format!("through a layer that shows all fields and keys none, in {name}"));
        assert!(found.wrong.len() > 5, "{:#?}", found.wrong);
    }
}
