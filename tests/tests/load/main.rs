//! Many requests at once: no leak, no stale read, one run (laws L1, L4 and L5). All backends have generous limits of time here:
//! these tests leave no time to others.

mod crowds;
#[cfg(unix)]
mod exact;
mod http_races;
mod invalidation;
mod pairs;
mod races;
