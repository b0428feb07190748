//! Every mistake of one attribute in one compile, and none of the handler.

use axum::extract::Path;
use cached_handler::cached;

#[cached(
    ttl = "soon",
    backend = "Redis",
    group = ["a", "a", "{idd}"],
    key(5),
    vary = "*",
    skip(idd),
    cache_control = "max age",
    policy = "SEARCH",
    collapse = "of",
    uncached = 5,
    crate = 5,
    grup = "x",
    ttl = 5,
)]
async fn handler(Path(id): Path<u64>) {
    let _ = id;
}

fn main() {}
