//! The logical clock and the epochs of this process: how an invalidation wins every race (law L4).
//!
//! A run's **stamp** is the clock as it stood before the handler started. An invalidation moves the clock on and sets
//! its target's epoch to the new time. A response is usable as long as no epoch that concerns it is later than its
//! stamp. An epoch is two times: what was stamped before the one is unusable, before the other stale. So a response whose
//! handler started before an invalidation is unusable the moment the invalidation returns, also if it is stored only
//! afterwards; and no wall clock and no list of members is needed.

mod registry;

use std::{fmt, hash::BuildHasher};

use smallvec::SmallVec;

use crate::{
    epoch::{
        Effect, Epochs, Moved, Reading, Scopes, Stamp,
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

/// The epochs of one process: those of the memory backend, and of every [`Store`](crate::backend::Store) that brings
/// none of its own.
///
/// Paths share 65 536 epochs, so an invalidation costs the owner of another path a miss once in 65 536 times; which paths
/// those are is another matter in each process, so that nobody can look for them. Groups and
/// handlers are told apart exactly in the memory backend, whose stored responses hold their epochs. For a store of yours
/// the last 229 376 groups that were invalidated are, the keys of typed values among them; those before, and handlers, share
/// 4 096: once in so many times an invalidation costs another one's owner a miss, too. Chance decides anew in each process
/// which names meet; none is ever spared.
pub struct InProcessEpochs {
    /// Tells this clock from that of every other process, and of this one's next life.
    incarnation: u64,
    clock: AtomicU64,
    all: Epoch,
    handlers: Arc<Registry>,
    groups: Arc<Registry>,
    paths: Box<[Epoch]>,
    hasher: Keyed,
    /// How many of the clock's steps have come to their end: all, where none is under way.
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

    /// Another one that stands where this one does.
    fn again(&self) -> Self {
        Self { invalidated: AtomicU64::new(self.invalidated()), expired: AtomicU64::new(self.expired()) }
    }

    /// Is as late as the other one, too.
    fn take(&self, other: &Self) {
        self.invalidated.fetch_max(other.invalidated(), Ordering::SeqCst);
        self.expired.fetch_max(other.expired(), Ordering::SeqCst);
    }

    /// Gives the time of the latest advance before.
    fn advance(&self, epoch: u64, effect: Effect) -> u64 {
        // Whoever sees the second of two has to see the first: a reader looks at `expired` alone as long as that allows.
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

/// The epochs that concern one response, held where they are read without a look-up.
#[derive(Debug, Clone)]
pub(crate) struct Marks {
    handler: Arc<Counter>,
    /// The place of the path's epoch.
    path: Option<usize>,
    groups: SmallVec<[Arc<Counter>; 4]>,
    /// What few responses have.
    rare: Option<Box<Rare>>,
}

#[derive(Debug, Clone, Default)]
struct Rare {
    /// The places of the epochs of further paths, which share the response.
    paths: Vec<usize>,
    /// The marks of what the response is made of, each with the stamp of its own run.
    parts: Vec<(Marks, u64)>,
}

impl Marks {
    /// Adds those of what it is made of, and of what those are made of.
    pub(crate) fn add_parts(&mut self, parts: impl IntoIterator<Item = (Self, u64)>) {
        for (mut part, stamp) in parts {
            let all = &mut self.rare.get_or_insert_default().parts;
            if let Some(rare) = &mut part.rare {
                all.append(&mut rare.parts);
            }
            all.push((part, stamp));
        }
    }

    /// The parts of another, which is the same response as it was before.
    pub(crate) fn add_parts_of(&mut self, other: &Self) {
        self.add_parts(other.of_parts().iter().cloned());
    }

    pub(crate) fn has_parts(&self) -> bool {
        !self.of_parts().is_empty()
    }

    /// What few responses have, in bytes; `of_part`: what each of the parts takes.
    pub(crate) fn weight(&self, of_part: usize) -> usize {
        let Some(rare) = &self.rare else { return 0 };
        size_of::<Rare>() + rare.paths.len() * size_of::<usize>() + rare.parts.len() * (size_of::<Self>() + of_part)
    }

    fn of_parts(&self) -> &[(Self, u64)] {
        self.rare.as_ref().map_or(&[], |rare| &rare.parts)
    }
}

/// One where schedules are explored, which would spend their time on making the others.
const BUCKETS: usize = if cfg!(shuttle) { 1 } else { 1 << 16 };

impl InProcessEpochs {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { groups: Registry::exact(), ..Self::of_memory(Keyed::new()) }
    }

    /// The same for the memory backend, whose stored responses hold their epochs. `hasher` says which paths share one.
    pub(crate) fn of_memory(hasher: Keyed) -> Self {
        Self {
            // One bit less: the largest of all is no clock's.
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

    /// The time that a run which starts now is stamped with.
    pub(crate) fn now(&self) -> u64 {
        self.clock.load(Ordering::SeqCst)
    }

    /// Which of the epochs of paths, under the secret of this process.
    fn place_of(&self, path: u64) -> usize {
        usize::try_from(self.hasher.hash_one(path) % BUCKETS as u64).unwrap_or(0)
    }

    /// Holds the epochs that concern a response; missing ones come into being.
    pub(crate) fn marks<G: AsRef<str>>(&self, handler: &str, paths: &[u64], groups: &[G]) -> Marks {
        let mut places = paths.iter().map(|path| self.place_of(*path));
        let (path, further) = (places.next(), places.collect::<Vec<_>>());
        Marks {
            handler: self.handlers.counter(handler),
            path,
            groups: groups.iter().map(|group| self.groups.counter(group.as_ref())).collect(),
            rare: (!further.is_empty()).then(|| Box::new(Rare { paths: further, ..Rare::default() })),
        }
    }

    /// Adds the groups that became known only after the run.
    pub(crate) fn add_groups<G: AsRef<str>>(&self, marks: &mut Marks, groups: &[G]) {
        marks.groups.extend(groups.iter().map(|group| self.groups.counter(group.as_ref())));
    }

    /// The latest time at which a response was invalidated: what was stamped before it is unusable.
    pub(crate) fn invalidated(&self, marks: &Marks) -> u64 {
        self.latest(marks, Epoch::invalidated)
    }

    /// The latest time at which a response was invalidated or expired: what was stamped before it is not fresh. On the
    /// way of a hit it is the only one that is read: four loads and one more per group.
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

    /// For ever, where a part is outdated by its own stamp, as then nothing that is made of it is of use, whenever that was
    /// made. A part's parts stand beside it.
    #[cold]
    fn latest_with_rare(&self, rare: &Rare, usual: u64, time: fn(&Epoch) -> u64) -> u64 {
        if rare.parts.iter().any(|(part, stamp)| self.latest(part, time) > *stamp) {
            return u64::MAX;
        }
        rare.paths.iter().fold(usual, |latest, path| latest.max(self.of_path(*path, time)))
    }

    #[inline]
    fn of_path(&self, place: usize, time: fn(&Epoch) -> u64) -> u64 {
        self.paths.get(place).map_or(0, time)
    }

    /// Whether each step of the clock has reached its epoch: what is read of epochs after this covers all invalidations that
    /// have a time.
    pub(crate) fn is_settled(&self) -> bool {
        // In this order: a step that begins in between is one that has not come to its end.
        let done = self.done.load(Ordering::SeqCst);
        done == self.now()
    }

    /// The clock, where it is [settled](Self::is_settled).
    pub(crate) fn settled_clock(&self) -> Option<Stamp> {
        let done = self.done.load(Ordering::SeqCst);
        let clock = self.now();
        (done == clock).then_some(Stamp { incarnation: self.incarnation, clock })
    }

    /// The clock, and then the epochs.
    pub(crate) fn reading(&self, marks: &Marks, clock: u64) -> Reading {
        Reading { incarnation: self.incarnation, clock, invalidated: self.invalidated(marks), expired: self.expired(marks) }
    }

    /// The same without waiting, and where the epochs are, unless that is `known`.
    pub(crate) fn read_now(&self, scopes: &Scopes<'_>, known: Option<Marks>) -> (Reading, Marks) {
        // The clock first: what is advanced in between is then later than the reading, never hidden by it.
        let clock = self.now();
        let marks = known.unwrap_or_else(|| self.marks(scopes.handler(), scopes.paths(), scopes.groups()));
        (self.reading(&marks, clock), marks)
    }

    /// Makes every response stamped before this call unusable, or stale, in the target's scope.
    pub(crate) fn advance_now(&self, mark: Mark<'_>, effect: Effect) -> Moved {
        let epoch = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
        // One that has an earlier time and is still under way would leave no trace in an epoch that is later by then.
        let is_alone = self.done.load(Ordering::SeqCst) + 1 == self.now();
        let mut from = u64::MAX;
        match mark {
            Mark::All => _ = self.all.advance(epoch, effect),
            Mark::Handler(name) => self.handlers.advance(name, epoch, effect),
            Mark::Group(name) => self.groups.advance(name, epoch, effect),
            Mark::Path(path) => {
                if let Some(path) = self.paths.get(self.place_of(path)) {
                    let before = path.advance(epoch, effect);
                    from = if is_alone { before } else { u64::MAX };
                }
            }
        }
        self.done.fetch_add(1, Ordering::SeqCst);
        Moved { from, to: Stamp { incarnation: self.incarnation, clock: epoch } }
    }
}

impl Epochs for InProcessEpochs {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<Reading, Error> {
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
