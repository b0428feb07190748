//! When a backend is left alone, and when it is tried again.

#[cfg(all(test, shuttle))]
mod shuttle_tests;

use std::time::Duration;

use crate::util::lock::explored::{AtomicU64, Ordering};

/// Opens after so many failures in a row, or once so many of the last twenty calls have failed. Only a probe closes it
/// again.
#[derive(Debug)]
pub(crate) struct Breaker {
    /// A mask of as many low bits as consecutive failures open the breaker.
    in_a_row: u64,
    /// Failures among the last 20 calls that open the breaker; calls that were not made yet count as successes.
    of_twenty: u32,
    /// How the last calls went, the latest in the lowest bit: set where it failed. `OPEN` once they are too many.
    last: AtomicU64,
}

/// What a failure did to the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It has opened just now.
    Opened,
    /// It is as it was.
    None,
}

const CALLS: u32 = 20;
const WINDOW: u64 = (1 << CALLS) - 1;
const OPEN: u64 = u64::MAX;

impl Breaker {
    pub(crate) fn new(in_a_row: u32, of_twenty: u32) -> Self {
        Self { in_a_row: (1 << in_a_row.clamp(1, CALLS)) - 1, of_twenty: of_twenty.clamp(1, CALLS), last: AtomicU64::new(0) }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.last.load(Ordering::Relaxed) == OPEN
    }

    pub(crate) fn failed(&self) -> Change {
        let next = |last| (last != OPEN).then(|| self.after_failure(last));
        match self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
            Ok(before) if self.after_failure(before) == OPEN => Change::Opened,
            _ => Change::None,
        }
    }

    /// A call went well. One that was begun before the breaker opened, and ends late, does not close it.
    pub(crate) fn succeeded(&self) {
        // All that a call looks at where none failed lately.
        if self.last.load(Ordering::Relaxed) != 0 {
            let next = |last| (last != OPEN).then_some((last << 1) & WINDOW);
            _ = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        }
    }

    /// Whatever its last calls were.
    pub(crate) fn open(&self) -> Change {
        if self.last.swap(OPEN, Ordering::Relaxed) == OPEN { Change::None } else { Change::Opened }
    }

    /// A probe went well, and everything that was overdue is done.
    pub(crate) fn close(&self) {
        self.last.store(0, Ordering::Relaxed);
    }

    fn after_failure(&self, last: u64) -> u64 {
        let last = ((last << 1) | 1) & WINDOW;
        if last & self.in_a_row == self.in_a_row || last.count_ones() >= self.of_twenty { OPEN } else { last }
    }
}

/// How long to wait before the `attempt`-th probe: from `shortest` on twice as long each time, at most `longest`, and
/// anything down to half of that by chance (`0` to `u32::MAX`), so that processes do not come all at once.
pub(crate) fn pause(attempt: u32, shortest: Duration, longest: Duration, chance: u32) -> Duration {
    let whole = shortest.saturating_mul(1 << attempt.min(16)).min(longest).min(A_YEAR);
    whole.mul_f64(0.5 + 0.5 * f64::from(chance) / f64::from(u32::MAX))
}

/// Nobody waits for longer, and no sum of times overflows.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A number by chance, without a generator of its own: the standard library's hash keys are random.
pub(crate) fn chance() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap_or(0)
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_open_it_and_only_a_probe_closes_it() {
        let breaker = Breaker::new(5, 10);
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
        assert_eq!(breaker.open(), Change::Opened);
        assert_eq!(breaker.open(), Change::None);
    }

    /// After how many calls it opens, where they fail (`x`) and go well in this order, over and over.
    fn opens_after(course: &str) -> Option<usize> {
        let breaker = Breaker::new(5, 10);
        let is_opened_by = |outcome| {
            if outcome == b'x' {
                return breaker.failed() == Change::Opened;
            }
            breaker.succeeded();
            false
        };
        course.bytes().cycle().take(1000).position(is_opened_by).map(|before| before + 1)
    }

    #[test]
    fn ten_failures_of_the_last_twenty_calls_open_it_and_fewer_never_do() {
        for (course, calls) in [("xxxxx", 5), ("x.", 19), (".x", 20), ("xxxx....", 18), ("xxxx.", 12)] {
            assert_eq!(opens_after(course), Some(calls), "{course}");
        }
        for course in [".", "x..", "xx...", "xxxx......", "...x"] {
            assert_eq!(opens_after(course), None, "{course}");
        }
    }

    #[test]
    fn what_is_longer_ago_than_twenty_calls_does_not_count() {
        let breaker = Breaker::new(5, 10);
        for _ in 0..100 {
            for _ in 0..4 {
                assert_eq!(breaker.failed(), Change::None);
            }
            (0..16).for_each(|_| breaker.succeeded());
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_differ_by_chance() {
        let (second, half_a_minute) = (Duration::from_secs(1), Duration::from_secs(30));
        let pauses = |chance| [0, 1, 4, 5, 40].map(|attempt| pause(attempt, second, half_a_minute, chance).as_millis());
        assert_eq!(pauses(u32::MAX), [1000, 2000, 16_000, 30_000, 30_000]);
        assert_eq!(pauses(0), [500, 1000, 8000, 15_000, 15_000]);
        assert_eq!(pause(3, Duration::MAX, Duration::MAX, u32::MAX), A_YEAR);
    }

    #[test]
    fn chances_differ() {
        assert!((0..8).any(|_| chance() != chance()));
    }
}
