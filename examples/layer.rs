//! A cache around handlers that know nothing of it. Start it, then:
//!
//! ```sh
//! cargo run --example layer
//!
//! curl -i localhost:3000/articles/7                      # a miss, which takes a second
//! curl -i localhost:3000/articles/7                      # a hit, with `age`; no handler has run
//! curl -i localhost:3000/articles/7 -H 'user-agent: x'   # a hit: the handlers are not shown that field
//! curl -i localhost:3000/articles/7 -H 'accept-language: de'   # a miss: this one they are shown
//! curl -i localhost:3000/articles/7 -H 'cookie: sid=1'   # `fwd=bypass`: neither answered nor stored
//! curl -i -X PUT localhost:3000/articles/7 -d 'New text'
//! curl -i localhost:3000/articles/7                      # a miss: the group was invalidated
//! ```

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    routing::get,
};
use cached_handler::{Cache, CacheLayer, Error, Target, secs};
use tokio::net::TcpListener;

/// Articles behind a cache. What should see every request, such as a log or a login, is a layer outside of it.
pub fn app() -> Router {
    let cache = CacheLayer::new("articles", secs(60)).vary(["accept-language"]).groups(groups).stale_if_error(secs(3600));
    Router::new().route("/articles/{id}", get(show).put(edit)).layer(cache).with_state(Articles::default())
}

/// What an article's responses are invalidated by.
fn groups(request: &Parts) -> Vec<String> {
    request.uri.path().strip_prefix("/articles/").map(|id| format!("article:{id}")).into_iter().collect()
}

async fn show(State(articles): State<Articles>, Path(id): Path<u64>, fields: HeaderMap) -> String {
    // As long as it takes to make.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let greeting = if fields.get(header::ACCEPT_LANGUAGE).is_some_and(|language| language == "de") { "Artikel" } else { "Article" };
    format!("{greeting} {id}: {}\n", articles.text(id))
}

/// A handler may have the cache as an argument. With `#[invalidates(group = "article:{id}")]` it could not forget it.
async fn edit(State(articles): State<Articles>, cache: Cache, Path(id): Path<u64>, text: String) -> Result<StatusCode, Error> {
    articles.write(id, text);
    cache.invalidate(Target::group(format!("article:{id}"))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// In the place of a database.
#[derive(Clone, Default)]
struct Articles(Arc<Mutex<HashMap<u64, String>>>);

impl Articles {
    fn text(&self, id: u64) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned().unwrap_or_else(|| "no text yet".to_owned())
    }

    fn write(&self, id: u64, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, text);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    Cache::builder().cache_status("articles").build().await?.install()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 3000)).await?;
    println!("http://{}/articles/7", listener.local_addr()?);
    axum::serve(listener, app()).await?;
    Ok(())
}
