//! What others have reported of caches for responses: each report as a test of what the right answer is here. The section
//! "Reports of others" of `tests/FAULTS.md` names the report behind each test, and what went wrong there.

mod collapse;
mod conditional;
mod cookies;
mod encoding;
mod freshness;
mod invalidation;
mod keys;
mod limits;
mod methods;
mod origin;
mod ranges;
mod stale;
mod status;
mod vary;
