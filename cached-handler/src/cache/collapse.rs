//! Runs under way: who leads, who follows, and what the followers are told (law L5).

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::watch;

use crate::{
    epoch::{Reading, Stamp},
    key::primary::PrimaryKey,
    outcome::NotStored,
    stored::Slot,
    util::{clock::Millis, lock::lock},
};

/// All runs under way of one cache, by key.
#[derive(Debug, Default)]
pub(crate) struct CollapseMap {
    by_key: Mutex<HashMap<PrimaryKey, Arc<CollapseGroup>>>,
    fills: Fills,
}

/// One run that others may wait for.
pub(crate) struct CollapseGroup {
    stamp: Stamp,
    began: Millis,
    result: watch::Sender<Option<LeaderResult>>,
}

/// How a run ended, for those who waited for it.
#[derive(Debug, Clone)]
pub(crate) enum LeaderResult {
    /// With this response, which passed the gate of the store.
    Stored(Arc<Slot>),
    /// With a response that is nobody else's.
    NotShared(NotStored),
    /// With none: it was dropped with the request that it lived in.
    Lost,
}

/// What a request is to a key.
#[derive(Debug)]
pub(crate) enum Join {
    /// It runs the handler, and others may wait for it.
    Lead(Leader),
    /// It waits.
    Follow(Follower),
    /// There is no run that it could wait for, and nobody could wait for its own: it is older than that.
    Late,
}

/// The right to run for a key. Dropped without a result, the run counts as lost.
pub(crate) struct Leader {
    collapse: Arc<CollapseMap>,
    key: PrimaryKey,
    group: Arc<CollapseGroup>,
}

/// A place among those who wait.
pub(crate) struct Follower {
    result: watch::Receiver<Option<LeaderResult>>,
}

/// Counts by the hash of a key, in a table of fixed size.
#[derive(Debug)]
struct Fills(Box<[AtomicU64]>);

impl Default for Fills {
    fn default() -> Self {
        Self(std::iter::repeat_with(AtomicU64::default).take(1024).collect())
    }
}

impl Fills {
    fn place(&self, hash: u64) -> Option<&AtomicU64> {
        self.0.get(usize::try_from(hash % 1024).unwrap_or(0))
    }
}

/// A run older than this gives up its key.
pub(crate) const MAX_RUN: Millis = 30_000;

impl CollapseMap {
    /// Joins the run for `key`, or begins one, stamped `stamp`, which is absent where nobody could join that. A run that
    /// started before an invalidation which `reading` has seen is not joined but replaced, and so is one that is too old.
    pub(crate) fn join(self: &Arc<Self>, key: &PrimaryKey, reading: &Reading, stamp: Option<Stamp>, now: Millis) -> Join {
        let mut groups = lock(&self.by_key);
        if let Some(group) = groups.get(key)
            && reading.may_join(group.stamp)
            && now.saturating_sub(group.began) < MAX_RUN
        {
            // However many: whoever waits here costs no more than one who runs, and most often much less.
            return Join::Follow(Follower { result: group.result.subscribe() });
        }
        let Some(stamp) = stamp else { return Join::Late };
        let group = Arc::new(CollapseGroup { stamp, began: now, result: watch::Sender::new(None) });
        groups.insert(key.clone(), Arc::clone(&group));
        Join::Lead(Leader { collapse: Arc::clone(self), key: key.clone(), group })
    }

    /// How many responses have come to rest so far, for this key, whose hash it is, or one of the same place in the table:
    /// where it is more than before a look-up, what that did not find may be there by now.
    pub(crate) fn fills(&self, hash: u64) -> u64 {
        self.fills.place(hash).map_or(0, |count| count.load(Ordering::SeqCst))
    }

    /// Counts one.
    pub(crate) fn filled(&self, hash: u64) {
        if let Some(count) = self.fills.place(hash) {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How many runs are under way that others may wait for.
    pub(crate) fn len(&self) -> usize {
        lock(&self.by_key).len()
    }
}

impl Leader {
    /// Tells the followers, and whoever joins until the key is free.
    pub(crate) fn announce(&self, result: LeaderResult) {
        self.group.result.send_replace(Some(result));
    }

    /// Tells the followers, and frees the key.
    pub(crate) fn land(self, result: LeaderResult) {
        self.announce(result);
        // Dropped here: what follows is the same for a run that is lost.
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        let mut groups = lock(&self.collapse.by_key);
        // By identity: a later run may hold the key by now.
        if groups.get(&self.key).is_some_and(|held| Arc::ptr_eq(held, &self.group)) {
            groups.remove(&self.key);
        }
        drop(groups);
        self.group.result.send_if_modified(|result| {
            let lost = result.is_none();
            if lost {
                // Dropped by an unwinding run, or with the request that it lived in.
                *result = Some(if std::thread::panicking() { LeaderResult::NotShared(NotStored::Panicked) } else { LeaderResult::Lost });
            }
            lost
        });
    }
}

impl Follower {
    /// Waits for the end of the run.
    pub(crate) async fn result(&mut self) -> LeaderResult {
        match self.result.wait_for(Option::is_some).await {
            Ok(result) => result.clone().unwrap_or(LeaderResult::Lost),
            Err(_) => LeaderResult::Lost,
        }
    }
}

impl fmt::Debug for CollapseGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollapseGroup")
            .field("began", &self.began)
            .field("followers", &self.result.receiver_count())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Leader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Leader").field(&self.group).finish()
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").finish_non_exhaustive()
    }
}
