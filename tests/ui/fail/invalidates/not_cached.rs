//! A function that is not cached.

use cached_handler::{Target, cached, invalidates};

async fn plain(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 5, uncached = kept)]
async fn list() -> &'static str { "" }

#[invalidates(handler = plain)] //~ plain => is not a handler with `#[cached]`
async fn h0() {}

#[invalidates(handler = kept)] //~ kept => the function that `uncached = …` keeps is not cached: type the handler's own name
async fn h1() {}

async fn h2() {
    let _ = Target::handler(plain); //~ plain => is not a handler with `#[cached]`
    let _ = Target::handler(h0); //~ h0 => is not a handler with `#[cached]`
    let _ = Target::handler(list);
}

fn main() {}
