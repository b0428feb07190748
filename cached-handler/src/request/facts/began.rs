//! The epoch clocks at the beginning of a request.

use smallvec::SmallVec;

use crate::epoch::Stamp;

/// The times of the epoch clocks before any extractor ran. An extractor may read data that is then invalidated, so the run that uses
/// its value is stamped with these times (law L4).
#[derive(Debug, Default)]
pub(crate) struct Began {
    /// The time of this process's clock.
    pub(crate) here: u64,
    /// For each remote backend, the latest time that this process has read from its clock. Boxed, as the facts are moved.
    pub(crate) known: Option<Box<SmallVec<[Option<Stamp>; 2]>>>,
}

impl Began {
    /// The latest known time of a backend's clock.
    pub(crate) fn known(&self, backend: usize) -> Option<Stamp> {
        *self.known.as_ref()?.get(backend)?
    }
}
