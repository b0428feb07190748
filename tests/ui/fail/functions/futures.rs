//! Functions that return a future instead of being `async`: one mistake, and the router takes them all the same.

use std::pin::Pin;

use async_trait::async_trait;
use axum::{Router, extract::Path, routing::get};
use cached_handler::{cached, invalidates};

#[cached(ttl = 60)]
fn opaque(Path(id): Path<u64>) -> impl Future<Output = String> + Send { //~ fn => `#[cached]` goes on an `async fn`; type `async fn opaque(…) -> String`
    async move { id.to_string() }
}

#[cached(ttl = 60)]
fn boxed() -> Pin<Box<dyn Future<Output = Result<String, u8>> + Send>> { //~ fn => `#[cached]` goes on an `async fn`; type `async fn boxed(…) -> Result<String, u8>`
    Box::pin(async { Ok(String::new()) })
}

#[invalidates(group = "a")]
fn of_invalidates() -> impl Future<Output = String> + Send { //~ fn => `#[invalidates]` goes on an `async fn`; type `async fn of_invalidates(…) -> String`
    async { String::new() }
}

#[async_trait]
trait Api {
    async fn list(id: Path<u64>) -> String;
    async fn edit(&self) -> String;
}

struct Service;

#[async_trait]
impl Api for Service {
    #[cached(ttl = 60, key(id))]
    async fn list(Path(id): Path<u64>) -> String { //~ list => `#[async_trait]` has made a plain `fn` of `list`; type `#[cached(…)]` above a free `async fn` that calls it, and remove it here
        id.to_string()
    }

    #[invalidates(group = "a")]
    async fn edit(&self) -> String { //~ edit => `#[async_trait]` has made a plain `fn` of `edit`; type `#[invalidates(…)]` above a free `async fn` that calls it, and remove it here
        String::new()
    }
}

fn main() {
    let _: Router = Router::new().route("/", get(opaque).post(of_invalidates));
}
