//! What clients see: validators, 304, `Age`, `Date`, `Vary`, `Cache-Control`, `Cache-Status`, ranges, and what is stored.

#![expect(clippy::duplicate_mod, reason = "the clients and the layers of `strict` are those of `methods` too")]

mod beside;
mod by_curl;
mod conditional;
mod content;
mod faults;
mod fidelity;
mod forced;
mod forwarded;
mod freshness;
mod layers;
mod lengths;
mod limits;
mod meaning;
mod members;
mod methods;
mod persons;
mod ranges;
mod rewritten;
mod seconds;
mod site;
mod stale;
mod status_field;
mod streamed;
mod streaming;
mod strict;
mod tags;
mod told;
mod unsaid;
mod wire;
