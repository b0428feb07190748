//! Remote backends: what a request asks of a backend that it has to wait for.

pub(crate) mod adapter;
#[cfg(any(feature = "testing", doc, test))]
pub mod conformance;
#[cfg(all(feature = "fs", unix))]
pub(crate) mod fs;
pub(crate) mod guard;
pub(crate) mod latest_stamp;
#[cfg(test)]
#[cfg(any(feature = "fs", feature = "redis"))]
mod mutations;
#[cfg(feature = "redis")]
pub(crate) mod redis;
pub(crate) mod store;

use std::{fmt, pin::Pin, sync::Arc, time::Duration, time::SystemTime};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::{
    epoch::{Effect, EpochSnapshot, Moved, Order, Scopes, Stamp, target::Target},
    error::Error,
    key::storage_key::StoreKey,
    util::{clock::Clock, join::together},
};

/// What became of a response that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Stored,
    /// One is stored already, of a run that began later.
    Overtaken,
}

/// An invalidation that has taken effect.
pub(crate) struct Advancing {
    pub(crate) moved: Option<Moved>,
    /// The wait until the invalidation holds in every process; none, if it holds already.
    pub(crate) rest: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The bytes under a key, if there are any, and the epochs as they were read after these.
pub(crate) type LookedUp = (Option<Bytes>, EpochSnapshot);

/// Bytes by key, and epochs; object-safe.
pub(crate) trait Remote: Send + Sync + fmt::Debug {
    /// The bytes under a key, and the epochs, read after the request began.
    fn look_up<'a>(&'a self, key: &'a StoreKey, scopes: &'a Scopes<'a>) -> Answer<'a, LookedUp>;
    /// The same where nothing has to be waited for; none, where it would, or fails.
    fn look_up_now(&self, _: &StoreKey, _: &Scopes<'_>) -> Option<LookedUp> {
        None
    }
    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Bytes>>;
    fn read<'a>(&'a self, scopes: &'a Scopes<'a>) -> Answer<'a, EpochSnapshot>;
    /// The epochs of several responses, in their order: one call, and one round trip if they lie together.
    fn read_each<'a>(&'a self, scopes: &'a [Scopes<'a>]) -> Answer<'a, Vec<EpochSnapshot>> {
        Box::pin(async move { together(scopes.iter().map(|scopes| self.read(scopes)).collect()).await.into_iter().collect() })
    }
    /// Stores the bytes for `keep_for`, and keeps as long the epochs that concern them and what they are made of. With
    /// `unless_after`, bytes of a run that began later are not replaced, as far as they tell.
    fn put<'a>(
        &'a self,
        key: &'a StoreKey,
        bytes: Bytes,
        keep_for: Duration,
        scopes: &'a [Scopes<'a>],
        unless_after: Option<Order>,
    ) -> Answer<'a, Put>;
    fn remove<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()>;
    fn advance<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, ()>;
    /// Advances, and gives what that has done to the target's epoch, unless the epochs are an author's own.
    fn advance_and_tell<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, Option<Moved>> {
        Box::pin(async move { self.advance(target, effect).await.map(|()| None) })
    }
    /// The same in two steps: what is done when this returns took effect, and the rest is to wait until no other process uses what it
    /// was about. The rest has an end of its own, and no limit of a call is meant for it.
    fn begin_to_advance<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, Advancing> {
        Box::pin(async move { self.advance_and_tell(target, effect).await.map(|moved| Advancing { moved, rest: None }) })
    }
    /// Asks for something small, to see whether it answers.
    fn probe(&self) -> Answer<'_, ()>;
    /// The latest stamp that this process has seen, without asking.
    fn known(&self) -> Option<Stamp>;

    /// The clock as it stands, where it is read without waiting and each of its steps has reached its epoch: whatever is
    /// invalidated from here on moves it on. None, where that cannot be told.
    fn settled_clock(&self) -> Option<Stamp> {
        None
    }

    /// Whether its clock is in this process: then an invalidation cannot fail, whatever the store does.
    fn has_clock_here(&self) -> bool {
        false
    }

    /// The time by which stored responses are dated: the same for all processes that share the backend.
    fn wall(&self, clock: &Clock) -> SystemTime {
        clock.wall()
    }

    /// The shortest round trip that was seen, if it is measured.
    fn round_trip(&self) -> Option<Duration> {
        None
    }

    /// Signals when it has come back.
    fn wakes(&self) -> Wakes {
        Wakes(None)
    }

    /// The lease on its epochs, where copies are kept in memory.
    #[cfg(feature = "redis")]
    fn lease(&self) -> Option<&redis::lease::Lease> {
        None
    }

    /// How many invalidations failed and are to be retried.
    fn retries(&self) -> usize {
        0
    }

    /// Retries them now, and waits until all have succeeded.
    fn drain_retries(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

/// Signals when a backend has come back, if it can know.
#[derive(Debug, Clone)]
pub(crate) struct Wakes(pub(crate) Option<Arc<Notify>>);
