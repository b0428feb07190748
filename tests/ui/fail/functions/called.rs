//! A handler is called by axum alone, and the code of `#[debug_handler]` calls what it stands above.

use axum::{debug_handler, extract::Path};
use cached_handler::cached;

#[cached(ttl = 60)]
async fn article(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[cached(ttl = 60)]
async fn front() -> &'static str {
    "front"
}

async fn calls() {
    article(Path(5)).await; //~ Path(5) => expected `PassedByAxum<false, Path<u64>>`, found `Path<{integer}>`
    front().await; //~ front => argument #1 of type `cached_handler::__private::PassedByAxumPutDebugHandlerBelow<false>` is missing
}

#[debug_handler]
#[cached(ttl = 60)]
async fn below_the_other() -> &'static str { //~ below_the_other => argument #1 of type `cached_handler::__private::PassedByAxumPutDebugHandlerBelow<false>` is missing
    "below"
}

fn main() {}
