//! The logical clock that orders invalidations against runs (law L4): its trait, what it is asked, and what can be named.

pub(crate) mod group;
pub(crate) mod in_process;
pub(crate) mod own_invalidation;
pub(crate) mod target;

use std::fmt;

use crate::{epoch::target::Target, error::Error};

/// A logical clock and the epochs that an invalidation moves on.
///
/// # Laws
///
/// - **E1** The clock never goes back within an incarnation. A backend that lost its clock takes a new, random
///   incarnation, and so makes all that was stored before unusable.
/// - **E2** `advance(t, …)` moves the clock on, then sets the epoch of `t` to the new time; both are done when it returns
///   `Ok`. An epoch is two times, of the latest [`Effect::Invalidate`] and of the latest [`Effect`] of any kind; neither
///   ever goes back.
/// - **E3** `read(s)` reads the clock **before** the epochs, and gives the latest times of all in `s`: the namespace's,
///   the handler's, each path's, each group's. An epoch that is missing comes into being, no later than the clock
///   read, unless something says that it was later once; then it counts as that.
/// - **E4** Whoever reads after an `advance` has returned sees it.
/// - **E5** Nothing blocks the thread. A call that takes longer than 50 ms (`read`) or 1 s (`advance`) is given up: the
///   invalidation is then an error, and may have taken effect or not. [`BackendLimits`](crate::backend::BackendLimits) sets other limits.
///
/// [`conformance::epochs`](crate::backend::conformance::epochs) tests them.
pub trait Epochs: Send + Sync + 'static {
    /// The clock, and the latest of the epochs in `scopes`.
    fn read(&self, scopes: &Scopes<'_>) -> impl Future<Output = Result<Reading, Error>> + Send;

    /// Makes unusable, or stale, what was stamped before, in the target's scope.
    fn advance(&self, target: &Target, effect: Effect) -> impl Future<Output = Result<(), Error>> + Send;

    /// The incarnation and the clock, where they are known without waiting; never ahead of what [`read`](Self::read)
    /// would give. Otherwise what was last read counts, which matters where `skip(…)` or `key(…)` keeps an argument back:
    /// what is made of requests from before the first reading is shared, and not stored; those that come before this process
    /// has read of an invalidation run a few at a time.
    fn known(&self) -> Option<(u64, u64)> {
        None
    }
}

/// What an [`advance`](Epochs::advance) does to the responses stamped before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// They are never used again.
    Invalidate,
    /// They are stale: used only as far as a stale window allows.
    Expire,
}

/// A look at the clock and at the epochs that concern one response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Which life of the clock this is: another one makes everything stamped before unusable.
    pub incarnation: u64,
    /// The clock.
    pub clock: u64,
    /// When any of what was asked for was last invalidated.
    pub invalidated: u64,
    /// When any of it was last invalidated or expired; never earlier than `invalidated`.
    pub expired: u64,
}

/// When a run started, by a backend's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stamp {
    pub(crate) incarnation: u64,
    pub(crate) clock: u64,
}

impl Stamp {
    /// The earlier of two; none, where they are of two lives of the clock.
    pub(crate) fn no_later_than(self, limit: Self) -> Option<Self> {
        (self.incarnation == limit.incarnation).then(|| Self { clock: self.clock.min(limit.clock), ..self })
    }
}

/// When the run began that a response is of: which of two is kept, where one lies already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Order {
    pub(crate) stamp: Stamp,
    /// Among runs of one stamp: their number in this process, or milliseconds of the backend's time where several share it.
    pub(crate) began: u64,
}

impl Order {
    /// Whether that run began after the other one. Of runs in two lives of the clock nobody can say.
    pub(crate) fn is_after(&self, other: &Self) -> bool {
        self.stamp.incarnation == other.stamp.incarnation && (self.stamp.clock, self.began) > (other.stamp.clock, other.began)
    }
}

/// What one invalidation has done to the epoch of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moved {
    /// The latest time that the epoch may have had before; for ever, where nobody can say.
    pub(crate) from: u64,
    /// The time that it has now, which is the clock's.
    pub(crate) to: Stamp,
}

impl Reading {
    /// The stamp of a run that starts after this reading.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { incarnation: self.incarnation, clock: self.clock }
    }

    /// Whether what was stamped so may answer a request that made this reading.
    pub(crate) fn allows(&self, stamp: Stamp) -> bool {
        self.incarnation == stamp.incarnation && self.invalidated <= stamp.clock && stamp.clock <= self.clock
    }

    /// Whether a request that made this reading may wait for a run stamped so: nothing that concerns it was invalidated
    /// or expired since. Other than a stored response, a run may be younger than the reading.
    pub(crate) fn may_join(&self, stamp: Stamp) -> bool {
        self.incarnation == stamp.incarnation && self.expired <= stamp.clock
    }

    /// Whether what was stamped so has been expired since, and is stale therefore.
    pub(crate) fn expires(&self, stamp: Stamp) -> bool {
        self.expired > stamp.clock
    }
}

/// The epochs that concern one response, by name.
#[derive(Clone, Copy)]
pub struct Scopes<'a> {
    handler: &'a str,
    paths: &'a [u64],
    groups: &'a [Box<str>],
}

impl<'a> Scopes<'a> {
    pub(crate) fn new(handler: &'a str, paths: &'a [u64], groups: &'a [Box<str>]) -> Self {
        Self { handler, paths, groups }
    }

    /// The handler's name.
    #[must_use]
    pub fn handler(&self) -> &'a str {
        self.handler
    }

    /// The number of the path: of a strong hash, the same in every process, so that hardly any two share one. Whoever keeps
    /// fewer epochs, and reduces it, does so under a secret: clients choose paths, and could find some that share theirs with
    /// another's. There are up to eight if an attribute says that paths share a response (`path = […]`): the invalidation of each
    /// of them reaches it. None for a [typed value](crate::Values), which has no path.
    #[must_use]
    pub fn paths(&self) -> &'a [u64] {
        self.paths
    }

    /// The groups' names; at most 16, and 8 that stand for the [prefixes](crate::Target::path_prefix) of each path, or one that is the
    /// key of a typed value.
    #[must_use]
    pub fn groups(&self) -> &'a [Box<str>] {
        self.groups
    }
}

impl fmt::Debug for Scopes<'_> {
    /// Without the groups' names, which may hold what a handler was asked for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scopes").field("handler", &self.handler).field("groups", &self.groups.len()).finish_non_exhaustive()
    }
}
