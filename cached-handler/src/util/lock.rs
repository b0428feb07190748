//! Locks, and the synchronisation primitives of the epochs, for which shuttle substitutes its own to explore schedules.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also if another holder panicked: the data behind these locks is never left half-written.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The primitives of the epochs.
#[cfg(not(all(test, shuttle)))]
pub(crate) mod explored {
    pub(crate) use std::sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering},
    };

    pub(crate) use super::lock;
}

/// The primitives of the epochs under shuttle's scheduler. Only in tests: the published crate does not depend on shuttle.
#[cfg(all(test, shuttle))]
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

/// Explores this many schedules: half of them random, half with few thread switches at critical moments (PCT).
#[cfg(all(test, shuttle))]
pub(crate) fn explore(schedules: usize, threads: impl Fn() + Send + Sync + 'static) {
    use shuttle::{
        Config, Runner,
        scheduler::{PctScheduler, RandomScheduler},
    };
    let threads = std::sync::Arc::new(threads);
    let again = std::sync::Arc::clone(&threads);
    Runner::new(RandomScheduler::new(schedules / 2), Config::default()).run(move || threads());
    Runner::new(PctScheduler::new(3, schedules / 2), Config::default()).run(move || again());
}

/// How many schedules are explored: ten times as many in a full run.
#[cfg(all(test, shuttle))]
pub(crate) fn schedules() -> usize {
    if std::env::var_os("CACHED_HANDLER_FULL").is_some_and(|value| value == "1") { 1_000_000 } else { 100_000 }
}
