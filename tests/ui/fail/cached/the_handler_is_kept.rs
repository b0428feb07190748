//! What is wrong with the attribute does not take the handler away.

use axum::{Router, extract::Path, routing::get};
use cached_handler::{cached, invalidates};

#[cached(tll = 60)] //~ tll => `tll` is not an argument of `#[cached]`; did you mean `ttl`?
async fn show(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[invalidates(grup = "articles")] //~ grup => `grup` is not an argument of `#[invalidates]`; did you mean `group`?
async fn edit(Path(id): Path<u64>) -> String {
    id.to_string()
}

fn router() -> Router {
    Router::new().route("/{id}", get(show).put(edit))
}

fn main() {
    router();
}
