//! The guide: a page for each question, for a reader in a hurry. Each opens with the thing in code that works, then
//! come the rules, when not to use it, and the errors that one meets.
//!
//! | page | answers |
//! |---|---|
//! | [`start`] | from a handler to a cached one, and how to see that it is |
//! | [`keys`] | keys and safety: which arguments do I need? |
//! | [`freshness`] | for how long, who says so, what clients are told |
//! | [`invalidation`] | groups, and every way to say that something has changed |
//! | [`backends`] | memory, files, Redis, and one of your own |
//! | [`collapse`] | one run for many requests, and answers that nobody waits for |
//! | [`http`] | what comes right by itself, a handler that forwards, layers around |
//! | [`layer_and_values`] | where there is no handler to put the attribute on |
//! | [`testing`] | a cache and a clock for each test, a backend that is sick on purpose |
//! | [`operating`] | figures, events, and every limit in one table |
//! | [`errors`] | every word for what was not done, and what to type |
//!
//! The [README](crate) has the tour, the laws and the figures, and `examples/` a program for each way of caching.

pub mod backends;
pub mod collapse;
pub mod errors;
pub mod freshness;
pub mod http;
pub mod invalidation;
pub mod keys;
pub mod layer_and_values;
pub mod operating;
pub mod start;
pub mod testing;
