//! What a copy in memory knows of itself, of a response that rests in a shared backend: as of when it was found valid.

#[cfg(feature = "redis")]
mod leased;

#[cfg(feature = "redis")]
pub(crate) use self::leased::Leased;
use crate::{
    epoch::{
        Stamp,
        in_process::{InProcessEpochs, Marks},
    },
    util::lock::explored::{AtomicU64, Ordering},
};

/// Beside the response. Its stamp is that of the backend's clock, and so is the time as of which it is valid.
#[derive(Debug)]
pub(crate) struct NearCopy {
    /// Its epochs in this process, and those of what it is made of: what this process invalidates is not used from the moment
    /// on at which that begins.
    marks: Box<[Marks]>,
    /// The clock of this process as of which it is valid.
    here: AtomicU64,
    /// The backend's clock as of which it is valid; 0, where it was never asked.
    far: AtomicU64,
    /// The same under a lease.
    #[cfg(feature = "redis")]
    pub(crate) leased: Option<Leased>,
}

/// How the clocks stood before the epochs of a response were read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    pub(crate) here: u64,
    /// That of the backend, where it says it without being waited for.
    pub(crate) far: Option<Stamp>,
    /// The generation of the lease, where one ran.
    #[cfg(feature = "redis")]
    pub(crate) generation: Option<u64>,
}

impl NearCopy {
    pub(crate) fn new(marks: Box<[Marks]>) -> Self {
        Self {
            marks,
            here: AtomicU64::new(0),
            far: AtomicU64::new(0),
            #[cfg(feature = "redis")]
            leased: None,
        }
    }

    /// No epoch of a response stamped so, read after `before`, was later than its stamp.
    pub(crate) fn was_valid(&self, stamp: Stamp, before: Before) {
        self.here.fetch_max(before.here, Ordering::SeqCst);
        if let Some(far) = before.far.filter(|far| far.incarnation == stamp.incarnation) {
            self.far.fetch_max(far.clock, Ordering::SeqCst);
        }
    }

    /// Whether this process has invalidated nothing that concerns it since.
    pub(crate) fn is_valid_here(&self, epochs: &InProcessEpochs) -> bool {
        let here = self.here.load(Ordering::SeqCst);
        epochs.now() <= here || self.marks.iter().all(|marks| epochs.expired(marks) <= here)
    }

    /// Whether it was valid as of this clock of the backend, for a response stamped so.
    pub(crate) fn is_valid_at(&self, stamp: Stamp, clock: Stamp) -> bool {
        clock.incarnation == stamp.incarnation && clock.clock == self.far.load(Ordering::SeqCst)
    }

    /// In bytes; `of_part`: what each of its parts takes.
    pub(crate) fn weight(&self, of_part: usize) -> usize {
        let weight = size_of::<Self>() + weight(&self.marks, of_part);
        #[cfg(feature = "redis")]
        let weight = weight + self.leased.as_ref().map_or(0, |leased| leased.weight(of_part));
        weight
    }
}

fn weight(marks: &[Marks], of_part: usize) -> usize {
    marks.iter().map(|marks| size_of::<Marks>() + of_part + marks.weight(of_part)).sum()
}

#[cfg(all(test, shuttle))]
mod shuttle_tests;
