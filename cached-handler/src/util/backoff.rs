//! Pauses between attempts.

use std::time::Duration;

use crate::util::random::random;

/// The pause before an attempt: `shortest` at first, then twice as long each time, up to `longest`. `chance` (a random number)
/// shortens it by up to half, so that processes do not retry at the same time.
pub(crate) fn pause(attempt: u32, shortest: Duration, longest: Duration, chance: u32) -> Duration {
    let whole = shortest.saturating_mul(1 << attempt.min(16)).min(longest).min(A_YEAR);
    whole.mul_f64(0.5 + 0.5 * f64::from(chance) / f64::from(u32::MAX))
}

/// The limit of all pauses, so that no sum of times overflows.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(crate) fn chance() -> u32 {
    u32::try_from(random() >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
