//! What others judge by: the public suite for HTTP caches, strict clients, reports about other caches, and the same program
//! without the cache.

mod conformance;
mod differential;
mod reports;
mod strict;
