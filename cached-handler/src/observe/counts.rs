//! The counters of a cache since it was built. Every hit is counted without a lock; the rest is counted under a lock, where a
//! handler runs or a backend is called anyway.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// The counters of one cache.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) hits: Spread,
    /// Those among them of a backend with two copies, by the copy.
    pub(crate) near_hits: Spread,
    pub(crate) far_hits: Spread,
    pub(crate) by_reason: Mutex<ByReason>,
    pub(crate) runs: AtomicU64,
    pub(crate) running: AtomicU64,
    pub(crate) abandoned: AtomicU64,
    pub(crate) backend_calls: AtomicU64,
    pub(crate) backend_errors: AtomicU64,
    pub(crate) backend_spared: AtomicU64,
    pub(crate) breakers_open: AtomicU64,
}

#[derive(Debug, Default)]
pub(crate) struct ByReason {
    pub(crate) stale: Words,
    pub(crate) forwards: Words,
    pub(crate) kept: Words,
    pub(crate) not_stored: Words,
    pub(crate) collapsed: u64,
    pub(crate) invalidations: u64,
    pub(crate) expirations: u64,
    pub(crate) failed_invalidations: u64,
    pub(crate) damaged: u64,
    pub(crate) unused: u64,
}

/// A counter for each reason, by its word.
#[derive(Debug, Default)]
pub(crate) struct Words(pub(crate) BTreeMap<&'static str, u64>);

impl Words {
    pub(crate) fn add_one(&mut self, word: &'static str) {
        *self.0.entry(word).or_default() += 1;
    }
}

/// A counter that is split into several, so that threads do not contend for one cache line.
pub(crate) struct Spread([Padded; PLACES]);

/// Aligned to two cache lines of 64 bytes, as processors fetch them in pairs.
#[derive(Default)]
#[repr(align(128))]
struct Padded(AtomicU64);

const PLACES: usize = 16;
const NONE_YET: usize = usize::MAX;

thread_local! {
    /// The index of this thread's counter.
    static PLACE: Cell<usize> = const { Cell::new(NONE_YET) };
}

impl Spread {
    #[inline]
    pub(crate) fn add_one(&self) {
        if let Some(place) = self.0.get(place()) {
            place.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn sum(&self) -> u64 {
        self.0.iter().map(|place| place.0.load(Ordering::Relaxed)).sum()
    }
}

#[inline]
fn place() -> usize {
    // A thread that is ending uses the first counter.
    let place = PLACE.try_with(Cell::get).unwrap_or_default();
    if place == NONE_YET { take_place() } else { place }
}

#[cold]
fn take_place() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let place = NEXT.fetch_add(1, Ordering::Relaxed) % PLACES;
    PLACE.set(place);
    place
}

impl Default for Spread {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Padded::default()))
    }
}

impl fmt::Debug for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sum().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_threads_add_is_all_counted() {
        let counter = Spread::default();
        std::thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| (0..1000).for_each(|_| counter.add_one()));
            }
        });
        assert_eq!(counter.sum(), 40_000);
    }

    #[test]
    fn threads_count_in_places_of_their_own() {
        let counter = Spread::default();
        std::thread::scope(|scope| {
            for _ in 0..PLACES {
                scope.spawn(|| counter.add_one());
            }
        });
        assert!(counter.0.iter().filter(|place| place.0.load(Ordering::Relaxed) > 0).count() > 1);
    }
}
