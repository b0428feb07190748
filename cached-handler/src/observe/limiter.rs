//! How often a line is written: at most once in ten seconds for each handler and reason, and it says how many were left
//! out.

use std::{ptr, sync::Mutex};

use crate::{
    handler::Handler,
    util::{clock::Millis, lock::lock},
};

/// The lines of one cache. Bounded by what the program's text can say: its handlers, times the reasons.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    /// By handler and reason.
    said: Mutex<Vec<Said>>,
}

#[derive(Debug)]
struct Said {
    handler: usize,
    reason: &'static str,
    last: Millis,
    left_out: u64,
}

/// Between two lines of one handler and reason.
const PAUSE: Millis = 10_000;

impl Limiter {
    /// Whether to write a line for this reason now, and how many were left out since the last.
    pub(crate) fn may_speak(&self, handler: Option<&'static Handler>, reason: &'static str, now: Millis) -> Option<u64> {
        // By its place in memory, which is the static that the attribute wrote.
        let handler = handler.map_or(0, |handler| ptr::from_ref(handler).addr());
        let mut said = lock(&self.said);
        match said.binary_search_by(|known| (known.handler, known.reason).cmp(&(handler, reason))) {
            Ok(at) => said.get_mut(at)?.may_speak_again(now),
            Err(at) => {
                said.insert(at, Said { handler, reason, last: now, left_out: 0 });
                Some(0)
            }
        }
    }
}

impl Said {
    fn may_speak_again(&mut self, now: Millis) -> Option<u64> {
        if now.saturating_sub(self.last) < PAUSE {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        }
        self.last = now;
        Some(std::mem::take(&mut self.left_out))
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
}
