//! `#[debug_handler]` says what it always says, above and below.

use axum::{debug_handler, extract::Path};
use cached_handler::{cached, invalidates};

#[cached(ttl = 60, skip(text))]
#[debug_handler]
async fn cached_above(text: String, Path(id): Path<u64>) -> String { //~ String => `String` consumes the request body and thus must be the last argument to the handler function
    format!("{text}{id}")
}

#[debug_handler]
#[cached(ttl = 60, skip(text))]
async fn cached_below(text: String, Path(id): Path<u64>) -> String { //~ String => `String` consumes the request body and thus must be the last argument to the handler function
    format!("{text}{id}")
}

#[invalidates(group = "articles")]
#[debug_handler]
async fn invalidates_above(text: String, Path(id): Path<u64>) -> String { //~ String => `String` consumes the request body and thus must be the last argument to the handler function
    format!("{text}{id}")
}

#[debug_handler]
#[invalidates(group = "articles")]
async fn invalidates_below(text: String, Path(id): Path<u64>) -> String { //~ String => `String` consumes the request body and thus must be the last argument to the handler function
    format!("{text}{id}")
}

fn main() {}
