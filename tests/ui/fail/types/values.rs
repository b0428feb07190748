//! Values that only the compiler can judge.

use std::time::Duration;

use cached_handler::cached;

const NOT_A_DURATION: u64 = 5;
const NO_TIME: Duration = Duration::ZERO;

#[cached(ttl = NOT_A_DURATION)] //~ NOT_A_DURATION => mismatched types
async fn constant() {}

#[cached(ttl = NO_TIME)] //~ NO_TIME => is at least one millisecond; remove the attribute to cache nothing
async fn no_time() {}

#[cached(ttl = 60, policy = NOT_A_DURATION)] //~ NOT_A_DURATION => mismatched types
async fn no_policy() {}

fn main() {}
