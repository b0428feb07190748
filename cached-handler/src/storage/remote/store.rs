//! Where stored responses rest, and the clock that orders invalidations against them: two traits, and their laws.
//!
//! An own backend is one file with one `impl Store`; see [`Store`] for a complete one. It is given epochs of this
//! process ([`InProcessEpochs`]), so that invalidation is right within it. A backend that several processes share
//! brings [`Epochs`] of its own. [`conformance`] checks both against their laws.

use std::{
    fmt,
    hash::{Hash, Hasher},
    time::Duration,
};

use bytes::Bytes;

use crate::{error::Error, util::digest::Digest};

/// Bytes by key, with a lifetime: all that an own backend has to write.
///
/// # Laws
///
/// - **S1** After `put(k, v, …)` has returned `Ok`, `get(k)` gives `v` or nothing; nothing else, ever. Bytes may be lost
///   at any time, to save space or by accident. Damaged bytes are no danger either: all that is stored is checked when
///   it is read, against its key and its checksum.
/// - **S2** After `keep_for` has passed, `get(k)` gives nothing; sooner or later the bytes are gone.
/// - **S3** After `remove(k)` or `clear()` has returned `Ok`, what was put before it is gone.
/// - **S4** Any call may be dropped at any await; then it may have taken effect or not, and nothing else is harmed.
/// - **S5** Nothing blocks the thread. A call that takes longer than 50 ms (`get`) or 100 ms (the others) is given up;
///   [`BackendLimits`] sets other limits.
///
/// [`conformance::store`] tests them.
///
/// # Example
///
/// ```
/// use std::{collections::HashMap, sync::Mutex, time::{Duration, Instant}};
/// use bytes::Bytes;
/// use cached_handler::{Cache, Error, backend::{Store, StoreKey, conformance}};
///
/// /// The tutorial's dictionary. Bounded, as every store has to be.
/// #[derive(Default)]
/// struct Dict(Mutex<HashMap<StoreKey, (Bytes, Instant)>>);
///
/// impl Dict {
///     fn map(&self) -> std::sync::MutexGuard<'_, HashMap<StoreKey, (Bytes, Instant)>> {
///         self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
///     }
/// }
///
/// impl Store for Dict {
///     async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
///         Ok(self.map().get(key).filter(|(_, until)| Instant::now() < *until).map(|(bytes, _)| bytes.clone()))
///     }
///
///     async fn put(&self, key: &StoreKey, bytes: Bytes, keep_for: Duration) -> Result<(), Error> {
///         let mut map = self.map();
///         if map.len() >= 1000 {
///             map.clear();
///         }
///         map.insert(key.clone(), (bytes, Instant::now() + keep_for));
///         Ok(())
///     }
///
///     async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
///         self.map().remove(key);
///         Ok(())
///     }
///
///     async fn clear(&self) -> Result<(), Error> {
///         self.map().clear();
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// conformance::store(&Dict::default()).await;                                     // in a test
/// Cache::builder().backend("dict", Dict::default()).build().await?.install()?;    // `backend = "dict"`
/// # Ok(()) }
/// ```
pub trait Store: Send + Sync + 'static {
    /// The bytes under `key`, if they are there.
    fn get(&self, key: &StoreKey) -> impl Future<Output = Result<Option<Bytes>, Error>> + Send;

    /// Keeps `bytes` under `key` in place of what was there, for at most `keep_for`.
    fn put(&self, key: &StoreKey, bytes: Bytes, keep_for: Duration) -> impl Future<Output = Result<(), Error>> + Send;

    /// Forgets what is under `key`.
    fn remove(&self, key: &StoreKey) -> impl Future<Output = Result<(), Error>> + Send;

    /// Forgets everything of this cache, and nothing else.
    fn clear(&self) -> impl Future<Output = Result<(), Error>> + Send;
}

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
///   the handler's, the path's, each group's. An epoch that is missing comes into being, no later than the clock
///   read, unless something says that it was later once; then it counts as that.
/// - **E4** Whoever reads after an `advance` has returned sees it.
/// - **E5** Nothing blocks the thread. A call that takes longer than 50 ms (`read`) or 1 s (`advance`) is given up: the
///   invalidation is then an error, and may have taken effect or not. [`BackendLimits`] sets other limits.
///
/// [`conformance::epochs`] tests them.
pub trait Epochs: Send + Sync + 'static {
    /// The clock, and the latest of the epochs in `scopes`.
    fn read(&self, scopes: &Scopes<'_>) -> impl Future<Output = Result<Reading, Error>> + Send;

    /// Makes unusable, or stale, what was stamped before, in the target's scope.
    fn advance(&self, target: &crate::Target, effect: Effect) -> impl Future<Output = Result<(), Error>> + Send;

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

/// What became of a response that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Stored,
    /// There is one already, of a run that began later.
    Overtaken,
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
    path: Option<u64>,
    groups: &'a [Box<str>],
}

impl<'a> Scopes<'a> {
    pub(crate) fn new(handler: &'a str, path: impl Into<Option<u64>>, groups: &'a [Box<str>]) -> Self {
        Self { handler, path: path.into(), groups }
    }

    /// The handler's name.
    #[must_use]
    pub fn handler(&self) -> &'a str {
        self.handler
    }

    /// The number of the path: of a strong hash, the same in every process, so that hardly any two share one. Whoever keeps
    /// fewer epochs, and reduces it, does so under a secret: clients choose paths, and could find some that share theirs with
    /// another's. None for a [typed value](crate::Values), which has no path.
    #[must_use]
    pub fn path(&self) -> Option<u64> {
        self.path
    }

    /// The groups' names; at most 16, and 8 that stand for the [prefixes](crate::Target::path_prefix) of a path, or one that is the
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

/// The name of a stored response at rest: the handler's name and a digest. Nothing of the request can be read in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoreKey {
    name: Box<str>,
    /// Of everything that a key is made of.
    digest: Digest,
}

impl StoreKey {
    pub(crate) fn new(handler: &str, digest: Digest) -> Self {
        let hex = digest.to_hex();
        Self { name: [handler, "/", &hex].concat().into_boxed_str(), digest }
    }

    /// What the bytes under it begin with, so that another key's are known for what they are.
    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// A key under which nothing is ever put.
    pub(crate) fn probe() -> Self {
        Self { name: "probe".into(), digest: Digest::NONE }
    }

    /// A key for tests of a backend.
    #[must_use]
    pub fn for_tests(name: &str) -> Self {
        Self::new("test", Digest::of(name.as_bytes()))
    }

    /// The name; ASCII, at most some hundred bytes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl Hash for StoreKey {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // Of all that the key is made of, its handler included.
        hasher.write(self.digest.as_bytes());
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
