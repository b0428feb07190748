//! Epochs by name: exact while a stored response or a run holds them, and otherwise remembered in a table of fixed size.

use std::{collections::HashMap, fmt, hash::BuildHasher};

use super::Epoch;
use crate::{
    epoch::Effect,
    util::{
        hasher::Keyed,
        lock::explored::{Arc, Mutex, Weak, lock},
    },
};

/// The epoch of one name. Stored responses and runs hold it; when the last of them is dropped, it leaves the registry.
pub(crate) struct Counter {
    epoch: Epoch,
    name: Box<str>,
    registry: Weak<Registry>,
}

/// The epochs of all names in use. Its size is bounded by the responses and runs that hold them, and by `REMEMBERED`.
pub(crate) struct Registry {
    hasher: Keyed,
    shards: Box<[Mutex<Names>]>,
    /// For each hash, the latest epoch of all names with this hash. A new counter starts with it. That it may be too late is
    /// harmless, as it is never later than the clock, with which the run will be stamped.
    remembered: Box<[Epoch]>,
    /// Exact epochs of names that were invalidated recently, for a store of an author's: nothing holds counters for its responses, so
    /// these decide whether they are usable.
    recent: Option<Mutex<Recent>>,
}

/// Two generations of epochs. When the young one is full, it becomes the old one, and the old one is merged into the table.
#[derive(Default)]
struct Recent {
    young: HashMap<u64, Epoch, Keyed>,
    old: HashMap<u64, Epoch, Keyed>,
    most: usize,
}

type Names = HashMap<Box<str>, Weak<Counter>, Keyed>;

// Under shuttle one each, so that all names share it in every schedule.
const SHARDS: usize = if cfg!(shuttle) { 1 } else { 16 };
const REMEMBERED: usize = if cfg!(shuttle) { 1 } else { 4096 };
/// The most entries of one generation: two full ones take 16 MiB.
const MOST_RECENT: usize = 7 << 15;

impl Registry {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            hasher: Keyed::new(),
            shards: std::iter::repeat_with(Mutex::default).take(SHARDS).collect(),
            remembered: std::iter::repeat_with(|| Epoch::at(0)).take(REMEMBERED).collect(),
            recent: None,
        })
    }

    /// A registry that also keeps exact epochs of names that nothing holds, up to a limit.
    pub(super) fn exact() -> Arc<Self> {
        Self::exact_to(if cfg!(shuttle) { 1 } else { MOST_RECENT })
    }

    pub(super) fn exact_to(most: usize) -> Arc<Self> {
        let recent = Mutex::new(Recent { most, ..Recent::default() });
        let new = Self::new();
        match Arc::try_unwrap(new) {
            Ok(new) => Arc::new(Self { recent: Some(recent), ..new }),
            Err(shared) => shared,
        }
    }

    /// The epoch of `name`, which is created if nothing holds it.
    pub(super) fn counter(self: &Arc<Self>, name: &str) -> Arc<Counter> {
        let hash = self.hasher.hash_one(name);
        let Some(shard) = self.shard(hash) else { return Counter::detached(name) };
        let mut names = lock(shard);
        if let Some(counter) = names.get(name).and_then(Weak::upgrade) {
            return counter;
        }
        // Under the lock: an invalidation writes to the table before it takes the lock, so either it is seen here, or it will find
        // this counter.
        let epoch = self.last_of(hash);
        let counter = Arc::new(Counter { epoch, name: name.into(), registry: Arc::downgrade(self) });
        names.insert(name.into(), Arc::downgrade(&counter));
        counter
    }

    pub(super) fn advance(&self, name: &str, epoch: u64, effect: Effect) {
        let hash = self.hasher.hash_one(name);
        match &self.recent {
            Some(recent) => self.remember(&mut lock(recent), hash, epoch, effect),
            None => _ = self.remembered(hash).map(|remembered| remembered.advance(epoch, effect)),
        }
        let held = self.shard(hash).and_then(|shard| lock(shard).get(name).and_then(Weak::upgrade));
        if let Some(counter) = held {
            counter.epoch.advance(epoch, effect);
        }
    }

    /// When a name with this hash was last invalidated; possibly too late, never too early.
    fn last_of(&self, hash: u64) -> Epoch {
        // In this order: an epoch that leaves `recent` in between is in the table by then.
        let recent = self.recent.as_ref().and_then(|recent| lock(recent).find(hash));
        recent.unwrap_or_else(|| self.remembered(hash).map_or_else(|| Epoch::at(0), Epoch::copy))
    }

    fn remember(&self, recent: &mut Recent, hash: u64, epoch: u64, effect: Effect) {
        let before = recent.find(hash);
        let known = recent.young.entry(hash).or_insert_with(|| {
            // The new entry starts with what is known of the name so far.
            before.unwrap_or_else(|| self.remembered(hash).map_or_else(|| Epoch::at(0), Epoch::copy))
        });
        known.advance(epoch, effect);
        if recent.young.len() >= recent.most {
            for (hash, epoch) in std::mem::replace(&mut recent.old, std::mem::take(&mut recent.young)) {
                if let Some(remembered) = self.remembered(hash) {
                    remembered.raise_to(&epoch);
                }
            }
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

impl Recent {
    fn find(&self, hash: u64) -> Option<Epoch> {
        self.young.get(&hash).or_else(|| self.old.get(&hash)).map(Epoch::copy)
    }
}

/// The index of a hash among `places`.
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
        // Compared by identity, as the name may have a new counter by now.
        if names.get(&self.name).is_some_and(|held| std::ptr::eq(held.as_ptr(), self)) {
            names.remove(&self.name);
        }
    }
}

impl fmt::Debug for Counter {
    /// Without the name, which may contain data of a request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counter").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
