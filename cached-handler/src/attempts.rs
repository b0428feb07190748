//! Attempts at making anew what is stale: one at a time for a key, and a pause after each that failed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use crate::{clock::Millis, sync::lock};

/// The attempts of one cache, by a keyed hash of the key: two keys of one hash share theirs, which costs the later of
/// them a while with a stale response that it may use anyway.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    by_hash: Mutex<HashMap<u64, Record>>,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    /// No further attempt before this moment.
    not_before: Millis,
    failures: u32,
}

/// The right to make one attempt. Dropped before it has come to anything, it is as if nobody had tried.
#[derive(Debug)]
pub(crate) struct Claim {
    attempts: Arc<Attempts>,
    hash: u64,
    claimed: Record,
}

/// Most keys that are remembered; what does not fit is tried without a pause.
const MOST: usize = 10_000;
/// An attempt that takes longer is nobody's any more.
const MAX_ATTEMPT: Millis = 30_000;
/// The pause after the first failure; each further one doubles it.
const FIRST_PAUSE: Millis = 1_000;
const LONGEST_PAUSE: Millis = 30_000;

impl Attempts {
    /// Claims the next attempt, unless one is under way, or has failed a moment ago.
    pub(crate) fn claim(self: &Arc<Self>, hash: u64, now: Millis) -> Option<Claim> {
        let mut records = lock(&self.by_hash);
        let failures = match records.get(&hash) {
            Some(record) if now < record.not_before => return None,
            Some(record) => record.failures,
            None => 0,
        };
        let claimed = Record { not_before: now.saturating_add(MAX_ATTEMPT), failures };
        note(&mut records, hash, claimed, now);
        Some(Claim { attempts: Arc::clone(self), hash, claimed })
    }

    /// Whether the last attempt failed so short a time ago that the next one has to wait.
    pub(crate) fn is_pausing(&self, hash: u64, now: Millis) -> bool {
        lock(&self.by_hash).get(&hash).is_some_and(|record| record.failures > 0 && now < record.not_before)
    }

    pub(crate) fn failed(&self, hash: u64, now: Millis) {
        let mut records = lock(&self.by_hash);
        let failures = records.get(&hash).map_or(0, |record| record.failures).saturating_add(1);
        let pause = FIRST_PAUSE.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST_PAUSE);
        note(&mut records, hash, Record { not_before: now.saturating_add(pause), failures }, now);
    }

    pub(crate) fn succeeded(&self, hash: u64) {
        let mut records = lock(&self.by_hash);
        if !records.is_empty() {
            records.remove(&hash);
        }
    }
}

fn note(records: &mut HashMap<u64, Record>, hash: u64, record: Record, now: Millis) {
    if records.len() >= MOST && !records.contains_key(&hash) {
        records.retain(|_, record| now < record.not_before);
        if records.len() >= MOST {
            return;
        }
    }
    records.insert(hash, record);
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut records = lock(&self.attempts.by_hash);
        // What came of it, if anything did, has changed the record already.
        let Some(record) = records.get_mut(&self.hash) else { return };
        if (record.not_before, record.failures) != (self.claimed.not_before, self.claimed.failures) {
            return;
        }
        if record.failures == 0 {
            records.remove(&self.hash);
        } else {
            record.not_before = Millis::MIN;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts() -> Arc<Attempts> {
        Arc::default()
    }

    #[test]
    fn one_attempt_at_a_time() {
        let attempts = attempts();
        let claim = attempts.claim(1, 0);
        assert!(claim.is_some());
        assert!(attempts.claim(1, 10).is_none());
        assert!(!attempts.is_pausing(1, 10), "nothing has failed");
        assert!(attempts.claim(2, 10).is_some(), "another key's");
        drop(claim);
        assert!(attempts.claim(1, 20).is_some(), "one that came to nothing leaves nothing behind");
    }

    #[test]
    fn an_attempt_that_never_ends_is_given_up() {
        let attempts = attempts();
        let _stuck = attempts.claim(1, 0);
        assert!(attempts.claim(1, MAX_ATTEMPT - 1).is_none());
        assert!(attempts.claim(1, MAX_ATTEMPT).is_some());
    }

    #[test]
    fn each_failure_doubles_the_pause_up_to_a_limit() {
        let attempts = attempts();
        let mut now = 0;
        for expected in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let claim = attempts.claim(1, now);
            assert!(claim.is_some(), "{expected}");
            attempts.failed(1, now);
            drop(claim);
            assert!(attempts.is_pausing(1, now + expected - 1));
            assert!(attempts.claim(1, now + expected - 1).is_none(), "{expected}");
            assert!(!attempts.is_pausing(1, now + expected));
            now += expected;
        }
        drop(attempts.claim(1, now));
        let claim = attempts.claim(1, now);
        assert!(claim.is_some(), "one that came to nothing makes nobody wait");
        attempts.succeeded(1);
        drop(claim);
        attempts.failed(1, now);
        assert!(attempts.claim(1, now + FIRST_PAUSE).is_some(), "a success ends the count");
    }

    #[test]
    fn no_more_keys_are_remembered_than_the_limit() {
        let attempts = attempts();
        let claims: Vec<_> = (0..MOST as u64 + 5).map(|hash| attempts.claim(hash, 0)).collect();
        assert!(claims.iter().all(Option::is_some));
        assert_eq!(lock(&attempts.by_hash).len(), MOST);
        drop(claims);
        assert_eq!(lock(&attempts.by_hash).len(), 0);
    }
}
