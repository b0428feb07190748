//! Durations: `./tests/figures` runs this program, and `cargo test` does not.

mod redis_cost;
mod timing;
mod wire;
