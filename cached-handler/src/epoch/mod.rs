//! The logical clock that orders invalidations and runs (law L4): its trait, the types of its questions and answers, and the
//! targets of invalidations.

pub(crate) mod group;
pub(crate) mod in_process;
pub(crate) mod own_invalidation;
pub(crate) mod target;

use std::fmt;

use crate::{epoch::target::Target, error::Error};

/// A logical clock, and the epochs that invalidations advance.
///
/// # Laws
///
/// - **E1** The clock never goes back within an incarnation. A backend that lost its clock takes a new, random incarnation, which
///   makes all responses that were stored before unusable.
/// - **E2** `advance(t, …)` advances the clock, and then sets the epoch of `t` to the new time; both are done when it returns `Ok`. An
///   epoch has two times, of the latest [`Effect::Invalidate`] and of the latest [`Effect`] of any kind; neither ever goes back.
/// - **E3** `read(s)` reads the clock **before** the epochs, and returns the latest times of all epochs in `s`: those of the namespace,
///   the handler, each path, and each group. A missing epoch is created, no later than the clock that was read; if it may have been
///   later once, it counts as that.
/// - **E4** A `read` that begins after an `advance` has returned sees it.
/// - **E5** Calls do not block the thread. A call that takes longer than 50 ms (`read`) or 1 s (`advance`) is dropped: the
///   invalidation is then an error, and may have taken effect or not. [`BackendLimits`](crate::backend::BackendLimits) changes the
///   limits.
///
/// [`conformance::epochs`](crate::backend::conformance::epochs) tests them.
pub trait Epochs: Send + Sync + 'static {
    /// Reads the clock, and the latest times of the epochs in `scopes`.
    fn read(&self, scopes: &Scopes<'_>) -> impl Future<Output = Result<EpochSnapshot, Error>> + Send;

    /// Makes the responses in the target's scope that were stamped before unusable, or stale.
    fn advance(&self, target: &Target, effect: Effect) -> impl Future<Output = Result<(), Error>> + Send;

    /// The incarnation and the clock, if they are known without waiting; never ahead of what [`read`](Self::read) would return.
    /// Otherwise the values that were last read count. This matters for handlers with `skip(…)` or `key(…)`, whose extractors may read
    /// data before the epochs are read: responses to requests from before the first reading are shared, but not stored; and requests
    /// from before the latest invalidation that this process has read of run a few at a time.
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
    /// They are stale: they are used only as far as a stale window allows.
    Expire,
}

/// A snapshot of the clock and of the epochs that concern one response; from [`Epochs::read`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochSnapshot {
    /// The incarnation of the clock: another one makes all responses that were stamped before unusable.
    pub incarnation: u64,
    /// The time of the clock.
    pub clock: u64,
    /// When any of the scopes was last invalidated.
    pub invalidated: u64,
    /// When any of the scopes was last invalidated or expired; never earlier than `invalidated`.
    pub expired: u64,
}

/// When a run started, by a backend's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub(crate) struct Stamp {
    pub(crate) incarnation: u64,
    pub(crate) clock: u64,
}

impl Stamp {
    /// The earlier of two stamps; `None` if they have different incarnations.
    pub(crate) fn no_later_than(self, limit: Self) -> Option<Self> {
        (self.incarnation == limit.incarnation).then(|| Self { clock: self.clock.min(limit.clock), ..self })
    }
}

/// When the run of a response began, which decides which of two responses for one key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Order {
    pub(crate) stamp: Stamp,
    /// The order among runs with one stamp: their number in this process, or the backend's time in milliseconds if processes share it.
    pub(crate) began: u64,
}

impl Order {
    /// Whether this run began after the other one. False for different incarnations, which cannot be compared.
    pub(crate) fn is_after(&self, other: &Self) -> bool {
        self.stamp.incarnation == other.stamp.incarnation && (self.stamp.clock, self.began) > (other.stamp.clock, other.began)
    }
}

/// How an invalidation changed the epoch of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moved {
    /// The latest time that the epoch may have had before; `u64::MAX` if unknown.
    pub(crate) from: u64,
    /// The epoch's new time, which is the clock's.
    pub(crate) to: Stamp,
}

impl EpochSnapshot {
    /// The stamp of a run that starts after this snapshot was taken.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { incarnation: self.incarnation, clock: self.clock }
    }

    /// Whether a response with this stamp may answer a request that took this snapshot.
    pub(crate) fn allows(&self, stamp: Stamp) -> bool {
        self.incarnation == stamp.incarnation && self.invalidated <= stamp.clock && stamp.clock <= self.clock
    }

    /// Whether a request that took this snapshot may follow a run with this stamp: nothing that concerns it was invalidated or expired
    /// since. Unlike a stored response, a run may be younger than the snapshot.
    pub(crate) fn may_join(&self, stamp: Stamp) -> bool {
        self.incarnation == stamp.incarnation && self.expired <= stamp.clock
    }

    /// Whether a response with this stamp has been expired since, and is stale.
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

    /// The number of the path: a strong hash, the same in every process, so that collisions are very rare. An implementation that keeps
    /// fewer epochs has to reduce the number under a secret: clients choose paths, and could otherwise look for two that share an
    /// epoch. There are up to eight numbers if an attribute says that paths share a response (`path = […]`), which the invalidation of
    /// any of them reaches; and none for a [typed value](crate::Values), which has no path.
    #[must_use]
    pub fn paths(&self) -> &'a [u64] {
        self.paths
    }

    /// The names of the groups: at most 16, and 8 for the [prefixes](crate::Target::path_prefix) of each path, or one for the key of a
    /// typed value.
    #[must_use]
    pub fn groups(&self) -> &'a [Box<str>] {
        self.groups
    }
}

impl fmt::Debug for Scopes<'_> {
    /// Without the names of groups, which may contain data of a request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scopes").field("handler", &self.handler).field("groups", &self.groups.len()).finish_non_exhaustive()
    }
}
