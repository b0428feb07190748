//! Methods of a trait: their signatures change. Nothing in them says where they stand, so it is rustc that complains.

use axum::extract::Path;
use cached_handler::{cached, invalidates};

trait Handlers {
    async fn list() -> &'static str;
    async fn show(id: Path<u64>) -> &'static str;
    async fn edit(id: Path<u64>);
}

struct Service;

impl Handlers for Service {
    #[cached(ttl = 60)] //~ #[cached(ttl = 60)] => method `list` has 1 parameter but the declaration in trait `Handlers::list` has 0
    async fn list() -> &'static str {
        "list"
    }

    #[cached(ttl = 60)] //~ #[cached(ttl = 60)] => expected `axum::extract::Path<u64>`, found `PassedByAxum<Seen<false>, Path<u64>>`
    async fn show(_: Path<u64>) -> &'static str {
        "show"
    }

    #[invalidates(group = "list")] //~ #[invalidates(group = "list")] => expected `axum::extract::Path<u64>`, found `PassedByAxum<OwnCache, Path<u64>>`
    async fn edit(_: Path<u64>) {}
}

fn main() {}
