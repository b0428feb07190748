//! What the compiler says: to mistakes, to other editions, to lints. And what is found out once in a process, from all handlers that
//! were linked: no other test of this program has one.

mod editions;
mod extractors;
mod group_templates;
mod lints;
mod ui;

#[path = "../../fixtures/runner.rs"]
#[allow(clippy::pedantic, clippy::restriction, clippy::indexing_slicing, unreachable_pub, missing_docs, dead_code)]
mod runner;
