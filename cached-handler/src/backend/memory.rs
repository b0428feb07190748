//! The memory backend: responses behind an `Arc` each, on moka, bounded in bytes.

use std::{
    fmt,
    hash::RandomState,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    epoch::InProcessEpochs,
    key::{KeyRef, PrimaryKey},
    stored::Slot,
};

/// Stored responses of this process, and their epochs.
pub(crate) struct Memory {
    slots: moka::sync::Cache<PrimaryKey, Arc<Slot>, RandomState>,
    pub(crate) epochs: InProcessEpochs,
    capacity: u64,
    /// Bytes inserted since maintenance last ran.
    unsettled: AtomicU64,
}

/// moka evicts in a maintenance that it puts off. Left to itself it grows to twice its capacity under 16 writers of
/// large responses; so a writer that has added this share of the capacity settles it.
const SETTLE_AT: u64 = 64;

impl Memory {
    /// Holds at most `capacity` bytes of keys, fields, contents and overhead.
    pub(crate) fn new(capacity: u64) -> Self {
        let slots = moka::sync::Cache::builder()
            .max_capacity(capacity)
            .weigher(|key: &PrimaryKey, slot: &Arc<Slot>| u32::try_from(weigh(key, slot)).unwrap_or(u32::MAX))
            .build_with_hasher(RandomState::new());
        Self { slots, epochs: InProcessEpochs::new(), capacity, unsettled: AtomicU64::new(0) }
    }

    #[inline]
    pub(crate) fn get(&self, key: &KeyRef<'_>) -> Option<Arc<Slot>> {
        self.slots.get(key)
    }

    /// Stores, unless it would take the whole capacity.
    pub(crate) fn put(&self, key: PrimaryKey, slot: Arc<Slot>) -> bool {
        let weight = u64::try_from(weigh(&key, &slot)).unwrap_or(u64::MAX);
        if weight > self.capacity {
            return false;
        }
        self.slots.insert(key, slot);
        let unsettled = self.unsettled.fetch_add(weight, Ordering::Relaxed).saturating_add(weight);
        if unsettled > self.capacity / SETTLE_AT {
            self.unsettled.store(0, Ordering::Relaxed);
            self.slots.run_pending_tasks();
        }
        true
    }

    /// Bytes held, as of the last maintenance.
    pub(crate) fn weight(&self) -> u64 {
        self.slots.weighted_size()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("capacity", &self.capacity).field("weight", &self.weight()).finish_non_exhaustive()
    }
}

/// What a stored response costs the process: its bytes, and an eighth for what an allocator loses between pieces of all
/// sizes and for what has been evicted but not freed yet (measured: a quarter, with 16 writers at once).
fn weigh(key: &PrimaryKey, slot: &Slot) -> usize {
    let bytes = OVERHEAD + key.len() + slot.weight();
    bytes + bytes / 8
}

/// What a stored response costs besides its bytes: moka's node, the key's and the slot's headers, the counters.
const OVERHEAD: usize = 512;
