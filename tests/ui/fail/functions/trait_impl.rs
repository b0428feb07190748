//! A method of a trait: its signature changes.

use cached_handler::cached;

trait Handlers {
    async fn list() -> &'static str;
}

struct Service;

impl Handlers for Service {
    #[cached(ttl = 60)] //~ #[cached(ttl = 60)] => method `list` has 1 parameter but the declaration in trait `Handlers::list` has 0
    async fn list() -> &'static str {
        "list"
    }
}

fn main() {}
