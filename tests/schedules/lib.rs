//! shuttle, where schedules are explored, and otherwise nothing.

#[cfg(shuttle)]
pub use shuttle::*;
