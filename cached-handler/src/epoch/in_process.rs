//! The logical clock and the epochs of this process: how an invalidation wins every race (law L4).
//!
//! A run's **stamp** is the time of the clock before the handler started. An invalidation advances the clock and sets its target's
//! epoch to the new time. A response is usable as long as no epoch that concerns it is later than its stamp. An epoch has two times:
//! responses stamped before the first are unusable, and those stamped before the second are stale. So a response whose handler
//! started before an invalidation is unusable as soon as the invalidation returns, even if it is stored only afterwards. This needs
//! no wall clock, and no list of a group's members.

mod registry;

use std::{fmt, hash::BuildHasher};

use crate::{
    epoch::{
        Effect, EpochSnapshot, Epochs, Moved, Scopes, Stamp,
        target::{Mark, Target},
    },
    error::Error,
    util::{
        hasher::Keyed,
        lock::explored::{Arc, AtomicU64, Ordering},
        random::random,
    },
};
pub(crate) use registry::Counter;
use registry::Registry;

/// The epochs of one process: those of the memory backend, and of every [`Store`](crate::backend::Store) without epochs of its own.
///
/// Paths share 65 536 epochs, so once in 65 536 times an invalidation costs another path a miss. Which paths share one is random in
/// each process, so clients cannot look for them. In the memory backend, groups and handlers have exact epochs, which its stored
/// responses hold. For a store of yours, the last 229 376 groups that were invalidated have exact epochs, including the keys of typed
/// values; older groups, and handlers, share 4 096: once in so many times an invalidation costs another one a miss. Sharing never
/// makes an invalidation miss its target.
pub struct InProcessEpochs {
    /// A random number that identifies this clock among those of other processes, and of later runs of this one.
    incarnation: u64,
    clock: AtomicU64,
    all: Epoch,
    handlers: Arc<Registry>,
    groups: Arc<Registry>,
    paths: Box<[Epoch]>,
    hasher: Keyed,
    /// How many advances of the clock are complete: if none is in progress, all of them.
    done: AtomicU64,
}

/// When something was last invalidated, and when it was last invalidated or expired.
#[derive(Debug)]
pub(crate) struct Epoch {
    invalidated: AtomicU64,
    expired: AtomicU64,
}

impl Epoch {
    fn at(epoch: u64) -> Self {
        Self { invalidated: AtomicU64::new(epoch), expired: AtomicU64::new(epoch) }
    }

    /// A copy with the current times.
    fn copy(&self) -> Self {
        Self { invalidated: AtomicU64::new(self.invalidated()), expired: AtomicU64::new(self.expired()) }
    }

    /// Raises both times to those of `other`, if these are later.
    fn raise_to(&self, other: &Self) {
        self.invalidated.fetch_max(other.invalidated(), Ordering::SeqCst);
        self.expired.fetch_max(other.expired(), Ordering::SeqCst);
    }

    /// Advances the epoch; returns the time of the advance before.
    fn advance(&self, epoch: u64, effect: Effect) -> u64 {
        // In this order, as a reader looks at `invalidated` only after it has seen a later `expired`.
        if effect == Effect::Invalidate {
            self.invalidated.fetch_max(epoch, Ordering::SeqCst);
        }
        self.expired.fetch_max(epoch, Ordering::SeqCst)
    }

    fn invalidated(&self) -> u64 {
        self.invalidated.load(Ordering::SeqCst)
    }

    fn expired(&self) -> u64 {
        self.expired.load(Ordering::SeqCst)
    }
}

/// References to the epochs that concern one response, which a hit reads without a look-up by name.
#[derive(Debug, Clone)]
pub(crate) struct Marks {
    handler: Arc<Counter>,
    /// The index of the path's epoch.
    path: Option<u32>,
    groups: Box<[Arc<Counter>]>,
    /// Further epochs, which few responses have.
    rare: Option<Box<Rare>>,
}

#[derive(Debug, Clone, Default)]
struct Rare {
    /// The indices of the epochs of further paths, which share the response.
    paths: Vec<u32>,
    /// The marks of the parts that the response is composed of, each with the stamp of its own run.
    parts: Vec<(Marks, u64)>,
}

