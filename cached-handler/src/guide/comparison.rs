//! Comparison with the nearest crates, and when to use one of them.
//!
//! ```
//! /// The shortest use. Everything below holds without further settings, except where it says "opt-in".
//! #[cached_handler::cached(ttl = 60)]
//! async fn hello() -> &'static str {
//!     "hello"
//! }
//! ```
//!
//! With the nearest crates, each on its documented defaults. Behaviour was observed on axum 0.8; "read", and that a feature
//! is missing, is from source and documentation. A cell that would be a guess is empty.
//!
//! | | this crate | [axum-response-cache](https://crates.io/crates/axum-response-cache) 0.5.0 | [tower-http-cache](https://crates.io/crates/tower-http-cache) 0.6.1 | [http-cache-tower-server](https://crates.io/crates/http-cache-tower-server) 0.2.6 | [hitbox](https://crates.io/crates/hitbox) (tower 0.2.0) | [cached](https://crates.io/crates/cached) 4.1.0 |
//! |---|---|---|---|---|---|---|
//! | form | attribute, layer, typed values | layer | layer (needs an adapter) | layer | layer | attribute, for values |
//! | any tower service | yes, as a layer | yes | yes | yes | yes | functions |
//! | an input that is not in the key | compile error | shared | shared | shared | shared | |
//! | `Authorization`, `Cookie` | not shared | shared | shared | cookies shared | shared | |
//! | `Set-Cookie`, `private`, `no-store` | not stored | stored | `Set-Cookie` stored | not stored | stored | |
//! | other methods than GET and HEAD | not stored | stored | not stored | POST stored | stored | |
//! | several variants by `Vary` | yes | no | no | no | no | |
//! | order of query parameters matters | no | yes | yes | yes | partly (read) | |
//! | request content in the key | **no** | no | no | no | yes (read) | |
//! | namespace and version in keys | yes | no | partly (read) | no | yes (read) | namespace (read) |
//! | entity tags, 304 | yes | no | no | no | no | |
//! | `Age`, `Cache-Status` | yes, second opt-in | `X-Cache-Age` | no | `x-cache` | `x-cache-status` | |
//! | HEAD answered from GET | yes | no | yes | no | no | |
//! | ranges of a stored response (`Range`) | yes | no | partly | no | no | |
//! | obeys the response's own `max-age` | yes | no | no | yes | no | |
//! | a lifetime for one response or value | yes | no | no | yes (read) | no | yes (read) |
//! | server-sent events | pass through | hang | hang | hang | hang | |
//! | a stream of 300 MB | passes through, 2 MiB of memory | 500 | buffered | buffered | 75 s, 2.7 GB of memory | |
//! | one run for concurrent requests | yes | no | yes | no | opt-in | opt-in |
//! | … even if the first client disconnects | yes | | all others run | | hangs | |
//! | one run for several machines | **no** | no | no | no | no | no |
//! | stale-while-revalidate | yes | no | partly | no | yes | no |
//! | stale-if-error | yes | yes | no | no | no | yes |
//! | refreshed before it becomes stale | **no** | no | yes (read) | no | no | no |
//! | invalidation by group | yes | no | in memory (read) | no | no | no |
//! | an invalidation beats a run in flight | yes | no | | no | | no |
//! | Redis | yes | no | yes | no | yes | yes |
//! | Redis Cluster | one slot per namespace | | no | | yes (read) | no |
//! | files | yes | no | no | yes | yes | yes |
//! | memory in front of Redis (two tiers) | yes; exact | no | yes (read) | no | yes (read) | no |
//! | a choice of storage formats | **no** | no | no | no | yes (read) | no |
//! | compressed entries | **no** | no | faulty | no | yes | no |
//! | limited in bytes by default | yes | no | no | no | no | no |
//! | the backend is down | handlers run, after at most 50 ms for each call of it | | 19 to 28 s per request | | handlers run (read) | panics |
//! | hooks (such as on eviction) | **no**; events, metrics | no | partly (read) | no | partly (read) | yes (read) |
//! | counters | yes | no | yes (read) | yes (read) | yes (read) | yes (read) |
//! | test kit with a clock | yes | no | no | no | no | no |
//! | `http-cache-tests`, edition of 2026: required of 160, optimal of 105 | 158, 94 | 5, 3 | 14, 6 | 102, 31 | 75, 34 (tuned by hand) | |
//!
//! We tried twenty ways to leak one client's response to another on three of the layers: 15, 12 and 4 succeeded
//! (axum-response-cache, tower-http-cache, http-cache-tower-server). The same twenty are tests here.
//!
//! # When not
//!
//! - To memoize functions with an attribute: [cached](https://crates.io/crates/cached).
//! - For a map in memory without HTTP: [moka](https://crates.io/crates/moka).
//! - For compressed entries: hitbox.
//!
//! This crate cannot key the content of a request, send several ranges in one response, or cache methods of trait impls.
