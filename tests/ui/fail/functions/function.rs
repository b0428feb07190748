//! What the attributes do not go on.

use std::convert::identity as _;

use axum::{Router, routing::get};

mod not_async {
    #[cached_handler::cached(ttl = 60)]
    pub(super) fn cached() -> &'static str { //~ fn => `#[cached]` goes on an `async fn`; type `async fn cached`
        ""
    }

    #[cached_handler::invalidates(group = "a")]
    pub(super) fn invalidates() {} //~ fn => `#[invalidates]` goes on an `async fn`; type `async fn invalidates`
}

struct Service;

impl Service {
    #[cached_handler::cached(ttl = 60)]
    async fn by_reference(&self) {} //~ &self => a handler takes no `self`: axum calls it with extractors alone; make it an associated function, and take `State`

    #[cached_handler::cached(ttl = 60)]
    async fn by_value(self) {} //~ self => a handler takes no `self`: axum calls it with extractors alone; make it an associated function, and take `State`

    #[cached_handler::invalidates(group = "a")]
    async fn boxed(self: Box<Self>) {} //~ self: Box<Self> => a handler takes no `self`: axum calls it with extractors alone; make it an associated function, and take `State`
}

#[cached_handler::cached(ttl = 60)]
struct Struct; //~ struct => `#[cached]` goes on a handler: an `async fn` with a body

#[cached_handler::cached(ttl = 60)]
mod module {} //~ mod => `#[cached]` goes on a handler: an `async fn` with a body

#[cached_handler::cached(ttl = 60)]
impl Service {} //~ impl => `#[cached]` goes on a handler: an `async fn` with a body

#[cached_handler::invalidates(group = "a")]
const CONSTANT: u8 = 1; //~ const => `#[invalidates]` goes on a handler: an `async fn` with a body

trait Handlers {
    #[cached_handler::cached(ttl = 60)]
    async fn without_body(); //~ async => `#[cached]` goes on a handler: an `async fn` with a body
}

#[cached_handler::cached(ttl = 60)]
const async fn constant() {} //~ const => functions cannot be both `const` and `async`

#[cached_handler::cached(ttl = 60)]
async unsafe fn not_safe() {} //~ unsafe => a handler is not `unsafe`; remove it

#[cached_handler::cached(ttl = 60)]
async extern "C" fn foreign() {} //~ extern "C" => a handler is not `extern`; remove it

#[cached_handler::cached(ttl = 60)]
async fn opaque(_: axum::extract::State<impl Clone>) {} //~ axum::extract::State<impl Clone> => the type behind `impl Trait` cannot be named in the key; write a type parameter, `T: …`

#[cached_handler::cached(ttl = 60)]
async fn opaque_itself(user: impl Clone) {} //~ impl Clone => the type behind `impl Trait` cannot be named in the key; write a type parameter, `T: …`

// All the same a router takes them, so that this is not a second mistake.
fn main() {
    let _: Router = Router::new().route("/a", get(not_async::cached).post(not_async::invalidates));
    let _: Router = Router::new().route("/b", get(not_safe)).route("/c", get(foreign));
}
