//! The cache as a layer, around handlers that know nothing of it: they see what is in the key, and nothing else.
//!
//! ```console
//! $ curl -i localhost:3000/articles/7
//! HTTP/1.1 200 OK
//! vary: accept-language
//! cache-status: demo; fwd=uri-miss; …
//!
//! Article 7: no text yet
//! $ sleep 5
//! $ curl -i localhost:3000/articles/7
//! HTTP/1.1 200 OK
//! age: 5
//! cache-status: demo; hit; ttl=…
//! # A field that the handlers are not shown makes no difference,
//! $ curl -i -H 'x-campaign: 9' localhost:3000/articles/7
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…
//! # one that they are shown is in the key,
//! $ curl -H 'accept-language: de' localhost:3000/articles/7
//! Artikel 7: no text yet
//! # and a request that says who asks is neither answered nor stored.
//! $ curl -i -H 'cookie: sid=1' localhost:3000/articles/7
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=bypass; …
//! $ curl -X PUT -d 'New text' localhost:3000/articles/7
//! $ curl localhost:3000/articles/7
//! Article 7: New text
//! ```

use std::{collections::HashMap, error::Error, sync::Arc};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, header, request::Parts},
    routing::get,
};
use cached_handler::{Cache, CacheLayer, invalidates, secs};
use cached_handler_serving::serve;
use tokio::sync::RwLock;

async fn show(State(articles): State<Articles>, Path(id): Path<u64>, fields: HeaderMap) -> String {
    let is_german = fields.get(header::ACCEPT_LANGUAGE).is_some_and(|language| language == "de");
    let word = if is_german { "Artikel" } else { "Article" };
    let articles = articles.read().await;
    format!("{word} {id}: {}\n", articles.get(&id).map_or("no text yet", String::as_str))
}

/// The attribute for those that write goes with the layer, too.
#[invalidates(group = "article:{id}")]
async fn edit(State(articles): State<Articles>, Path(id): Path<u64>, text: String) {
    articles.write().await.insert(id, text);
}

/// What an article's responses are invalidated by.
fn groups(request: &Parts) -> Vec<String> {
    request.uri.path().strip_prefix("/articles/").map(|id| format!("article:{id}")).into_iter().collect()
}

type Articles = Arc<RwLock<HashMap<u64, String>>>;

/// The application. A layer that has to see every request, such as a login, belongs outside of the cache. Here there is none, so the
/// cache could also wrap the whole router, `cache.around(router)`, and answer before routing.
pub fn app() -> Router {
    let cache = CacheLayer::new("articles", secs(60)).vary(["accept-language"]).groups(groups).stale_if_error(secs(3600));
    Router::new().route("/articles/{id}", get(show).put(edit)).layer(cache).with_state(Articles::default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("layer.rs")).await?)
}
