//! The latest stamp of a backend's clock that this process has seen: known without asking, and never ahead of the clock.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use crate::{
    epoch::{EpochSnapshot, Stamp},
    util::lock::lock,
};

/// Read by each request, and so without a lock.
#[derive(Debug, Default)]
pub(crate) struct LatestStamp {
    any: AtomicBool,
    incarnation: AtomicU64,
    clock: AtomicU64,
    writing: Mutex<()>,
}

impl LatestStamp {
    /// Notes what a look-up has read.
    pub(crate) fn note(&self, reading: &EpochSnapshot) {
        // For each hit, and it is hardly ever later. A thread that is overtaken here could as well have come before.
        if self.stamp().is_some_and(|known| known.incarnation == reading.incarnation && known.clock >= reading.clock) {
            return;
        }
        let _alone = lock(&self.writing);
        if self.incarnation.load(Ordering::SeqCst) != reading.incarnation || !self.any.load(Ordering::SeqCst) {
            // In this order: a reader in between finds a stamp that is too early, which is safe.
            self.clock.store(0, Ordering::SeqCst);
            self.incarnation.store(reading.incarnation, Ordering::SeqCst);
            self.any.store(true, Ordering::SeqCst);
        }
        self.clock.fetch_max(reading.clock, Ordering::SeqCst);
    }

    pub(crate) fn stamp(&self) -> Option<Stamp> {
        if !self.any.load(Ordering::SeqCst) {
            return None;
        }
        let incarnation = self.incarnation.load(Ordering::SeqCst);
        let clock = self.clock.load(Ordering::SeqCst);
        (self.incarnation.load(Ordering::SeqCst) == incarnation).then_some(Stamp { incarnation, clock })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(incarnation: u64, clock: u64) -> EpochSnapshot {
        EpochSnapshot { incarnation, clock, invalidated: 0, expired: 0 }
    }

    #[test]
    fn the_latest_clock_of_the_latest_incarnation_is_known() {
        let latest = LatestStamp::default();
        assert_eq!(latest.stamp(), None);
        for (seen, expected) in [((0, 7), (0, 7)), ((0, 5), (0, 7)), ((9, 3), (9, 3)), ((9, 4), (9, 4))] {
            latest.note(&reading(seen.0, seen.1));
            assert_eq!(latest.stamp(), Some(Stamp { incarnation: expected.0, clock: expected.1 }));
        }
    }
}
