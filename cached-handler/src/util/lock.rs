//! Locks, and the primitives that the epochs are built on, which shuttle's replace where schedules are explored.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, and goes on where another holder panicked: what these locks guard is never left half-written.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the epochs are built on.
#[cfg(not(all(test, shuttle)))]
pub(crate) mod explored {
    pub(crate) use std::sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering},
    };

    pub(crate) use super::lock;
}

/// What the epochs are built on, under shuttle's scheduler. In tests alone: shuttle is no dependency of what is published.
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

/// Tries so many schedules: half of them by chance, half with few changes of thread at the worst moments.
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

/// How many schedules are tried: ten times as many where all are asked for.
#[cfg(all(test, shuttle))]
pub(crate) fn schedules() -> usize {
    if std::env::var_os("CACHED_HANDLER_FULL").is_some_and(|value| value == "1") { 1_000_000 } else { 100_000 }
}
