//! What is remembered of keys whose responses are not storable, so that requests for them do not wait in vain.

use std::{
    collections::HashMap,
    hash::BuildHasher,
    sync::{Arc, Mutex},
};

use tokio::sync::Semaphore;

use crate::{
    clock::Millis,
    key::{KeyRef, PrimaryKey},
    keyed::Keyed,
    outcome::NotStored,
    sync::lock,
};

/// Marks on keys, each for a while, and no more of them than a limit.
#[derive(Debug, Default)]
pub(crate) struct Reputations {
    hasher: Keyed,
    /// By a keyed hash: two keys of one hash share a mark, which costs them collapsing and nothing else.
    by_hash: Mutex<Marks>,
}

#[derive(Debug, Default)]
struct Marks {
    by_hash: HashMap<u64, (Reputation, Millis)>,
    /// When it was last tidied up: going through all of them is done once a second at most, however many come.
    tidied: Millis,
}

/// What a key is known for.
#[derive(Debug, Clone)]
pub(crate) enum Reputation {
    /// Its responses are not storable: each request runs for itself, at once.
    NotStorable,
    /// The handler fails for it: a few run at a time.
    Failing(Arc<Semaphore>),
}

/// How long a mark lasts.
const LASTS: Millis = 30_000;
/// Most marks.
const MOST: usize = 10_000;
/// How many run at a time for a key that fails.
const RUNS_OF_A_FAILING_KEY: usize = 4;

impl Reputations {
    pub(crate) fn of(&self, key: &PrimaryKey, now: Millis) -> Option<Reputation> {
        let marks = lock(&self.by_hash);
        marks.by_hash.get(&self.hash(key)).filter(|(_, until)| now < *until).map(|(mark, _)| mark.clone())
    }

    /// Remembers why a response under `key` was not stored, if that says something about the next one.
    pub(crate) fn not_stored(&self, key: &PrimaryKey, reason: &NotStored, now: Millis) {
        let mut marks = lock(&self.by_hash);
        let hash = self.hash(key);
        let mark = if reason.is_failure() {
            match marks.by_hash.get(&hash) {
                Some((Reputation::Failing(runs), _)) => Reputation::Failing(Arc::clone(runs)),
                _ => Reputation::Failing(Arc::new(Semaphore::new(RUNS_OF_A_FAILING_KEY))),
            }
        } else if reason.lasts() {
            Reputation::NotStorable
        } else {
            return;
        };
        if marks.by_hash.len() >= MOST && !marks.by_hash.contains_key(&hash) {
            if now.saturating_sub(marks.tidied) >= 1000 {
                marks.tidied = now;
                marks.by_hash.retain(|_, (_, until)| now < *until);
            }
            if marks.by_hash.len() >= MOST {
                return;
            }
        }
        marks.by_hash.insert(hash, (mark, now.saturating_add(LASTS)));
    }

    /// A response under `key` was storable after all.
    pub(crate) fn stored(&self, key: &PrimaryKey) {
        let mut marks = lock(&self.by_hash);
        if !marks.by_hash.is_empty() {
            marks.by_hash.remove(&self.hash(key));
        }
    }

    /// A keyed hash of anything that clients choose.
    pub(crate) fn hash_bytes(&self, bytes: &[u8]) -> u64 {
        self.hasher.hash_one(bytes)
    }

    pub(crate) fn hash(&self, key: &PrimaryKey) -> u64 {
        self.hash_ref(&key.as_ref())
    }

    pub(crate) fn hash_ref(&self, key: &KeyRef<'_>) -> u64 {
        self.hasher.hash_one(key)
    }
}
