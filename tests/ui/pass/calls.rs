//! What is advised to whoever calls a handler, or wants `#[debug_handler]`.

use axum::{Router, debug_handler, extract::Path, routing::get};
use cached_handler::cached;

#[cached(ttl = 60, uncached = article_uncached)]
async fn article(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[cached(ttl = 60, uncached = front_uncached)]
#[debug_handler]
async fn front() -> &'static str {
    "front"
}

async fn calls() -> String {
    article_uncached(Path(5)).await + front_uncached().await
}

fn main() {
    let _: Router = Router::new().route("/", get(front)).route("/articles/{id}", get(article)).route("/calls", get(calls));
}
