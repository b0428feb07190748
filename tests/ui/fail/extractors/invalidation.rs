//! What is for handlers that write.

use axum::{Router, routing::get};
use cached_handler::{Invalidation, cached};

#[cached(ttl = 60)]
async fn reads(changed: Invalidation) { //~ Invalidation => `Invalidation` is for handlers with `#[invalidates]`
    drop(changed);
}

fn main() {
    let _: Router = Router::new().route("/", get(reads));
}
