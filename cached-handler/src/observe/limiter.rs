//! The rate limit of log lines: a line of one kind is written at most once in ten seconds.

use std::{collections::BTreeMap, ptr, sync::Mutex};

use super::Subject;
use crate::util::{clock::Millis, lock::lock};

/// The rate limit of one kind of line. The caller passes the time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Throttle {
    /// When the last line was written, and the pause after it.
    last: Option<(Millis, Millis)>,
    /// How many lines were left out since.
    left_out: u64,
}

const PAUSE: Millis = 10_000;
#[cfg(feature = "redis")]
const LONGEST_PAUSE: Millis = 60 * 60_000;

impl Throttle {
    /// `Some` if a line is to be written now, with the number that was left out since the last one.
    pub(crate) fn allows(&mut self, now: Millis) -> Option<u64> {
        self.with(now, |_, _| PAUSE)
    }

    /// Whether to write a line whose cause may last long: each pause is twice the one before, up to an hour. After a silence of four
    /// pauses the cause counts as new, and the pauses start again.
    #[cfg(feature = "redis")]
    pub(crate) fn allows_with_backoff(&mut self, now: Millis) -> bool {
        let next = |since: Millis, pause: Millis| if since > pause * 4 { PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        self.with(now, next).is_some()
    }

    #[cfg(all(test, not(shuttle)))]
    pub(crate) fn last(&self) -> Option<Millis> {
        self.last.map(|(last, _)| last)
    }

    fn with(&mut self, now: Millis, next: impl Fn(Millis, Millis) -> Millis) -> Option<u64> {
        let pause = match self.last {
            None => PAUSE,
            Some((last, pause)) if now.saturating_sub(last) >= pause => next(now.saturating_sub(last), pause),
            Some(_) => {
                self.left_out = self.left_out.saturating_add(1);
                return None;
            }
        };
        self.last = Some((now, pause));
        Some(std::mem::take(&mut self.left_out))
    }
}

/// The rate limits of one cache's lines, by handler and reason. Their number is bounded, as both come from the program's text.
#[derive(Debug, Default)]
pub(crate) struct Limiter(Mutex<BTreeMap<(usize, &'static str), Throttle>>);

impl Limiter {
    /// `Some` if a line for this reason is to be written now, with the number that was left out since the last one.
    pub(crate) fn may_speak(&self, subject: Option<&'static Subject>, reason: &'static str, now: Millis) -> Option<u64> {
        // Identified by address, as it is a static.
        let handler = subject.map_or(0, |subject| ptr::from_ref(subject).addr());
        lock(&self.0).entry((handler, reason)).or_default().allows(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_in_ten_seconds_and_the_count_of_what_was_left_out() {
        let limiter = Limiter::default();
        assert_eq!(limiter.may_speak(None, "a", 5), Some(0));
        assert_eq!(limiter.may_speak(None, "a", 6), None);
        assert_eq!(limiter.may_speak(None, "a", 10_004), None);
        assert_eq!(limiter.may_speak(None, "a", 10_005), Some(2));
        assert_eq!(limiter.may_speak(None, "a", 20_005), Some(0));
    }

    #[test]
    fn each_reason_has_its_own_line() {
        let limiter = Limiter::default();
        assert_eq!(limiter.may_speak(None, "a", 0), Some(0));
        assert_eq!(limiter.may_speak(None, "b", 0), Some(0));
        assert_eq!(limiter.may_speak(None, "b", 1), None);
    }

    #[cfg(feature = "redis")]
    #[test]
    fn a_cause_that_lasts_is_logged_ever_less_often() {
        let mut lines = Throttle::default();
        let written: Vec<_> = (0..200).filter(|second| lines.allows_with_backoff(second * 1000)).collect();
        assert_eq!(written, [0, 10, 30, 70, 150]);
        // The cause was gone for hours.
        assert!(
            lines.allows_with_backoff(100_000_000) && !lines.allows_with_backoff(100_009_999) && lines.allows_with_backoff(100_010_000)
        );
    }
}
