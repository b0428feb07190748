//! What is wrong with the attribute does not take the handler away.

use axum::{Router, extract::Path, routing::get};
use cached_handler::{cached, invalidates};

#[cached(tll = 60)]
async fn show(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[invalidates(grup = "articles")]
async fn edit(Path(id): Path<u64>) -> String {
    id.to_string()
}

fn router() -> Router {
    Router::new().route("/{id}", get(show).put(edit))
}

fn main() {
    router();
}
