//! Limits refreshes of stale responses: one attempt at a time for a key, and a pause after each failure.

use std::sync::{Arc, Mutex};

use crate::util::{
    clock::Millis,
    expiring_map::{Expires, ExpiringMap},
    lock::lock,
};

/// The attempts of one cache, by a hash of the key. If two keys have one hash, the later one keeps a stale response for longer, which it
/// may use anyway.
#[derive(Debug, Default)]
pub(crate) struct RefreshBackoff {
    records: Mutex<ExpiringMap<u64, Record, MOST>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Record {
    state: State,
    /// The failures in a row.
    failures: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// An attempt is in progress; after this time it is given up.
    UnderWay(Millis),
    /// There is no attempt until this time.
    Pausing(Millis),
    /// The last attempt succeeded at this time.
    Done(Millis),
}

impl Expires for Record {
    /// Whether this record no longer blocks a new attempt. A success briefly blocks attempts whose look-up came before it.
    fn has_expired(&self, now: Millis) -> bool {
        match self.state {
            State::UnderWay(until) | State::Pausing(until) => now >= until,
            State::Done(_) => true,
        }
    }
}

impl State {
    fn is_pausing(self, now: Millis) -> bool {
        matches!(self, Self::Pausing(until) if now < until)
    }
}

/// The right to make one attempt. If it is dropped without a result, the attempt does not count.
#[derive(Debug)]
pub(crate) struct RefreshPermit {
    attempts: Arc<RefreshBackoff>,
    hash: u64,
    permitted: Record,
}

/// The most keys that are remembered; further ones have no pauses.
const MOST: usize = 10_000;
/// An attempt that takes longer is given up, and another may begin.
const MAX_ATTEMPT: Millis = 30_000;
/// The pause after the first failure; each further one doubles it.
const FIRST_PAUSE: Millis = 1_000;
const LONGEST_PAUSE: Millis = 30_000;

impl RefreshBackoff {
    /// The permit for the next attempt, for a response that was looked up at `looked`; `None` if an attempt is in progress, has just
    /// failed, or has succeeded since the look-up.
    pub(crate) fn permit(self: &Arc<Self>, hash: u64, looked: Millis, now: Millis) -> Option<RefreshPermit> {
        let mut records = lock(&self.records);
        let failures = match records.get(&hash) {
            Some(Record { state: State::UnderWay(until) | State::Pausing(until), .. }) if now < *until => return None,
            Some(Record { state: State::Done(at), .. }) if looked < *at => return None,
            Some(record) => record.failures,
            None => 0,
        };
        let permitted = Record { state: State::UnderWay(now.saturating_add(MAX_ATTEMPT)), failures };
        records.insert(hash, permitted, now);
        Some(RefreshPermit { attempts: Arc::clone(self), hash, permitted })
    }

    /// Whether the last attempt failed so recently that the next one has to wait.
    pub(crate) fn is_pausing(&self, hash: u64, now: Millis) -> bool {
        let records = lock(&self.records);
        records.get(&hash).is_some_and(|record| record.state.is_pausing(now))
    }

    /// Notes a failure. Failures of concurrent attempts count once.
    pub(crate) fn failed(&self, hash: u64, now: Millis) {
        let mut records = lock(&self.records);
        let failures = match records.get(&hash) {
            Some(record) if record.state.is_pausing(now) => return,
            Some(record) => record.failures,
            None => 0,
        };
        let pause = FIRST_PAUSE.saturating_mul(1 << failures.min(16)).min(LONGEST_PAUSE);
        let record = Record { state: State::Pausing(now.saturating_add(pause)), failures: failures.saturating_add(1) };
        records.insert(hash, record, now);
    }

    pub(crate) fn succeeded(&self, hash: u64, now: Millis) {
        lock(&self.records).insert(hash, Record { state: State::Done(now), failures: 0 }, now);
    }
}

impl Drop for RefreshPermit {
    fn drop(&mut self) {
        let mut records = lock(&self.attempts.records);
        // A result has changed the record already.
        let Some(record) = records.get_mut(&self.hash) else { return };
        if *record != self.permitted {
            return;
        }
        if record.failures == 0 {
            records.remove(&self.hash);
        } else {
            record.state = State::UnderWay(Millis::MIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts() -> Arc<RefreshBackoff> {
        Arc::default()
    }

    #[test]
    fn one_attempt_at_a_time() {
        let attempts = attempts();
        let permit = attempts.permit(1, 0, 0);
        assert!(permit.is_some());
        assert!(attempts.permit(1, 10, 10).is_none());
        assert!(!attempts.is_pausing(1, 10), "nothing has failed");
        assert!(attempts.permit(2, 10, 10).is_some(), "another key's");
        drop(permit);
        assert!(attempts.permit(1, 20, 20).is_some(), "one that came to nothing leaves nothing behind");
    }

    #[test]
    fn an_attempt_that_never_ends_is_given_up() {
        let attempts = attempts();
        let _stuck = attempts.permit(1, 0, 0);
        assert!(attempts.permit(1, 0, MAX_ATTEMPT - 1).is_none());
        assert!(attempts.permit(1, 0, MAX_ATTEMPT).is_some());
    }

    #[test]
    fn each_failure_doubles_the_pause_up_to_a_limit() {
        let attempts = attempts();
        let mut now = 0;
        for expected in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let permit = attempts.permit(1, now, now);
            assert!(permit.is_some(), "{expected}");
            attempts.failed(1, now);
            drop(permit);
            assert!(attempts.is_pausing(1, now + expected - 1));
            assert!(attempts.permit(1, now, now + expected - 1).is_none(), "{expected}");
            assert!(!attempts.is_pausing(1, now + expected));
            now += expected;
        }
        drop(attempts.permit(1, now, now));
        let permit = attempts.permit(1, now, now);
        assert!(permit.is_some(), "one that came to nothing makes nobody wait");
        attempts.succeeded(1, now);
        drop(permit);
        attempts.failed(1, now);
        assert!(attempts.permit(1, now, now + FIRST_PAUSE).is_some(), "a success ends the count");
    }

    #[test]
    fn a_look_up_from_before_a_success_gets_no_permit() {
        let attempts = attempts();
        let permit = attempts.permit(1, 0, 0);
        attempts.succeeded(1, 50);
        drop(permit);
        assert!(attempts.permit(1, 49, 60).is_none());
        assert!(attempts.permit(1, 50, 60).is_some());
    }

    #[test]
    fn failures_side_by_side_count_once() {
        let attempts = attempts();
        for _ in 0..8 {
            attempts.failed(1, 0);
        }
        assert!(attempts.is_pausing(1, FIRST_PAUSE - 1) && !attempts.is_pausing(1, FIRST_PAUSE));
    }

    #[test]
    fn no_more_keys_are_remembered_than_the_limit() {
        let attempts = attempts();
        let claims: Vec<_> = (0..MOST as u64 + 5).map(|hash| attempts.permit(hash, 0, 0)).collect();
        assert!(claims.iter().all(Option::is_some));
        assert_eq!(lock(&attempts.records).len(), MOST);
        drop(claims);
        assert_eq!(lock(&attempts.records).len(), 0);
    }
}
