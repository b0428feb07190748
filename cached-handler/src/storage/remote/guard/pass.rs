//! Which invalidation may go past an open breaker.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, MutexGuard};

/// One at a time, and after one that did not go well none until the backend has been probed once more. So an invalidation
/// is tried as soon as the backend is well, and one that is not costs one wait in the time between two probes.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    turn: Mutex<()>,
    is_valid: AtomicBool,
}

impl Pass {
    /// Waits for the one that is on its way.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Whether whoever has the turn may go.
    pub(crate) fn take(&self) -> bool {
        self.is_valid.swap(false, Ordering::Relaxed)
    }

    /// The breaker has just opened, a probe has been made, or an invalidation went well.
    pub(crate) fn renew(&self) {
        self.is_valid.store(true, Ordering::Relaxed);
    }
}
