//! When a backend is left alone, and when it is tried again.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// Opens after so many failures in a row. Only a probe closes it again.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    /// Failures in a row; `OPEN` once they are too many.
    failures: AtomicU32,
}

/// What a failure did to the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It has opened just now.
    Opened,
    /// It is as it was.
    None,
}

const MOST: u32 = 5;
const OPEN: u32 = u32::MAX;

impl Breaker {
    pub(crate) fn is_open(&self) -> bool {
        self.failures.load(Ordering::Relaxed) == OPEN
    }

    pub(crate) fn failed(&self) -> Change {
        let next = |failures: u32| match failures {
            OPEN => None,
            failures if failures + 1 >= MOST => Some(OPEN),
            failures => Some(failures + 1),
        };
        match self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
            Ok(before) if before + 1 >= MOST => Change::Opened,
            _ => Change::None,
        }
    }

    /// A call went well. One that was begun before the breaker opened, and ends late, does not close it.
    pub(crate) fn succeeded(&self) {
        let failures = self.failures.load(Ordering::Relaxed);
        if failures != 0 && failures != OPEN {
            // Where it fails, another call has ended in between, and that one counts.
            _ = self.failures.compare_exchange(failures, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// A probe went well, and everything that was overdue is done.
    pub(crate) fn close(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }
}

/// How long to wait before the `attempt`-th probe: from `shortest` on twice as long each time, at most `longest`, and
/// anything down to half of that by chance (`0` to `u32::MAX`), so that processes do not come all at once.
pub(crate) fn pause(attempt: u32, shortest: Duration, longest: Duration, chance: u32) -> Duration {
    let whole = shortest.saturating_mul(1 << attempt.min(16)).min(longest);
    whole.mul_f64(0.5 + 0.5 * f64::from(chance) / f64::from(u32::MAX))
}

/// A number by chance, without a generator of its own: the standard library's hash keys are random.
pub(crate) fn chance() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_open_it_and_only_a_probe_closes_it() {
        let breaker = Breaker::default();
        for _ in 0..4 {
            assert_eq!(breaker.failed(), Change::None);
        }
        breaker.succeeded();
        for _ in 0..4 {
            assert_eq!(breaker.failed(), Change::None);
        }
        assert_eq!(breaker.failed(), Change::Opened);
        assert_eq!(breaker.failed(), Change::None);
        breaker.succeeded();
        assert!(breaker.is_open());
        breaker.close();
        assert!(!breaker.is_open());
        assert_eq!(breaker.failed(), Change::None);
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_differ_by_chance() {
        let (second, half_a_minute) = (Duration::from_secs(1), Duration::from_secs(30));
        let pauses = |chance| [0, 1, 4, 5, 40].map(|attempt| pause(attempt, second, half_a_minute, chance).as_millis());
        assert_eq!(pauses(u32::MAX), [1000, 2000, 16_000, 30_000, 30_000]);
        assert_eq!(pauses(0), [500, 1000, 8000, 15_000, 15_000]);
    }

    #[test]
    fn chances_differ() {
        assert!((0..8).any(|_| chance() != chance()));
    }
}
