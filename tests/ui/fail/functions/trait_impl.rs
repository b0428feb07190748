//! A method of a trait: its signature changes.

use cached_handler::cached;

trait Handlers {
    async fn list() -> &'static str;
}

struct Service;

impl Handlers for Service {
    #[cached(ttl = 60)]
    async fn list() -> &'static str {
        "list"
    }
}

fn main() {}
