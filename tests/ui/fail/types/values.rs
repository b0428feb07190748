//! Values that only the compiler can judge.

use std::time::Duration;

use cached_handler::{Policy, cached};

const NOT_A_DURATION: u64 = 5;
const NO_TIME: Duration = Duration::ZERO;

#[cached(ttl = NOT_A_DURATION)] //~ NOT_A_DURATION => mismatched types
async fn constant() {}

#[cached(ttl = NO_TIME)] //~ NO_TIME => is at least one millisecond; remove the attribute to cache nothing
async fn no_time() {}

#[cached(ttl = 60, policy = NOT_A_DURATION)] //~ NOT_A_DURATION => mismatched types
async fn no_policy() {}

const _: Policy = Policy::new().targeted_fields(&["a", "b", "c", "d", "e"]); //~ Policy::new().targeted_fields(&["a", "b", "c", "d", "e"]) => at most four targeted fields can be named; remove one

const _: Policy = Policy::new().targeted_fields(&["CDN-Cache-Control"]); //~ Policy::new().targeted_fields(&["CDN-Cache-Control"]) => a targeted field is named in lower case, as `cdn-cache-control` is

const _: Policy = Policy::new().targeted_fields(&["a", ""]); //~ Policy::new().targeted_fields(&["a", ""]) => a targeted field is named in lower case, as `cdn-cache-control` is

const _: Policy = Policy::new().targeted_fields(&["a b"]); //~ Policy::new().targeted_fields(&["a b"]) => a targeted field is named in lower case, as `cdn-cache-control` is

const _: Policy = Policy::new().targeted_fields(&["cache-control"]); //~ Policy::new().targeted_fields(&["cache-control"]) => `cache-control` and `expires` count where no targeted field does; remove the name

const _: Policy = Policy::new().targeted_fields(&["a", "expires"]); //~ Policy::new().targeted_fields(&["a", "expires"]) => `cache-control` and `expires` count where no targeted field does; remove the name

const _: Policy = Policy::new().targeted_fields(&["a", "b", "a"]); //~ Policy::new().targeted_fields(&["a", "b", "a"]) => a targeted field is named twice; remove one of them

const _: Policy = Policy::new().vary_by_meaning(&["Accept"]); //~ Policy::new().vary_by_meaning(&["Accept"]) => a field is named in lower case, as `accept-language` is

const _: Policy = Policy::new().vary_by_meaning(&["accept", "cookie"]); //~ Policy::new().vary_by_meaning(&["accept", "cookie"]) => this field is no list, and only the same bytes mean the same; remove the name

const _: Policy = Policy::new().vary_by_meaning(&["a", "b", "a"]); //~ Policy::new().vary_by_meaning(&["a", "b", "a"]) => a field is named twice; remove one of them

fn main() {}
