//! The guide: one page per question. Each page opens with working code, then gives the rules, when not to use the
//! feature, and the errors you may see.
//!
//! | page | answers |
//! |---|---|
//! | [`start`] | how to cache a handler, and how to check that it works |
//! | [`keys`] | which arguments a cached handler may take, and what they add to the key |
//! | [`freshness`] | how long a response is used, and the `Cache-Control` for clients |
//! | [`invalidation`] | groups, and every way to invalidate |
//! | [`backends`] | memory, files, Redis, or your own store |
//! | [`collapse`] | one run for concurrent requests, and stale responses |
//! | [`http`] | what the library does for HTTP, proxies, and layer order |
//! | [`layer_and_values`] | caching where there is no handler to annotate |
//! | [`testing`] | a cache and a clock per test, and a backend that fails on demand |
//! | [`operating`] | metrics, events, and all limits in one table |
//! | [`comparison`] | what the nearest crates do, and when to use one of them |
//! | [`errors`] | every reason that is reported, and what to do about it |
//!
//! The [README](crate) has the tour, the laws and the main figures; `examples/` has a program for each way of caching.

pub mod backends;
pub mod collapse;
pub mod comparison;
pub mod errors;
pub mod freshness;
pub mod http;
pub mod invalidation;
pub mod keys;
pub mod layer_and_values;
pub mod operating;
pub mod start;
pub mod testing;
