//! How often a line is written: at most once in ten seconds for each handler and reason, and it says how many were left
//! out.

use std::{collections::BTreeMap, ptr, sync::Mutex};

use crate::{clock::Millis, handler::Handler, sync::lock};

/// The lines of one cache. Bounded by what the program's text can say: its handlers, times the reasons.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    said: Mutex<BTreeMap<(usize, &'static str), Said>>,
}

#[derive(Debug)]
struct Said {
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
        let Some(said) = said.get_mut(&(handler, reason)) else {
            said.insert((handler, reason), Said { last: now, left_out: 0 });
            return Some(0);
        };
        if now.saturating_sub(said.last) < PAUSE {
            said.left_out = said.left_out.saturating_add(1);
            return None;
        }
        said.last = now;
        Some(std::mem::take(&mut said.left_out))
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