impl Marks {
    /// Adds the marks of parts, and of the parts of those.
    pub(crate) fn add_parts(&mut self, parts: impl IntoIterator<Item = (Self, u64)>) {
        for (mut part, stamp) in parts {
            let all = &mut self.rare.get_or_insert_default().parts;
            if let Some(rare) = &mut part.rare {
                all.append(&mut rare.parts);
            }
            all.push((part, stamp));
        }
    }

    /// Adds the parts of another version of the same response.
    pub(crate) fn add_parts_of(&mut self, other: &Self) {
        self.add_parts(other.of_parts().iter().cloned());
    }

    pub(crate) fn has_parts(&self) -> bool {
        !self.of_parts().is_empty()
    }

    /// The size of the further epochs, in bytes; `of_part`: the size of each part besides its marks.
    pub(crate) fn weight(&self, of_part: usize) -> usize {
        let Some(rare) = &self.rare else { return 0 };
        size_of::<Rare>() + rare.paths.len() * size_of::<u32>() + rare.parts.len() * (size_of::<Self>() + of_part)
    }

    fn of_parts(&self) -> &[(Self, u64)] {
        self.rare.as_ref().map_or(&[], |rare| &rare.parts)
    }
}

/// The number of epochs of paths. Under shuttle there is one, as each schedule has to create them.
const BUCKETS: usize = if cfg!(shuttle) { 1 } else { 1 << 16 };

impl InProcessEpochs {
    /// New epochs, with a new clock.
    #[must_use]
    pub fn new() -> Self {
        Self { groups: Registry::exact(), ..Self::of_memory(Keyed::new()) }
    }

    /// New epochs for the memory backend, whose stored responses hold their epochs. `hasher` decides which paths share one.
    pub(crate) fn of_memory(hasher: Keyed) -> Self {
        Self {
            // One bit less, as the largest number is reserved.
            incarnation: random() >> 1,
            // Not zero, so that no epoch can be mistaken for "never".
            clock: AtomicU64::new(1),
            all: Epoch::at(0),
            handlers: Registry::new(),
            groups: Registry::new(),
            paths: std::iter::repeat_with(|| Epoch::at(0)).take(BUCKETS).collect(),
            hasher,
            done: AtomicU64::new(1),
        }
    }

    /// The time of the clock, with which a run that starts now is stamped.
    pub(crate) fn now(&self) -> u64 {
        self.clock.load(Ordering::SeqCst)
    }

    /// The index of a path's epoch, by a hash with this process's secret seed.
    fn index_of(&self, path: u64) -> u32 {
        u32::try_from(self.hasher.hash_one(path) % BUCKETS as u64).unwrap_or(0)
    }

    /// References to the epochs that concern a response; missing ones are created.
    pub(crate) fn marks<G: AsRef<str>>(&self, handler: &str, paths: &[u64], groups: &[G]) -> Marks {
        let mut places = paths.iter().map(|path| self.index_of(*path));
        let (path, further) = (places.next(), places.collect::<Vec<_>>());
        Marks {
            handler: self.handlers.counter(handler),
            path,
            groups: groups.iter().map(|group| self.groups.counter(group.as_ref())).collect(),
            rare: (!further.is_empty()).then(|| Box::new(Rare { paths: further, ..Rare::default() })),
        }
    }

    /// Adds the epochs of groups that became known only after the run.
    pub(crate) fn add_groups<G: AsRef<str>>(&self, marks: &mut Marks, groups: &[G]) {
        if !groups.is_empty() {
            let known = std::mem::take(&mut marks.groups).into_iter();
            marks.groups = known.chain(groups.iter().map(|group| self.groups.counter(group.as_ref()))).collect();
        }
    }

    /// The latest time at which a response was invalidated: if it was stamped before, it is unusable.
    pub(crate) fn invalidated(&self, marks: &Marks) -> u64 {
        self.latest(marks, Epoch::invalidated)
    }

    /// The latest time at which a response was invalidated or expired: if it was stamped before, it is not fresh. A hit reads this
    /// time alone: four loads, and one more per group.
    pub(crate) fn expired(&self, marks: &Marks) -> u64 {
        self.latest(marks, Epoch::expired)
    }

    #[inline]
    fn latest(&self, marks: &Marks, time: fn(&Epoch) -> u64) -> u64 {
        let usual = self.latest_of_usual(marks, time);
        match &marks.rare {
            None => usual,
            Some(rare) => self.latest_with_rare(rare, usual, time),
        }
    }

