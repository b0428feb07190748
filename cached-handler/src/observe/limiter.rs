//! How often a line of the log is written: at most once in ten seconds, whatever it is about.

use std::{collections::BTreeMap, ptr, sync::Mutex};

use super::Subject;
use crate::util::{clock::Millis, lock::lock};

/// The lines of one kind. Pure: the caller has the time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Throttle {
    /// When the last one was written, and how long none is written after it.
    last: Option<(Millis, Millis)>,
    /// How many were left out since.
    left_out: u64,
}

const PAUSE: Millis = 10_000;
#[cfg(feature = "redis")]
const LONGEST_PAUSE: Millis = 60 * 60_000;

impl Throttle {
    /// Whether to write a line now, and how many were left out since the last one.
    pub(crate) fn allows(&mut self, now: Millis) -> Option<u64> {
        self.with(now, |_, _| PAUSE)
    }

    /// The same for a line that is written for as long as its cause lasts: each pause is twice the one before, up to an hour. After
    /// a silence of four pauses it is another cause, and the pauses begin anew.
    #[cfg(feature = "redis")]
    pub(crate) fn allows_ever_less(&mut self, now: Millis) -> bool {
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

/// The lines of one cache, by handler and reason. Bounded by what the program's text can say.
#[derive(Debug, Default)]
pub(crate) struct Limiter(Mutex<BTreeMap<(usize, &'static str), Throttle>>);

impl Limiter {
    /// Whether to write a line for this reason now, and how many were left out since the last.
    pub(crate) fn may_speak(&self, subject: Option<&'static Subject>, reason: &'static str, now: Millis) -> Option<u64> {
        // By its place in memory, which is the static that the attribute wrote.
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
        let written: Vec<_> = (0..200).filter(|second| lines.allows_ever_less(second * 1000)).collect();
        assert_eq!(written, [0, 10, 30, 70, 150]);
        // It was gone for hours.
        assert!(lines.allows_ever_less(100_000_000) && !lines.allows_ever_less(100_009_999) && lines.allows_ever_less(100_010_000));
    }
}
