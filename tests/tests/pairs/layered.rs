//! The same pairs through a layer. Its handlers are those of the attribute with their own cache switched off, and without
//! what that says to clients, so that the layer judges them as if they had none.

use cached_handler::{Cache, CacheLayer};

use super::*;

/// What the handlers read, as their author knows.
const READ: [&str; 6] = ["accept", "accept-language", "x-first", "x-second", "x-token", "x-two"];

async fn router_without_cache() -> Router {
    let off = Cache::builder().off().build().await.unwrap();
    router().layer(Extension(off)).layer(middleware::from_fn(as_if_plain))
}

/// The word of a cache that is off: nobody may keep it. Handlers that say so themselves go on saying it.
async fn as_if_plain(request: Request, next: Next) -> Response {
    let is_own_word = request.uri().path() == "/no-cache" || request.headers().contains_key(header::AUTHORIZATION);
    let mut response = next.run(request).await;
    let said = response.headers().get(header::CACHE_CONTROL).cloned();
    if !is_own_word && said.is_some_and(|said| said == "no-cache" || said == "private, no-cache") {
        response.headers_mut().remove(header::CACHE_CONTROL);
    }
    response
}

fn layer() -> CacheLayer {
    CacheLayer::new("pairs", secs(60)).cache(TestCache::new().cache().clone())
}

/// The middleware stands inside of the layer, and goes by a field that the layer keys: each client gets its own.
const GET_THEIR_OWN: [&str; 2] =
    ["whom a middleware found out, to another: 200 OK \"bob\"", "whom a middleware found out, in parts: 200 OK \"bob\""];

async fn wrong_behind(version_2: bool, layer: fn() -> CacheLayer) -> Vec<String> {
    let plain = router_without_cache().await;
    // Around the whole router: before routing, where nothing but the request is known.
    let mut wrong = wrong(version_2, || Router::new().fallback_service(layer().around(plain.clone()))).await;
    wrong.retain(|wrong| !GET_THEIR_OWN.contains(&wrong.as_str()));
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_gets_what_is_anothers_through_a_layer() {
    for version_2 in [false, true] {
        let wrong = wrong_behind(version_2, || layer().vary(READ)).await;
        println!("{} pairs through a layer over {}, {} wrong", pairs().len(), if version_2 { "h2" } else { "HTTP/1.1" }, wrong.len());
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_pairs_find_an_author_who_shows_what_the_key_does_not_hold() {
    let wrong = wrong_behind(false, || layer().see_all_fields()).await;
    println!("{} of {} pairs find a layer that shows all fields and keys none", wrong.len(), pairs().len());
    assert!(wrong.len() > 5, "{wrong:#?}");
}
