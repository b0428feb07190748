//! A backend that has to be waited for, as the way of a request uses it.

pub(crate) mod adapter;
#[cfg(any(feature = "testing", doc, test))]
pub mod conformance;
#[cfg(all(feature = "fs", unix))]
pub(crate) mod fs;
pub(crate) mod guard;
pub(crate) mod known;
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
    epoch::{Effect, Moved, Order, Reading, Scopes, Stamp, target::Target},
    error::Error,
    key::storage_key::StoreKey,
    util::{clock::Clock, join::together},
};

/// What became of a response that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Stored,
    /// There is one already, of a run that began later.
    Overtaken,
}

pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Bytes by key and epochs, with their types erased.
pub(crate) trait Backend: Send + Sync + fmt::Debug {
    /// The bytes under a key, and the epochs, read after the request began.
    fn look_up<'a>(&'a self, key: &'a StoreKey, scopes: &'a Scopes<'a>) -> Answer<'a, (Option<Bytes>, Reading)>;
    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Bytes>>;
    fn read<'a>(&'a self, scopes: &'a Scopes<'a>) -> Answer<'a, Reading>;
    /// The same of each of several responses, in their order: one call, and one way there where the epochs lie together.
    fn read_each<'a>(&'a self, scopes: &'a [Scopes<'a>]) -> Answer<'a, Vec<Reading>> {
        Box::pin(async move { together(scopes.iter().map(|scopes| self.read(scopes)).collect()).await.into_iter().collect() })
    }
    /// Keeps the bytes, and the epochs in their scopes, and in those of what they are made of, for as long. `unless_after`: not in place of bytes that lie there of a run
    /// that began later, as far as their beginning tells.
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
    /// The same, and what it has done to the target's epoch, where the epochs are not an author's own.
    fn advance_and_tell<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, Option<Moved>> {
        Box::pin(async move { self.advance(target, effect).await.map(|()| None) })
    }
    /// Whether it is well, as far as that can be told without a request.
    fn probe(&self) -> Answer<'_, ()>;
    /// What the clock is known to have reached, without asking.
    fn known(&self) -> Option<Stamp>;

    /// Whether its clock is in this process: then an invalidation cannot fail, however ill the store is.
    fn has_clock_here(&self) -> bool {
        false
    }

    /// The time that stored responses are dated by: one and the same for all who share the backend.
    fn wall(&self, clock: &Clock) -> SystemTime {
        clock.wall()
    }

    /// How far away it is: the shortest round trip that was seen, where it is measured.
    fn round_trip(&self) -> Option<Duration> {
        None
    }

    /// Signals when it has come back.
    fn wakes(&self) -> Wakes {
        Wakes(None)
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
