//! Hit-for-miss: remembers keys whose responses are not storable, so that requests for them do not follow a run in vain.

mod handlers;

use std::{
    hash::BuildHasher,
    sync::{Arc, Mutex},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::handlers::Handlers;
use crate::{
    handler::{Handler, Instance},
    key::primary::{KeyRef, PrimaryKey},
    outcome::NotStored,
    util::{
        clock::Millis,
        expiring_map::{Expires, ExpiringMap},
        hasher::Keyed,
        lock::lock,
    },
};

/// Marks on keys. Each expires, and their number is limited.
#[derive(Debug, Default)]
pub(crate) struct HitForMiss {
    hasher: Keyed,
    /// The marks by a hash of the key. Two keys with one hash share a mark, which costs them no more than collapsing.
    by_hash: Mutex<Marks>,
    handlers: Handlers,
}

type Marks = ExpiringMap<u64, Mark, MOST>;

#[derive(Debug)]
struct Mark {
    kind: MissKind,
    until: Millis,
}

impl Expires for Mark {
    fn has_expired(&self, now: Millis) -> bool {
        now >= self.until
    }
}

/// What is remembered of a key.
#[derive(Debug, Clone)]
pub(crate) enum MissKind {
    /// Its responses are not storable: each request runs the handler itself, at once.
    NotStorable,
    /// The handler fails for it: a few requests run it at a time.
    Failing(Arc<Semaphore>),
    /// Requests for it began before its latest invalidation, so they can neither follow nor lead: a few of these run at a time, and
    /// other requests as usual. The number counts down; at 0, no request waits any more, as no response is being stored.
    Outrun(Arc<Semaphore>, usize),
}

/// How long a mark lasts.
const LASTS: Millis = 30_000;
/// The most marks.
const MOST: usize = 10_000;
/// How many requests from before the latest invalidation run a few at a time, before all of them run at once: under constant writes a
/// cache must not be slower than no cache.
const MOST_OUTDATED: usize = 2 * FEW;
/// How many requests run at a time for a key that fails, or whose runs cannot be followed.
const FEW: usize = 4;

impl HitForMiss {
    pub(crate) fn of(&self, key: &PrimaryKey, now: Millis) -> Option<MissKind> {
        let marks = lock(&self.by_hash);
        marks.get(&self.hash(key)).filter(|mark| !mark.has_expired(now)).map(|mark| mark.kind.clone())
    }

    /// Remembers why a response under `key` was not stored, if the reason is likely to apply to the next one.
    pub(crate) fn not_stored(&self, key: &PrimaryKey, reason: &NotStored, now: Millis) {
        let mut marks = lock(&self.by_hash);
        let hash = self.hash(key);
        let kind = if reason.is_failure() {
            MissKind::Failing(few(&marks, hash))
        } else if reason.lasts() {
            MissKind::NotStorable
        } else {
            return;
        };
        note(&mut marks, hash, kind, now);
    }

    /// The semaphore that limits the runs of requests which can neither follow nor lead; `None` if each runs at once.
    pub(crate) fn outrun(&self, key: &PrimaryKey, now: Millis) -> Option<Arc<Semaphore>> {
        match self.of(key, now) {
            Some(MissKind::NotStorable) => None,
            Some(MissKind::Failing(runs) | MissKind::Outrun(runs, _)) => Some(runs),
            None => {
                let (mut marks, hash) = (lock(&self.by_hash), self.hash(key));
                let runs = few(&marks, hash);
                note(&mut marks, hash, MissKind::Outrun(Arc::clone(&runs), MOST_OUTDATED), now).then_some(runs)
            }
        }
    }

    /// Counts one of these runs. After some of them without a stored response, the semaphore is closed, and until the mark expires no
    /// request waits any more.
    pub(crate) fn runs_outdated(&self, key: &PrimaryKey) {
        let mut marks = lock(&self.by_hash);
        if let Some(Mark { kind: MissKind::Outrun(runs, left), .. }) = marks.get_mut(&self.hash(key)) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                runs.close();
            }
        }
    }

    /// Remembers why a response of this handler was not stored, which decides about keys that were never asked for.
    pub(crate) fn not_stored_by(&self, handler: &'static Handler, instance: Instance, reason: &NotStored, now: Millis) {
        self.handlers.not_stored(handler, instance, reason, now);
    }

    /// A permit to run without waiting for another run, if the handler's responses are most likely not storable, whatever the key.
    pub(crate) fn place_of_unstored(&self, handler: &'static Handler, instance: Instance, now: Millis) -> Option<OwnedSemaphorePermit> {
        self.handlers.place(handler, instance, now)
    }

    /// Notes that a response of the handler was found in a backend.
    pub(crate) fn found_at_rest(&self, handler: &'static Handler, instance: Instance, now: Millis) {
        self.handlers.stored(handler, instance, now);
    }

    /// Notes that a response under `key` was stored.
    pub(crate) fn stored(&self, key: &PrimaryKey, handler: &'static Handler, instance: Instance, now: Millis) {
        self.handlers.stored(handler, instance, now);
        let mut marks = lock(&self.by_hash);
        if !marks.is_empty() {
            marks.remove(&self.hash(key));
        }
    }

    /// Notes that a response under `key` was storable, but invalidated meanwhile: other requests may wait for a new one.
    pub(crate) fn outdated(&self, key: &PrimaryKey, handler: &'static Handler, instance: Instance, now: Millis) {
        self.handlers.stored(handler, instance, now);
        let (mut marks, hash) = (lock(&self.by_hash), self.hash(key));
        if !matches!(marks.get(&hash), None | Some(Mark { kind: MissKind::Outrun(..), .. })) {
            marks.remove(&hash);
        }
    }

    /// The hash of bytes that clients choose, with the secret seed.
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

/// The semaphore of a key; a new one if there is none, or it is closed.
fn few(marks: &Marks, hash: u64) -> Arc<Semaphore> {
    match marks.get(&hash).map(|mark| &mark.kind) {
        Some(MissKind::Failing(runs) | MissKind::Outrun(runs, _)) if !runs.is_closed() => Arc::clone(runs),
        _ => Arc::new(Semaphore::new(FEW)),
    }
}

/// Sets a mark; false if there is no room.
fn note(marks: &mut Marks, hash: u64, kind: MissKind, now: Millis) -> bool {
    marks.insert(hash, Mark { kind, until: now.saturating_add(LASTS) }, now)
}
