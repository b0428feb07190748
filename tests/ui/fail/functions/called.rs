//! A handler is called by axum alone, and the code of `#[debug_handler]` calls what it stands above.

use axum::{debug_handler, extract::Path};
use cached_handler::{cached, invalidates};

#[cached(ttl = 60)]
async fn article(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[cached(ttl = 60)]
async fn front() -> &'static str {
    "front"
}

#[invalidates(group = "front")]
async fn edit(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[invalidates(group = "front")]
async fn clear() {}

async fn calls() {
    article(Path(5)).await; //~ Path(5) => expected `PassedByAxum<Seen<false>, Path<u64>>`, found `Path<{integer}>`
    front().await; //~ front => argument #1 of type `cached_handler::__private::PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow<cached_handler::__private::Seen<false>>` is missing
    edit(Path(5)).await; //~ Path(5) => expected `PassedByAxum<OwnCache, Path<u64>>`, found `Path<{integer}>`
    clear().await; //~ clear => argument #1 of type `cached_handler::__private::PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow<cached_handler::__private::OwnCache>` is missing
}

#[debug_handler]
#[cached(ttl = 60)]
async fn below_the_other() -> &'static str { //~ below_the_other => argument #1 of type `cached_handler::__private::PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow<cached_handler::__private::Seen<false>>` is missing
    "below"
}

#[debug_handler]
#[invalidates(group = "front")]
async fn below_the_other_too() {} //~ below_the_other_too => argument #1 of type `cached_handler::__private::PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow<cached_handler::__private::OwnCache>` is missing

fn main() {}
