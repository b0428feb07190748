//! Values whose names do not exist.

use cached_handler::{cached, invalidates};

#[cached(ttl = MISSING)] //~ MISSING => in this scope
async fn missing_constant() {}

#[cached(ttl = 60, policy = MISSING)] //~ MISSING => in this scope
async fn missing_policy() {}

#[invalidates(handler = missing)] //~ missing => in this scope
async fn missing_handler() {}

fn main() {}
