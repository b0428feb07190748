//! What clients see: validators, 304, `Age`, `Date`, `Vary`, `Cache-Control`, `Cache-Status`, ranges, and what is stored.

#[path = "http/beside.rs"]
mod beside;
#[path = "http/by_curl.rs"]
mod by_curl;
#[path = "http/conditional.rs"]
mod conditional;
#[path = "http/content.rs"]
mod content;
#[path = "http/fidelity.rs"]
mod fidelity;
#[path = "http/forced.rs"]
mod forced;
#[path = "http/forwarded.rs"]
mod forwarded;
#[path = "http/freshness.rs"]
mod freshness;
#[path = "http/layers.rs"]
mod layers;
#[path = "http/lengths.rs"]
mod lengths;
#[path = "http/limits.rs"]
mod limits;
#[path = "http/meaning.rs"]
mod meaning;
#[path = "http/members.rs"]
mod members;
#[path = "http/persons.rs"]
mod persons;
#[path = "http/ranges.rs"]
mod ranges;
#[path = "http/rewritten.rs"]
mod rewritten;
#[path = "http/seconds.rs"]
mod seconds;
#[path = "http/site.rs"]
mod site;
#[path = "http/status_field.rs"]
mod status_field;
#[path = "http/streamed.rs"]
mod streamed;
#[path = "http/strict.rs"]
mod strict;
#[path = "http/tags.rs"]
mod tags;
#[path = "http/told.rs"]
mod told;
#[path = "http/unsaid.rs"]
mod unsaid;
#[path = "attacks/wire.rs"]
#[expect(dead_code, reason = "shared with `attacks.rs`")]
mod wire;
