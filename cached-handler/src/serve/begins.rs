//! When a run begins: by that, of two responses for one key, the newer one is kept, whichever ends last.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

use super::Run;
use crate::util::clock::{Millis, span};

/// When a run began.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Begins {
    /// Its number among all of this process.
    number: u64,
    at: Millis,
}

static BEGUN: AtomicU64 = AtomicU64::new(0);

impl Run {
    /// Its handler is about to run.
    pub(crate) fn begins(&mut self) {
        self.begins = Begins { number: BEGUN.fetch_add(1, Ordering::Relaxed), at: self.now() };
    }

    /// When that was, for those who may store under its key: by the number where they are all of this process, and otherwise by
    /// the backend's time.
    pub(crate) fn began(&self) -> u64 {
        match self.storage().orders_by() {
            None => self.begins.number,
            Some(backend) => {
                let clock = &self.cache.inner().clock;
                let now = backend.wall(clock).duration_since(UNIX_EPOCH).unwrap_or_default();
                let ago = span(clock.now().saturating_sub(self.begins.at));
                u64::try_from(now.saturating_sub(ago).as_millis()).unwrap_or(u64::MAX)
            }
        }
    }
}
