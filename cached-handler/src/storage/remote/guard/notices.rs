//! What is said of a backend's health: a line when it changes, and never one per request.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{error::Fault, util::lock::lock};

/// What a backend is asked for; each kind is well or ill for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    Read,
    Store,
    Invalidate,
}

impl Errand {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Store => "store",
            Self::Invalidate => "invalidate",
        }
    }

    /// What is said where it fails, and what becomes of requests.
    pub(crate) const fn failure(self) -> &'static str {
        match self {
            Self::Read => "a backend fails to read; requests are answered by their handlers; said once",
            Self::Store => "a backend fails to store; what is in it goes on answering requests; said once",
            Self::Invalidate => {
                "a backend fails to invalidate; what it was to invalidate may go on answering requests until it is tried again; said once"
            }
        }
    }
}

/// The health of one backend, as it was last said, and how often it failed by reason.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// Whether anything was said to be ill: all that a success looks at, as a rule.
    any: AtomicBool,
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    is_left_alone: bool,
    refuses_everything: bool,
    /// A handful: what a backend can suffer from.
    reasons: Vec<Reason>,
}

#[derive(Debug)]
struct Reason {
    /// Of none, that all are left alone.
    errand: Option<Errand>,
    word: &'static str,
    failures: u64,
    last: Option<Instant>,
    /// It was said, and since then nothing else of its errand, and nothing that it is over.
    holds: bool,
}

/// At most one line for a reason in this time, however often a backend falls ill and recovers. What still holds when it
/// has passed is said then; and that something has passed is said where the thing itself was.
const QUIET: Duration = Duration::from_secs(10);

impl Notices {
    /// Whether this failure is news.
    pub(crate) fn failed(&self, errand: Errand, fault: Fault, now: Instant) -> bool {
        let mut said = lock(&self.said);
        let is_news = said.with(Some(errand), fault.word(), |reason| {
            reason.failures += 1;
            // Those that were not asked are a consequence, of which was told.
            !matches!(fault, Fault::Spared("open")) && !reason.holds && reason.may_be_said(now)
        });
        if !is_news {
            return false;
        }
        said.end(errand);
        said.with(Some(errand), fault.word(), |reason| reason.holds = true);
        self.any.store(true, Ordering::Relaxed);
        true
    }

    /// Whether this success is news.
    pub(crate) fn succeeded(&self, errand: Errand) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        let mut said = lock(&self.said);
        let recovers = said.end(errand);
        self.any.store(said.reasons.iter().any(|reason| reason.holds), Ordering::Relaxed);
        recovers
    }

    /// Whether it is news that the backend is left alone; asked when that begins, and again as long as it lasts.
    pub(crate) fn left_alone(&self, now: Instant) -> bool {
        let mut said = lock(&self.said);
        let is_news = !said.is_left_alone && said.with(None, "open", |reason| reason.may_be_said(now));
        said.is_left_alone |= is_news;
        is_news
    }

    /// Whether it is news that it is used again.
    pub(crate) fn used_again(&self) -> bool {
        std::mem::take(&mut lock(&self.said).is_left_alone)
    }

    /// Whether it is news that nothing can be invalidated.
    pub(crate) fn refuses_everything(&self) -> bool {
        !std::mem::replace(&mut lock(&self.said).refuses_everything, true)
    }

    /// All that was overdue is invalidated.
    pub(crate) fn takes_invalidations(&self) {
        lock(&self.said).refuses_everything = false;
    }

    /// How often what failed why.
    pub(crate) fn failures(&self) -> Vec<(Errand, &'static str, u64)> {
        let said = lock(&self.said);
        said.reasons.iter().filter_map(|reason| Some((reason.errand?, reason.word, reason.failures))).collect()
    }
}

impl Said {
    fn with<T>(&mut self, errand: Option<Errand>, word: &'static str, note: impl FnOnce(&mut Reason) -> T) -> T {
        if let Some(known) = self.reasons.iter_mut().find(|known| known.errand == errand && known.word == word) {
            return note(known);
        }
        let mut reason = Reason { errand, word, failures: 0, last: None, holds: false };
        let noted = note(&mut reason);
        self.reasons.push(reason);
        noted
    }

    /// Nothing that was said of the errand holds any more; whether anything did.
    fn end(&mut self, errand: Errand) -> bool {
        let mut held = false;
        for reason in &mut self.reasons {
            held |= reason.errand == Some(errand) && std::mem::take(&mut reason.holds);
        }
        held
    }
}

impl Reason {
    fn may_be_said(&mut self, now: Instant) -> bool {
        let quiet = self.last.is_some_and(|last| now.saturating_duration_since(last) < QUIET);
        if !quiet {
            self.last = Some(now);
        }
        !quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Fault = Fault::Sick("slow");

    #[test]
    fn a_change_is_said_once_and_flapping_at_most_every_ten_seconds() {
        let (notices, start) = (Notices::default(), Instant::now());
        assert!(notices.failed(Errand::Read, SLOW, start));
        assert!(!notices.failed(Errand::Read, SLOW, start));
        assert!(notices.failed(Errand::Store, SLOW, start));
        assert!(notices.succeeded(Errand::Read));
        assert!(!notices.succeeded(Errand::Read));
        for flap in 1..10 {
            assert!(!notices.failed(Errand::Read, SLOW, start + Duration::from_secs(flap)));
            assert!(!notices.succeeded(Errand::Read), "nothing was said that could have passed");
        }
        assert!(notices.failed(Errand::Read, SLOW, start + Duration::from_secs(10)));
        assert_eq!(notices.failures(), [(Errand::Read, "slow", 12), (Errand::Store, "slow", 1)]);
    }

    #[test]
    fn what_begins_in_a_quiet_time_and_lasts_is_said_when_that_is_over() {
        let (notices, start) = (Notices::default(), Instant::now());
        let at = |secs| start + Duration::from_secs(secs);
        assert!(notices.failed(Errand::Read, SLOW, start) && notices.left_alone(start));
        assert!(notices.succeeded(Errand::Read) && notices.used_again());
        assert!(!notices.failed(Errand::Read, SLOW, at(5)) && !notices.left_alone(at(5)));
        assert!(notices.failed(Errand::Read, SLOW, at(11)) && notices.left_alone(at(11)));
        assert!(!notices.failed(Errand::Read, SLOW, at(60)) && !notices.left_alone(at(60)));
        assert!(notices.succeeded(Errand::Read) && notices.used_again() && !notices.used_again());
    }

    #[test]
    fn another_reason_is_another_line_and_what_was_not_asked_is_none() {
        let (notices, start) = (Notices::default(), Instant::now());
        assert!(notices.failed(Errand::Read, SLOW, start));
        assert!(notices.failed(Errand::Read, Fault::Sick("unreachable"), start));
        assert!(!notices.failed(Errand::Read, Fault::Spared("open"), start));
        assert!(!notices.failed(Errand::Read, SLOW, start), "it was said a moment ago");
        assert!(notices.failed(Errand::Read, SLOW, start + QUIET), "the other stands in its place");
        assert_eq!(notices.failures().iter().map(|(.., times)| times).sum::<u64>(), 5);
    }
}
