//! What handlers read and change: a few cells, each with how often it was written.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use cached_handler::CacheKey;

/// As many as groups, paths, a handler and a resource have each.
pub const CELLS: u32 = 3;

/// One for each side of a comparison, which both change in the same way.
#[derive(Clone, Default)]
pub struct Model(Arc<Mutex<[u32; 4 * CELLS as usize]>>);

impl Model {
    fn cells(&self) -> MutexGuard<'_, [u32; 4 * CELLS as usize]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn value(&self, id: u32) -> u32 {
        self.cells().get(id as usize).copied().unwrap_or_default()
    }

    pub fn shown(&self, id: u32) -> String {
        // Long enough to be worth a coding.
        format!("cell {id} was written {} times, as is to be seen", self.value(id))
    }

    pub fn write(&self, id: u32) {
        if let Some(cell) = self.cells().get_mut(id as usize) {
            *cell += 1;
        }
    }

    pub fn begin_anew(&self) {
        *self.cells() = Default::default();
    }
}

/// What a middleware has found out.
#[derive(Debug, Clone, CacheKey)]
pub struct Tenant(pub String);

/// A date of long ago, as many seconds later.
pub fn date(secs: u32) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 + u64::from(secs)))
}
