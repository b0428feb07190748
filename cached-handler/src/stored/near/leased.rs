//! What a copy knows of the mirror of epochs that goes with a lease.

use super::weight;
use crate::{
    epoch::in_process::Marks,
    util::lock::explored::{AtomicU64, Ordering},
};

/// As of when a copy was found valid while a lease ran.
#[derive(Debug)]
pub(crate) struct Leased {
    /// Its epochs in the mirror, and those of what it is made of.
    marks: Box<[Marks]>,
    /// The generation of the lease, and one more; 0, where it was never found valid under one.
    generation: AtomicU64,
    /// The clock of the reading: what was invalidated up to there is in that reading, and what comes later is in the mirror.
    as_of: AtomicU64,
}

impl Leased {
    pub(crate) fn new(marks: Box<[Marks]>) -> Self {
        Self { marks, generation: AtomicU64::new(0), as_of: AtomicU64::new(0) }
    }

    /// A reading of this clock has found it valid. The lease ran in this generation when that was sent for, and runs in it still.
    pub(crate) fn was_valid(&self, generation: u64, clock: u64) {
        // Whichever is seen without the other: a generation that has ended is no lease's, and an earlier clock allows less.
        self.as_of.fetch_max(clock, Ordering::SeqCst);
        self.generation.fetch_max(generation.saturating_add(1), Ordering::SeqCst);
    }

    /// The generation, the epochs and the clock, to be asked about; none, where it was never found valid under a lease.
    pub(crate) fn question(&self) -> Option<(u64, &[Marks], u64)> {
        let generation = self.generation.load(Ordering::SeqCst).checked_sub(1)?;
        Some((generation, &self.marks, self.as_of.load(Ordering::SeqCst)))
    }

    pub(super) fn weight(&self, of_part: usize) -> usize {
        weight(&self.marks, of_part)
    }
}
