//! What others have reported of caches for responses: each report as a test of what the right answer is here. The section
//! "Reports of others" of `tests/FAULTS.md` names the report behind each test, and what went wrong there.

#[path = "reports/conditional.rs"]
mod conditional;
#[path = "reports/freshness.rs"]
mod freshness;
#[path = "reports/methods.rs"]
mod methods;
#[path = "reports/origin.rs"]
mod origin;
#[path = "reports/stale.rs"]
mod stale;
#[path = "reports/vary.rs"]
mod vary;
