//! Two attributes of this crate.

use cached_handler::{cached, invalidates};

#[cached(ttl = 60)]
#[cached(ttl = 61)]
async fn cached_twice() {}

#[cached(ttl = 60)]
#[invalidates(group = "a")]
async fn both() {}

#[invalidates(group = "a")]
#[cached_handler::invalidates(group = "b")]
async fn invalidates_twice() {}

#[invalidates(group = "a")]
#[cached(ttl = 60)]
async fn both_the_other_way() {}

fn main() {}
