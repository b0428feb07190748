//! Where a response is stored.

use crate::rules::path::Paths;

/// Which storage of its cache keeps a handler's responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StorageId {
    Memory,
    /// Which of the backends that have to be waited for.
    Remote(usize),
    /// The attribute names a backend that the cache does not have.
    Missing,
}

impl StorageId {
    pub(crate) fn remote(self) -> Option<usize> {
        match self {
            Self::Remote(at) => Some(at),
            Self::Memory | Self::Missing => None,
        }
    }
}

/// Where a response rests, and what of its handler and paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which of the backends of its cache.
    pub(crate) backend: usize,
    pub(crate) handler: &'static str,
    pub(crate) paths: Paths,
}
