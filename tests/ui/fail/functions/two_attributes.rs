//! Two attributes of this crate.

use cached_handler::{cached, invalidates};

#[cached(ttl = 60)]
#[cached(ttl = 61)] //~ #[cached(ttl = 61)] => a handler has one attribute of this crate: it is either `#[cached]`, once, or `#[invalidates]`; remove one
async fn cached_twice() {}

#[cached(ttl = 60)]
#[invalidates(group = "a")] //~ #[invalidates(group = "a")] => a handler has one attribute of this crate: it is either `#[cached]`, once, or `#[invalidates]`; remove one
async fn both() {}

#[invalidates(group = "a")]
#[cached_handler::invalidates(group = "b")] //~ #[cached_handler::invalidates(group = "b")] => a handler has one attribute of this crate: it is either `#[cached]` or `#[invalidates]`, once; list all targets in one
async fn invalidates_twice() {}

#[invalidates(group = "a")]
#[cached(ttl = 60)] //~ #[cached(ttl = 60)] => a handler has one attribute of this crate: it is either `#[cached]` or `#[invalidates]`, once; list all targets in one
async fn both_the_other_way() {}

fn main() {}
