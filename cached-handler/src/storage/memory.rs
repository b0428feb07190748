//! The memory backend: responses behind an `Arc` each, on moka, bounded in bytes.

use std::{
    fmt,
    hash::BuildHasher,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use http::HeaderMap;
use moka::notification::RemovalCause;

use super::{Entry, Validity};
use crate::{
    epoch::in_process::{InProcessEpochs, Marks},
    handler::Handler,
    key::primary::{KeyRef, PrimaryKey},
    observe::MemoryMeters,
    outcome::NotStored,
    stored::{MAX_VARIANTS, Slot, Stored, Variants, form::Forms, weight::allocated},
    util::{clock::Millis, hasher::Keyed, lock::lock},
};

/// Stored responses of this process, and their epochs.
pub(crate) struct Memory {
    slots: moka::sync::Cache<PrimaryKey, Arc<Slot>, Keyed>,
    pub(crate) epochs: InProcessEpochs,
    capacity: u64,
    /// Bytes inserted since maintenance last ran.
    unsettled: AtomicU64,
    held: Arc<Held>,
    /// Responses of one key are put one after the other, so that none takes the place of one that is newer.
    turns: Box<[Mutex<()>]>,
    hasher: Keyed,
    /// What its responses have in common.
    pub(crate) forms: Forms,
}

/// What it holds, counted as it comes and goes: moka's own figures lag behind.
struct Held {
    bytes: AtomicU64,
    responses: AtomicU64,
    evicted: AtomicU64,
    meters: MemoryMeters,
}

/// moka evicts in a maintenance that it puts off. Left to itself it grows to twice its capacity under 16 writers of
/// large responses; so a writer that has added this share of the capacity settles it.
const SETTLE_AT: u64 = 64;

const TURNS: usize = 64;

impl Memory {
    /// Holds at most `capacity` bytes of keys, fields, contents and overhead. `paths` says which paths share an epoch.
    pub(crate) fn new(capacity: u64, paths: Keyed) -> Self {
        let held = Arc::new(Held::new());
        let leaving = Arc::clone(&held);
        let slots = moka::sync::Cache::builder()
            .max_capacity(capacity)
            .weigher(|key: &PrimaryKey, slot: &Arc<Slot>| u32::try_from(weigh(key, slot)).unwrap_or(u32::MAX))
            .eviction_listener(move |key, slot, cause| leaving.less(&key, &slot, cause))
            .build_with_hasher(Keyed::new());
        let turns = std::iter::repeat_with(Mutex::default).take(TURNS).collect();
        let (epochs, unsettled) = (InProcessEpochs::of_memory(paths), AtomicU64::new(0));
        Self { slots, epochs, capacity, unsettled, held, turns, hasher: Keyed::new(), forms: Forms::new() }
    }

    #[inline]
    pub(crate) fn get(&self, key: &KeyRef<'_>) -> Option<Arc<Slot>> {
        self.slots.get(key)
    }

    /// What a request selects of what lies under its key, and the key of the variant that it is; none, where no variant is its.
    pub(super) fn selected(
        &self,
        slot: Arc<Slot>,
        key: &KeyRef<'_>,
        handler: &Handler,
        fields: Option<&HeaderMap>,
    ) -> Option<(Arc<Slot>, Option<PrimaryKey>)> {
        let Slot::Variants(variants) = &*slot else { return Some((slot, None)) };
        let own_key = key.variant(&variants.values(fields, handler.policy.by_meaning));
        Some((self.get(&own_key.as_ref())?, Some(own_key)))
    }

    /// Stores, unless it would take the whole capacity, or the place of what a run has made that began later.
    pub(crate) fn put(&self, key: PrimaryKey, slot: Arc<Slot>) -> Result<(), NotStored> {
        let weight = u64::try_from(weigh(&key, &slot)).unwrap_or(u64::MAX);
        if weight > self.capacity {
            return Err(NotStored::TooLarge);
        }
        let turn = usize::try_from(self.hasher.hash_one(&key) % TURNS as u64).ok().and_then(|turn| self.turns.get(turn)).map(lock);
        // Looked for first, as that counts for nothing in what is kept by how often it was asked for.
        let known = if self.slots.contains_key(&key) { self.slots.get(&key) } else { None };
        if known.is_some_and(|known| known.order().is_after(&slot.order())) {
            return Err(NotStored::Overtaken);
        }
        self.held.more(weight, &slot);
        self.slots.insert(key, slot);
        drop(turn);
        let unsettled = self.unsettled.fetch_add(weight, Ordering::Relaxed).saturating_add(weight);
        if unsettled > self.capacity / SETTLE_AT {
            self.unsettled.store(0, Ordering::Relaxed);
            self.slots.run_pending_tasks();
        }
        Ok(())
    }

    /// Stores a response of a run, with what is known of its key's variants. `marks`: the epochs of that run.
    pub(crate) fn store(&self, entry: &Entry<'_>, slot: &Arc<Slot>, marks: Option<&Marks>, now: Millis) -> Result<(), NotStored> {
        let Slot::Response(stored) = &**slot else { return Err(NotStored::Backend) };
        if self.has_invalidated(stored) {
            return Err(NotStored::Invalidated);
        }
        let Some((variants, values)) = stored.selecting() else { return self.put(entry.key.clone(), Arc::clone(slot)) };
        let known = self.get(&entry.key.as_ref());
        let known = match known.as_deref() {
            Some(Slot::Variants(known)) => Some(known),
            _ => None,
        };
        // If all known variants were invalidated by what they have in common, the record takes no place any more.
        let invalidated = marks.map_or(0, |marks| self.epochs.invalidated(marks));
        let known = known.filter(|known| known.known.len() < MAX_VARIANTS || invalidated <= known.latest.stamp.clock);
        let hash = self.hasher.hash_one(&**values);
        let Some(mut record) = Variants::with_one_more(known, variants, (hash, stored.answers_until()), now) else {
            return Err(NotStored::TooManyVariants);
        };
        record.take(stored.order());
        let values = entry.values(&record);
        self.put(entry.key.clone(), Arc::new(Slot::Variants(record)))?;
        self.put(entry.key.as_ref().variant(&values), Arc::clone(slot))
    }

    /// Whether anything that concerns a response was invalidated after its handler had begun; also if nobody knows.
    pub(crate) fn has_invalidated(&self, stored: &Stored) -> bool {
        stored.marks.as_ref().is_none_or(|marks| self.epochs.invalidated(marks) > stored.stamp.clock)
    }

    /// What the epochs that a response holds say of it. The copy of what rests elsewhere holds none: whether that is valid was
    /// seen where it was peeked at.
    #[expect(clippy::inline_always, reason = "a call on the way of every hit")]
    #[inline(always)]
    pub(crate) fn validity(&self, stored: &Stored) -> Validity {
        // While nothing at all has been invalidated since, there is no epoch to look at.
        if self.epochs.now() > stored.stamp.clock
            && let Some(marks) = &stored.marks
            && self.epochs.expired(marks) > stored.stamp.clock
        {
            return if self.epochs.invalidated(marks) > stored.stamp.clock { Validity::Invalidated } else { Validity::Expired };
        }
        Validity::Current
    }

    /// Forgets one.
    pub(crate) fn remove(&self, key: &PrimaryKey) {
        self.slots.invalidate(key);
    }

    /// What it holds, and what it has evicted: bytes, responses, evictions.
    pub(crate) fn settled(&self) -> (u64, u64, u64) {
        self.slots.run_pending_tasks();
        let Held { bytes, responses, evicted, .. } = &*self.held;
        (bytes.load(Ordering::Relaxed), responses.load(Ordering::Relaxed), evicted.load(Ordering::Relaxed))
    }

    /// Bytes held, as of the last maintenance.
    pub(crate) fn weight(&self) -> u64 {
        self.slots.weighted_size()
    }
}

impl Held {
    fn new() -> Self {
        Self { bytes: AtomicU64::new(0), responses: AtomicU64::new(0), evicted: AtomicU64::new(0), meters: MemoryMeters::new() }
    }

    fn more(&self, weight: u64, slot: &Slot) {
        let responses = count(slot);
        self.bytes.fetch_add(weight, Ordering::Relaxed);
        self.responses.fetch_add(responses, Ordering::Relaxed);
        self.meters.more(weight, responses);
    }

    fn less(&self, key: &PrimaryKey, slot: &Slot, cause: RemovalCause) {
        let (weight, responses) = (u64::try_from(weigh(key, slot)).unwrap_or(u64::MAX), count(slot));
        self.bytes.fetch_sub(weight, Ordering::Relaxed);
        self.responses.fetch_sub(responses, Ordering::Relaxed);
        self.meters.less(weight, responses);
        // For space; what is replaced is not lost.
        if cause == RemovalCause::Size && responses > 0 {
            self.evicted.fetch_add(1, Ordering::Relaxed);
            self.meters.evicted();
        }
    }
}

impl Drop for Held {
    /// With its cache, which tells nobody of each.
    fn drop(&mut self) {
        self.meters.less(*self.bytes.get_mut(), *self.responses.get_mut());
    }
}

/// What tells of variants is no response.
fn count(slot: &Slot) -> u64 {
    u64::from(matches!(slot, Slot::Response(_)))
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("capacity", &self.capacity).field("weight", &self.weight()).finish_non_exhaustive()
    }
}

/// The memory that a stored response takes. To a large one an eighth is added, for what an allocator loses between pieces of
/// all sizes and for what has been evicted but not freed yet (measured: a quarter, with 16 writers at once).
fn weigh(key: &PrimaryKey, slot: &Slot) -> usize {
    let bytes = OVERHEAD + allocated(key.len()) + slot.weight();
    bytes + bytes.saturating_sub(SMALL) / 8
}

/// Pieces of about the same size lie beside each other, and lose nothing.
const SMALL: usize = 4096;

/// What moka holds for a response besides the key's bytes: the key, the entry and what is known of its use, its nodes in the hash
/// table and in the list by last use, and its places in the tables of the hashes and of the frequencies.
const OVERHEAD: usize = 368;
