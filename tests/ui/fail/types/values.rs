//! Values that only the compiler can judge.

use std::time::Duration;

use cached_handler::{cached, invalidates};

const NOT_A_DURATION: u64 = 5;
const NO_TIME: Duration = Duration::ZERO;

#[cached(ttl = NOT_A_DURATION)]
async fn constant() {}

#[cached(ttl = NO_TIME)]
async fn no_time() {}

#[cached(ttl = MISSING)]
async fn missing_constant() {}

#[cached(ttl = 60, policy = MISSING)]
async fn missing_policy() {}

#[cached(ttl = 60, policy = NOT_A_DURATION)]
async fn no_policy() {}

#[invalidates(handler = missing)]
async fn missing_handler() {}

fn main() {}
