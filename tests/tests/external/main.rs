//! What others judge by: the public suite for HTTP caches, strict clients, reports about other caches, and the same program
//! without the cache.

#![expect(clippy::duplicate_mod, reason = "the layers of `strict` stand around the site of `http` too")]

mod conformance;
mod differential;
mod reports;
mod strict;
