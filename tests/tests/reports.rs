//! What others have reported of caches for responses: each report as a test of what the right answer is here. The section
//! "Reports of others" of `tests/FAULTS.md` names the report behind each test, and what went wrong there.

#[path = "reports/collapse.rs"]
mod collapse;
#[path = "reports/conditional.rs"]
mod conditional;
#[path = "reports/cookies.rs"]
mod cookies;
#[path = "reports/encoding.rs"]
mod encoding;
#[path = "reports/freshness.rs"]
mod freshness;
#[path = "reports/invalidation.rs"]
mod invalidation;
#[path = "reports/keys.rs"]
mod keys;
#[path = "reports/limits.rs"]
mod limits;
#[path = "reports/methods.rs"]
mod methods;
#[path = "reports/origin.rs"]
mod origin;
#[path = "reports/ranges.rs"]
mod ranges;
#[path = "reports/stale.rs"]
mod stale;
#[path = "reports/status.rs"]
mod status;
#[path = "reports/vary.rs"]
mod vary;
