//! What is logged about a backend's health: a line for each change, and never one for each request.

use std::collections::BTreeMap;

use tracing::Level;

use crate::{error::Fault, observe::Throttle, storage::remote::guard::within::STARVED, util::clock::Millis};

/// What a backend is asked for. Each kind fails and recovers by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::storage::remote::guard) enum Operation {
    Read,
    Store,
    Invalidate,
}

impl Operation {
    pub(in crate::storage::remote::guard) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Store => "store",
            Self::Invalidate => "invalidate",
        }
    }
}

/// A line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage::remote::guard) enum Line {
    /// An operation began to fail, or fails for another reason.
    Failing(Operation, Fault),
    Recovered(Operation),
    Opened,
    Closed,
    Quarantined,
    RetryFailed,
    /// One invalidation is replaced by one of everything.
    Replaced,
}

impl Line {
    pub(in crate::storage::remote::guard) fn level(self) -> Level {
        match self {
            Self::Quarantined => Level::ERROR,
            Self::Failing(..) | Self::Opened | Self::Replaced => Level::WARN,
            Self::Recovered(_) | Self::Closed => Level::INFO,
            Self::RetryFailed => Level::DEBUG,
        }
    }

    /// What has happened, and what becomes of requests.
    pub(in crate::storage::remote::guard) fn text(self) -> &'static str {
        match self {
            Self::Failing(_, STARVED) => {
                "this process is too busy to hear what a backend answers; requests are answered by their handlers; logged once"
            }
            Self::Failing(Operation::Read, _) => "a backend fails to read; requests are answered by their handlers; logged once",
            Self::Failing(Operation::Store, _) => "a backend fails to store; what is stored in it goes on answering requests; logged once",
            Self::Failing(Operation::Invalidate, _) => {
                "a backend fails to invalidate; what was to be invalidated may answer requests until a retry succeeds; logged once"
            }
            Self::Recovered(_) => "a backend has recovered",
            Self::Opened => "circuit breaker open: a backend failed too often, and is not asked until it answers a probe",
            Self::Closed => "circuit breaker closed: a backend answers again, and is used again",
            Self::Quarantined => {
                "a backend answers, but nothing can be invalidated in it; nothing is read from it until everything is invalidated; logged once"
            }
            Self::RetryFailed => "an invalidation failed again, and stays in the retry queue",
            Self::Replaced => "an invalidation fails again and again, though the backend answers; everything is invalidated in its place",
        }
    }
}

/// What was logged, and what has been since then. There is at most one line in ten seconds for each operation and reason,
/// however often the backend fails and recovers: what began in that time and lasts is logged after it, and what was not logged
/// has no line when it ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(in super::super) struct Report {
    /// By operation and reason: how often it failed, and when that was last logged. A handful.
    failures: BTreeMap<(Operation, &'static str), (u64, Throttle)>,
    /// The reason that was logged of each operation that has not recovered.
    failing: BTreeMap<Operation, &'static str>,
    openings: Throttle,
    /// The last line about the circuit breaker says that it is open.
    is_open: bool,
}

impl Report {
    /// Whether to log this failure.
    pub(super) fn failed(&mut self, operation: Operation, fault: Fault, now: Millis) -> bool {
        let (times, lines) = self.failures.entry((operation, fault.word())).or_default();
        *times = times.saturating_add(1);
        // Calls that are not made while the circuit breaker is open follow from what was logged.
        let is_news = fault != Fault::Spared("open") && self.failing.get(&operation) != Some(&fault.word()) && lines.allows(now).is_some();
        if is_news {
            self.failing.insert(operation, fault.word());
        }
        is_news
    }

    /// Whether to log that the operation succeeded.
    pub(super) fn recovered(&mut self, operation: Operation) -> bool {
        self.failing.remove(&operation).is_some()
    }

    /// Whether to log that the circuit breaker is open.
    pub(super) fn opened(&mut self, now: Millis) -> bool {
        let is_news = !self.is_open && self.openings.allows(now).is_some();
        self.is_open |= is_news;
        is_news
    }

    /// Whether to log that the circuit breaker has closed.
    pub(super) fn closed(&mut self) -> bool {
        std::mem::take(&mut self.is_open)
    }

    /// Whether a success is no news.
    pub(super) fn is_clear(&self) -> bool {
        self.failing.is_empty()
    }

    /// What decides about later lines.
    #[cfg(all(test, not(shuttle)))]
    pub(super) fn lines(&self) -> impl std::hash::Hash {
        let last: Vec<_> = self.failures.iter().map(|(what, (_, lines))| (*what, lines.last())).collect();
        (last, self.failing.clone(), self.openings.last(), self.is_open)
    }

    pub(in super::super) fn failures(&self) -> Vec<(Operation, &'static str, u64)> {
        self.failures.iter().map(|((operation, reason), (times, _))| (*operation, *reason, *times)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Fault = Fault::Sick("slow");

    #[test]
    fn a_change_is_logged_once_and_flapping_at_most_every_ten_seconds() {
        let mut report = Report::default();
        assert!(report.failed(Operation::Read, SLOW, 0));
        assert!(!report.failed(Operation::Read, SLOW, 0));
        assert!(report.failed(Operation::Store, SLOW, 0));
        assert!(report.recovered(Operation::Read));
        assert!(!report.recovered(Operation::Read));
        for second in 1..10 {
            assert!(!report.failed(Operation::Read, SLOW, second * 1000));
            assert!(!report.recovered(Operation::Read), "its failure was not logged");
        }
        assert!(report.failed(Operation::Read, SLOW, 10_000));
        assert_eq!(report.failures(), [(Operation::Read, "slow", 12), (Operation::Store, "slow", 1)]);
    }

    #[test]
    fn what_begins_in_a_quiet_time_and_lasts_is_logged_after_it() {
        let mut report = Report::default();
        assert!(report.failed(Operation::Read, SLOW, 0) && report.opened(0));
        assert!(report.recovered(Operation::Read) && report.closed());
        assert!(!report.failed(Operation::Read, SLOW, 5_000) && !report.opened(5_000));
        assert!(report.failed(Operation::Read, SLOW, 11_000) && report.opened(11_000));
        assert!(!report.failed(Operation::Read, SLOW, 60_000) && !report.opened(60_000));
        assert!(report.recovered(Operation::Read) && report.closed() && !report.closed());
    }

    #[test]
    fn another_reason_is_another_line_and_a_call_that_was_not_made_is_none() {
        let mut report = Report::default();
        assert!(report.failed(Operation::Read, SLOW, 0));
        assert!(report.failed(Operation::Read, Fault::Sick("unreachable"), 0));
        assert!(!report.failed(Operation::Read, Fault::Spared("open"), 0));
        assert!(!report.failed(Operation::Read, SLOW, 0), "it was logged a moment ago");
        assert!(report.failed(Operation::Read, SLOW, 10_000), "the other was the last");
        assert_eq!(report.failures().iter().map(|(.., times)| times).sum::<u64>(), 5);
    }
}
