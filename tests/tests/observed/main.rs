//! What is counted, logged and listed.

mod decisions;
mod log;
mod stats;
mod unused;
