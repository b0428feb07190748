//! What is logged about a connection: each thing seldom, however often it happens.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::time::Instant;

use crate::{
    observe::Throttle,
    util::{clock::millis, lock::lock},
};

/// The lines of one connection, by the word of their reason.
#[derive(Debug)]
pub(in crate::storage::remote::redis) struct Lines {
    began: Instant,
    by_reason: Mutex<BTreeMap<&'static str, Throttle>>,
    /// Whether something was logged that the next connection ends.
    is_down: AtomicBool,
}

impl Lines {
    pub(in crate::storage::remote::redis) fn new() -> Self {
        Self { began: Instant::now(), by_reason: Mutex::default(), is_down: AtomicBool::default() }
    }

    /// Whether it may be logged now.
    pub(in crate::storage::remote::redis) fn may_say(&self, reason: &'static str) -> bool {
        let now = millis(self.began.elapsed());
        lock(&self.by_reason).entry(reason).or_default().allows_with_backoff(now)
    }

    /// Something was logged that is over with the next connection.
    pub(in crate::storage::remote::redis) fn is_down(&self) {
        self.is_down.store(true, Ordering::Relaxed);
    }

    /// Whether a connection is worth a line: the first, and one that ends what was logged.
    pub(in crate::storage::remote::redis) fn is_up(&self, is_first: bool) -> bool {
        self.is_down.swap(false, Ordering::Relaxed) || is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_logged_at_first_and_where_it_ends_what_was_logged() {
        let lines = Lines::new();
        assert!(lines.is_up(true));
        assert!(!lines.is_up(false));
        lines.is_down();
        assert!(lines.is_up(false) && !lines.is_up(false));
    }
}