    #[inline]
    fn latest_of_usual(&self, marks: &Marks, time: fn(&Epoch) -> u64) -> u64 {
        let path = marks.path.map_or(0, |path| self.of_path(path, time));
        let scoped = time(&self.all).max(time(marks.handler.epoch())).max(path);
        marks.groups.iter().fold(scoped, |latest, group| latest.max(time(group.epoch())))
    }

    /// `u64::MAX` if a part is outdated by its own stamp: then every response that is composed of it is unusable, whenever it was
    /// made. The parts of a part are in the same list.
    #[cold]
    fn latest_with_rare(&self, rare: &Rare, usual: u64, time: fn(&Epoch) -> u64) -> u64 {
        if rare.parts.iter().any(|(part, stamp)| self.latest(part, time) > *stamp) {
            return u64::MAX;
        }
        rare.paths.iter().fold(usual, |latest, path| latest.max(self.of_path(*path, time)))
    }

    #[inline]
    fn of_path(&self, place: u32, time: fn(&Epoch) -> u64) -> u64 {
        self.paths.get(place as usize).map_or(0, time)
    }

    /// Whether every advance of the clock has reached its epoch, so that epochs which are read afterwards include all invalidations
    /// up to the current time.
    pub(crate) fn is_settled(&self) -> bool {
        // In this order: an advance that begins in between counts as not complete.
        let done = self.done.load(Ordering::SeqCst);
        done == self.now()
    }

    /// The time of the clock, if it is [settled](Self::is_settled).
    pub(crate) fn settled_clock(&self) -> Option<Stamp> {
        let done = self.done.load(Ordering::SeqCst);
        let clock = self.now();
        (done == clock).then_some(Stamp { incarnation: self.incarnation, clock })
    }

    /// The snapshot for a response, with the time of a clock that was read before.
    pub(crate) fn reading(&self, marks: &Marks, clock: u64) -> EpochSnapshot {
        EpochSnapshot { incarnation: self.incarnation, clock, invalidated: self.invalidated(marks), expired: self.expired(marks) }
    }

    /// Reads the epochs without waiting. Also returns the references to them, which are looked up unless they are `known`.
    pub(crate) fn read_now(&self, scopes: &Scopes<'_>, known: Option<Marks>) -> (EpochSnapshot, Marks) {
        // The clock first: an advance in between is then later than the snapshot's clock, and never hidden by it.
        let clock = self.now();
        let marks = known.unwrap_or_else(|| self.marks(scopes.handler(), scopes.paths(), scopes.groups()));
        (self.reading(&marks, clock), marks)
    }

    /// Makes every response in the target's scope that was stamped before this call unusable, or stale.
    pub(crate) fn advance_now(&self, mark: Mark<'_>, effect: Effect) -> Moved {
        let epoch = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
        // An earlier advance that is still in progress would leave no trace in an epoch that is later by then.
        let is_alone = self.done.load(Ordering::SeqCst) + 1 == self.now();
        let before = self.move_to(mark, epoch, effect);
        let from = before.filter(|_| is_alone).unwrap_or(u64::MAX);
        self.done.fetch_add(1, Ordering::SeqCst);
        Moved { from, to: Stamp { incarnation: self.incarnation, clock: epoch } }
    }

    /// Moves one epoch to a time, and gives the time that it had before if it is a path's. By itself this is for a mirror of
    /// epochs that lie elsewhere: their clock is another.
    pub(crate) fn move_to(&self, mark: Mark<'_>, epoch: u64, effect: Effect) -> Option<u64> {
        match mark {
            Mark::All => _ = self.all.advance(epoch, effect),
            Mark::Handler(name) => self.handlers.advance(name, epoch, effect),
            Mark::Group(name) => self.groups.advance(name, epoch, effect),
            Mark::Path(path) => return self.paths.get(self.index_of(path) as usize).map(|path| path.advance(epoch, effect)),
        }
        None
    }
}

impl Epochs for InProcessEpochs {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        Ok(self.read_now(scopes, None).0)
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        self.advance_now(target.mark(), effect);
        Ok(())
    }

    fn known(&self) -> Option<(u64, u64)> {
        Some((self.incarnation, self.now()))
    }
}

impl Default for InProcessEpochs {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for InProcessEpochs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessEpochs").field("clock", &self.now()).finish_non_exhaustive()
    }
}

#[cfg(all(test, shuttle))]
mod shuttle_tests;
#[cfg(all(test, not(shuttle)))]
mod tests;
