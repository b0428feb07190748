//! What the attributes do not go on.

use std::convert::identity as _;

mod not_async {
    #[cached_handler::cached(ttl = 60)]
    fn cached() -> &'static str {
        ""
    }

    #[cached_handler::invalidates(group = "a")]
    fn invalidates() {}
}

struct Service;

impl Service {
    #[cached_handler::cached(ttl = 60)]
    async fn by_reference(&self) {}

    #[cached_handler::cached(ttl = 60)]
    async fn by_value(self) {}

    #[cached_handler::invalidates(group = "a")]
    async fn boxed(self: Box<Self>) {}
}

#[cached_handler::cached(ttl = 60)]
struct Struct;

#[cached_handler::cached(ttl = 60)]
mod module {}

#[cached_handler::cached(ttl = 60)]
impl Service {}

#[cached_handler::invalidates(group = "a")]
const CONSTANT: u8 = 1;

trait Handlers {
    #[cached_handler::cached(ttl = 60)]
    async fn without_body();
}

#[cached_handler::cached(ttl = 60)]
const async fn constant() {}

#[cached_handler::cached(ttl = 60)]
async unsafe fn not_safe() {}

#[cached_handler::cached(ttl = 60)]
async extern "C" fn foreign() {}

#[cached_handler::cached(ttl = 60)]
async fn opaque(_: axum::extract::State<impl Clone>) {}

#[cached_handler::cached(ttl = 60)]
async fn opaque_itself(user: impl Clone) {}

fn main() {}
