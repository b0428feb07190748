//! What is remembered of keys whose responses are not storable, so that requests for them do not wait in vain.

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

/// Marks on keys, each for a while, and no more of them than a limit.
#[derive(Debug, Default)]
pub(crate) struct HitForMiss {
    hasher: Keyed,
    /// By a keyed hash: two keys of one hash share a mark, which costs them collapsing and nothing else.
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

/// What a key is known for.
#[derive(Debug, Clone)]
pub(crate) enum MissKind {
    /// Its responses are not storable: each request runs for itself, at once.
    NotStorable,
    /// The handler fails for it: a few run at a time.
    Failing(Arc<Semaphore>),
    /// Requests came for it that are older than what concerns it: a few of these run at a time, and others as ever. How many
    /// may still do so before nobody waits, since what they wait for does not come to be stored.
    Outrun(Arc<Semaphore>, usize),
}

/// How long a mark lasts.
const LASTS: Millis = 30_000;
/// Most marks.
const MOST: usize = 10_000;
/// How many run for requests that are older than what concerns them, a few at a time, before all of them do so at once: a cache
/// is not to be slower than none where writes come all the time.
const MOST_OUTDATED: usize = 2 * FEW;
/// How many run at a time for a key that fails, or that nobody can be waited for.
const FEW: usize = 4;

impl HitForMiss {
    pub(crate) fn of(&self, key: &PrimaryKey, now: Millis) -> Option<MissKind> {
        let marks = lock(&self.by_hash);
        marks.get(&self.hash(key)).filter(|mark| !mark.has_expired(now)).map(|mark| mark.kind.clone())
    }

    /// Remembers why a response under `key` was not stored, if that says something about the next one.
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

    /// Where a request of a key waits to be one of a few, as nobody can wait for it. Nowhere, where each runs at once.
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

    /// One of the few runs. After some, without a response that is stored, those who wait do so in vain: until this mark is over,
    /// nobody does any more.
    pub(crate) fn runs_outdated(&self, key: &PrimaryKey) {
        let mut marks = lock(&self.by_hash);
        if let Some(Mark { kind: MissKind::Outrun(runs, left), .. }) = marks.get_mut(&self.hash(key)) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                runs.close();
            }
        }
    }

    /// The same of the handler, for keys that nothing is known of.
    pub(crate) fn not_stored_by(&self, handler: &'static Handler, instance: Instance, reason: &NotStored, now: Millis) {
        self.handlers.not_stored(handler, instance, reason, now);
    }

    /// A place of those who need not wait, where what the handler says is most likely nobody else's, whatever it is asked for.
    pub(crate) fn place_of_unstored(&self, handler: &'static Handler, instance: Instance, now: Millis) -> Option<OwnedSemaphorePermit> {
        self.handlers.place(handler, instance, now)
    }

    /// Something of the handler's was found at rest.
    pub(crate) fn found_at_rest(&self, handler: &'static Handler, instance: Instance, now: Millis) {
        self.handlers.stored(handler, instance, now);
    }

    /// A response under `key` was storable after all.
    pub(crate) fn stored(&self, key: &PrimaryKey, handler: &'static Handler, instance: Instance, now: Millis) {
        self.handlers.stored(handler, instance, now);
        let mut marks = lock(&self.by_hash);
        if !marks.is_empty() {
            marks.remove(&self.hash(key));
        }
    }

    /// The same, but that it was invalidated by then: those who came before that wait for another.
    pub(crate) fn outdated(&self, key: &PrimaryKey, handler: &'static Handler, instance: Instance, now: Millis) {
        self.handlers.stored(handler, instance, now);
        let (mut marks, hash) = (lock(&self.by_hash), self.hash(key));
        if !matches!(marks.get(&hash), None | Some(Mark { kind: MissKind::Outrun(..), .. })) {
            marks.remove(&hash);
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

/// The permits of a key's few, as long as somebody may have one.
fn few(marks: &Marks, hash: u64) -> Arc<Semaphore> {
    match marks.get(&hash).map(|mark| &mark.kind) {
        Some(MissKind::Failing(runs) | MissKind::Outrun(runs, _)) if !runs.is_closed() => Arc::clone(runs),
        _ => Arc::new(Semaphore::new(FEW)),
    }
}

/// Whether there was room for it.
fn note(marks: &mut Marks, hash: u64, kind: MissKind, now: Millis) -> bool {
    marks.insert(hash, Mark { kind, until: now.saturating_add(LASTS) }, now)
}
