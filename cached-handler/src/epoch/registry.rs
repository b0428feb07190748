//! Named epochs: exact while anyone holds them, remembered in a table of fixed size when nobody does.

use std::{collections::HashMap, fmt, hash::BuildHasher};

use super::Epoch;
use crate::{
    backend::Effect,
    keyed::Keyed,
    sync::explored::{Arc, Mutex, Weak, lock},
};

/// The epoch of one name. Stored responses and runs hold it; with the last of them it leaves the registry.
pub(crate) struct Counter {
    epoch: Epoch,
    name: Box<str>,
    registry: Weak<Registry>,
}

/// All names in use. What it holds is bounded by the responses and runs that name them, and by `REMEMBERED`.
pub(crate) struct Registry {
    hasher: Keyed,
    shards: Box<[Mutex<Names>]>,
    /// The latest epoch of all names with one hash. A counter that comes into being starts here: too late an epoch is
    /// harmless then, as it is no later than the clock, with which the run will be stamped.
    remembered: Box<[Epoch]>,
}

type Names = HashMap<Box<str>, Weak<Counter>, Keyed>;

// One place each where schedules are explored: all names meet there, in every run alike.
const SHARDS: usize = if cfg!(shuttle) { 1 } else { 16 };
const REMEMBERED: usize = if cfg!(shuttle) { 1 } else { 4096 };

impl Registry {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            hasher: Keyed::new(),
            shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
            remembered: std::iter::repeat_with(|| Epoch::at(0)).take(REMEMBERED).collect(),
        })
    }

    /// The epoch of `name`, which comes into being if nobody holds it.
    pub(super) fn counter(self: &Arc<Self>, name: &str) -> Arc<Counter> {
        let hash = self.hasher.hash_one(name);
        let Some(shard) = self.shard(hash) else { return Counter::detached(name) };
        let mut names = lock(shard);
        if let Some(counter) = names.get(name).and_then(Weak::upgrade) {
            return counter;
        }
        // Under the lock: an invalidation writes what is remembered before it takes the lock, so it is either seen
        // here, or it will find this counter.
        let epoch = self.remembered(hash).map_or_else(|| Epoch::at(0), Epoch::again);
        let counter = Arc::new(Counter { epoch, name: name.into(), registry: Arc::downgrade(self) });
        names.insert(name.into(), Arc::downgrade(&counter));
        counter
    }

    pub(super) fn advance(&self, name: &str, epoch: u64, effect: Effect) {
        let hash = self.hasher.hash_one(name);
        if let Some(remembered) = self.remembered(hash) {
            remembered.advance(epoch, effect);
        }
        let held = self.shard(hash).and_then(|shard| lock(shard).get(name).and_then(Weak::upgrade));
        if let Some(counter) = held {
            counter.epoch.advance(epoch, effect);
        }
    }

    fn shard(&self, hash: u64) -> Option<&Mutex<Names>> {
        self.shards.get(at(hash, SHARDS))
    }

    fn remembered(&self, hash: u64) -> Option<&Epoch> {
        self.remembered.get(at(hash >> 16, REMEMBERED))
    }

    #[cfg(test)]
    pub(super) fn names(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }
}

/// Where a hash belongs among `places`.
fn at(hash: u64, places: usize) -> usize {
    usize::try_from(hash % places as u64).unwrap_or(0)
}

impl Counter {
    pub(super) fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    fn detached(name: &str) -> Arc<Self> {
        Arc::new(Self { epoch: Epoch::at(u64::MAX), name: name.into(), registry: Weak::new() })
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        let Some(registry) = self.registry.upgrade() else { return };
        let Some(shard) = registry.shard(registry.hasher.hash_one(&*self.name)) else { return };
        let mut names = lock(shard);
        // By identity: another counter of this name may have come into being since.
        if names.get(&self.name).is_some_and(|held| std::ptr::eq(held.as_ptr(), self)) {
            names.remove(&self.name);
        }
    }
}

impl fmt::Debug for Counter {
    /// Without its name, which may hold what a handler was asked for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counter").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
