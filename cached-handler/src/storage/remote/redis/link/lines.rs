//! What is said of a connection: each thing seldom, however often it happens.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::util::lock::lock;

/// The lines of one connection, by the word of their reason.
#[derive(Debug, Default)]
pub(super) struct Lines {
    said: Mutex<Vec<Said>>,
    /// Something was said that a connection takes back.
    is_news: AtomicBool,
}

#[derive(Debug)]
struct Said {
    word: &'static str,
    last: Instant,
    /// Until the next.
    quiet: Duration,
}

/// After one line for a reason none for so long; then twice as long each time, as far as the longest.
const QUIET: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(60 * 60);

impl Lines {
    /// Whether it may be said now. What was not the matter for a long time begins anew.
    pub(super) fn may_say(&self, word: &'static str, now: Instant) -> bool {
        let mut said = lock(&self.said);
        let Some(known) = said.iter_mut().find(|known| known.word == word) else {
            said.push(Said { word, last: now, quiet: QUIET });
            return true;
        };
        let since = now.saturating_duration_since(known.last);
        if since < known.quiet {
            return false;
        }
        known.quiet = if since > known.quiet * 4 { QUIET } else { (known.quiet * 2).min(LONGEST) };
        known.last = now;
        true
    }

    /// Something was said that is over with the next connection.
    pub(super) fn is_down(&self) {
        self.is_news.store(true, Ordering::Relaxed);
    }

    /// Whether a connection is worth a line: the first, and one that ends what was said.
    pub(super) fn is_up(&self, is_first: bool) -> bool {
        self.is_news.swap(false, Ordering::Relaxed) || is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_one_line_in_ten_seconds_and_then_fewer() {
        let (lines, start) = (Lines::default(), Instant::now());
        let at = |secs| start + Duration::from_secs(secs);
        let said: Vec<_> = (0..200).filter(|secs| lines.may_say("noperm", at(*secs))).collect();
        assert_eq!(said, [0, 10, 30, 70, 150]);
        assert!(lines.may_say("unreachable", at(200)) && !lines.may_say("unreachable", at(201)));
        // All was well for hours.
        assert!(lines.may_say("noperm", at(100_000)) && lines.may_say("noperm", at(100_010)));
    }

    #[test]
    fn a_connection_is_said_once_at_first_and_where_it_ends_what_was_said() {
        let lines = Lines::default();
        assert!(lines.is_up(true));
        assert!(!lines.is_up(false));
        lines.is_down();
        assert!(lines.is_up(false) && !lines.is_up(false));
    }
}
