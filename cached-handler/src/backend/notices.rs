//! What is said of a backend's health: a line when it changes, and never one per request.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{error::Fault, sync::lock};

/// What a backend is asked for; each kind is well or ill for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
}

/// The health of one backend, as it was last said, and how often it failed by reason.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// Whether anything is ill: all that a success looks at, as a rule.
    any: AtomicBool,
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    ill: BTreeMap<Errand, &'static str>,
    last: BTreeMap<(Errand, &'static str), Instant>,
    failures: BTreeMap<(Errand, &'static str), u64>,
}

/// At most one line for a reason in this time, however often a backend falls ill and recovers.
const QUIET: Duration = Duration::from_secs(10);

impl Notices {
    /// Whether this failure is news.
    pub(crate) fn failed(&self, errand: Errand, fault: Fault, now: Instant) -> bool {
        let mut said = lock(&self.said);
        let word = fault.word();
        *said.failures.entry((errand, word)).or_default() += 1;
        self.any.store(true, Ordering::Relaxed);
        // Those that were not asked are a consequence, of which was told.
        if matches!(fault, Fault::Spared("open")) || said.ill.insert(errand, word) == Some(word) {
            return false;
        }
        said.may_say(errand, word, now)
    }

    /// Whether this success is news.
    pub(crate) fn succeeded(&self, errand: Errand, now: impl FnOnce() -> Instant) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        let mut said = lock(&self.said);
        let recovers = said.ill.remove(&errand).is_some();
        self.any.store(!said.ill.is_empty(), Ordering::Relaxed);
        recovers && said.may_say(errand, "well", now())
    }

    /// How often what failed why.
    pub(crate) fn failures(&self) -> BTreeMap<(Errand, &'static str), u64> {
        lock(&self.said).failures.clone()
    }
}

impl Said {
    fn may_say(&mut self, errand: Errand, word: &'static str, now: Instant) -> bool {
        let quiet = self.last.get(&(errand, word)).is_some_and(|last| now.saturating_duration_since(*last) < QUIET);
        if !quiet {
            self.last.insert((errand, word), now);
        }
        !quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_said_once_and_flapping_at_most_every_ten_seconds() {
        let (notices, start) = (Notices::default(), Instant::now());
        let slow = Fault::Sick("slow");
        assert!(notices.failed(Errand::Read, slow, start));
        assert!(!notices.failed(Errand::Read, slow, start));
        assert!(notices.failed(Errand::Store, slow, start));
        assert!(notices.succeeded(Errand::Read, || start));
        assert!(!notices.failed(Errand::Read, slow, start + Duration::from_secs(1)));
        assert!(!notices.succeeded(Errand::Read, || start + Duration::from_secs(2)));
        assert!(notices.failed(Errand::Read, slow, start + Duration::from_secs(10)));
        assert_eq!(notices.failures()[&(Errand::Read, "slow")], 4);
    }
}
