//! Locks, and the primitives that the epochs are built on, which shuttle's replace where schedules are explored.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, and goes on where another holder panicked: what these locks guard is never left half-written.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the epochs are built on.
#[cfg(not(shuttle))]
pub(crate) mod explored {
    pub(crate) use std::sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering},
    };

    pub(crate) use super::lock;
}

/// What the epochs are built on, under shuttle's scheduler.
#[cfg(shuttle)]
pub(crate) mod explored {
    pub(crate) use shuttle::sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering},
    };
    use shuttle::sync::{MutexGuard, PoisonError};

    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
