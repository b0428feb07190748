//! Values whose names do not exist.

use cached_handler::{cached, invalidates};

#[cached(ttl = MISSING)] //~ MISSING => in this scope
async fn missing_constant() {}

#[cached(ttl = 60, policy = MISSING)] //~ MISSING => in this scope
async fn missing_policy() {}

#[invalidates(handler = missing)] //~ missing => in this scope
async fn missing_handler() {}

struct Articles;

impl Articles {
    // Nothing in it says that it is in an `impl`, where it would be `Self::plain`.
    #[cached(ttl = 60, uncached = plain)] //~ plain => in this scope
    async fn of_a_type() -> &'static str {
        ""
    }
}

fn main() {}
