//! The clocks of epochs as they stood when a request came.

use smallvec::SmallVec;

use crate::epoch::Stamp;

/// How far the clocks had come before any argument was made. An extractor may read what an invalidation is about, so the
/// run that is given its value is no younger than this (law L4).
#[derive(Debug, Default)]
pub(crate) struct Began {
    /// That of this process.
    pub(crate) here: u64,
    /// For each backend that has to be waited for: the latest that this process has heard of its clock. Behind one
    /// pointer, as the facts move with it.
    pub(crate) known: Option<Box<SmallVec<[Option<Stamp>; 2]>>>,
}

impl Began {
    /// Of a backend's clock.
    pub(crate) fn known(&self, backend: usize) -> Option<Stamp> {
        *self.known.as_ref()?.get(backend)?
    }
}
