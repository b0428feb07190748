//! Calls whose answers this process was too busy to hear.

use std::sync::atomic::Ordering;

use super::Inner;

impl<B> Inner<B> {
    pub(super) fn has_answered(&self) {
        if self.starved.load(Ordering::Relaxed) != 0 {
            self.starved.store(0, Ordering::Relaxed);
        }
    }

    /// Whether a backend was not heard of for so many calls and probes that it counts as one that failed. Each of them is
    /// dear, also where the process is at fault.
    pub(super) fn is_unheard_again(&self) -> bool {
        (self.starved.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(UNHEARD_IN_A_ROW)
    }
}

/// So many calls that this process was too busy to hear an answer to, and none between that was answered, are a failure.
const UNHEARD_IN_A_ROW: u32 = 3;
/// What is said of it.
pub(super) const UNHEARD: &str =
    "this process is too busy to hear what a backend answers; requests are answered by their handlers; said once";
