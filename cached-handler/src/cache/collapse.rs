//! Request collapsing (law L5): the runs in progress, with their leaders and followers, and the result that followers get.

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
    epoch::{EpochSnapshot, Stamp},
    key::primary::PrimaryKey,
    outcome::NotStored,
    stored::Slot,
    util::{clock::Millis, lock::lock},
};

/// The runs in progress of one cache, by key.
#[derive(Debug, Default)]
pub(crate) struct CollapseMap {
    by_key: Mutex<HashMap<PrimaryKey, Arc<CollapseGroup>>>,
    fills: Fills,
}

/// One run that other requests may follow.
pub(crate) struct CollapseGroup {
    stamp: Stamp,
    began: Millis,
    result: watch::Sender<Option<LeaderResult>>,
}

/// The result of a run, for its followers.
#[derive(Debug, Clone)]
pub(crate) enum LeaderResult {
    /// A response that is stored.
    Stored(Arc<Slot>),
    /// A response that only the leader's own request may get.
    NotShared(NotStored),
    /// None: the run was dropped together with its request.
    Lost,
}

/// The role of a request.
#[derive(Debug)]
pub(crate) enum Join {
    /// It runs the handler, and others may follow.
    Lead(Leader),
    /// It waits for the leader's run.
    Follow(Follower),
    /// It can neither follow nor lead: it began before the latest invalidation of its response, so no newer request could use its run.
    Late,
}

/// The right to run for a key. If it is dropped without a result, the run counts as lost.
pub(crate) struct Leader {
    collapse: Arc<CollapseMap>,
    key: PrimaryKey,
    group: Arc<CollapseGroup>,
}

/// A follower, which waits for the leader's result.
pub(crate) struct Follower {
    result: watch::Receiver<Option<LeaderResult>>,
}

/// Counters of stored responses by the hash of a key, in a table of fixed size.
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

/// The age up to which requests follow a run; an older one is replaced.
pub(crate) const MAX_RUN: Millis = 30_000;

impl CollapseMap {
    /// Follows the run for `key`, or begins one with this stamp. The stamp is absent if no other request could follow. A run that
    /// started before an invalidation in `reading` is not followed but replaced, and so is one that is too old.
    pub(crate) fn join(self: &Arc<Self>, key: &PrimaryKey, reading: &EpochSnapshot, stamp: Option<Stamp>, now: Millis) -> Join {
        let mut groups = lock(&self.by_key);
        if let Some(group) = groups.get(key)
            && reading.may_join(group.stamp)
            && now.saturating_sub(group.began) < MAX_RUN
        {
            // The number of followers is not limited: a follower costs no more than a run, and most often much less.
            return Join::Follow(Follower { result: group.result.subscribe() });
        }
        let Some(stamp) = stamp else { return Join::Late };
        let group = Arc::new(CollapseGroup { stamp, began: now, result: watch::Sender::new(None) });
        groups.insert(key.clone(), Arc::clone(&group));
        Join::Lead(Leader { collapse: Arc::clone(self), key: key.clone(), group })
    }

    /// The number of responses that were stored so far for keys with this hash (or another with the same counter). If it has grown since
    /// before a look-up, a response that the look-up did not find may be stored by now.
    pub(crate) fn fills(&self, hash: u64) -> u64 {
        self.fills.place(hash).map_or(0, |count| count.load(Ordering::SeqCst))
    }

    /// Counts a stored response.
    pub(crate) fn filled(&self, hash: u64) {
        if let Some(count) = self.fills.place(hash) {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The number of runs in progress that others may follow.
    pub(crate) fn len(&self) -> usize {
        lock(&self.by_key).len()
    }
}

impl Leader {
    /// Sends the result to the followers, and to requests that join until the key is released.
    pub(crate) fn announce(&self, result: LeaderResult) {
        self.group.result.send_replace(Some(result));
    }

    /// Sends the result to the followers, and releases the key.
    pub(crate) fn land(self, result: LeaderResult) {
        self.announce(result);
        // The key is released on drop, as for a lost run.
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        let mut groups = lock(&self.collapse.by_key);
        // Compared by identity, as a later run may have the key by now.
        if groups.get(&self.key).is_some_and(|held| Arc::ptr_eq(held, &self.group)) {
            groups.remove(&self.key);
        }
        drop(groups);
        self.group.result.send_if_modified(|result| {
            let lost = result.is_none();
            if lost {
                // Dropped by a panic, or together with its request.
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
