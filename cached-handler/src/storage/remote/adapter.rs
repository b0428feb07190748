//! A [`Store`] and its [`Epochs`] as one backend.

use std::{
    any::{Any, TypeId},
    fmt,
    future::ready,
    time::Duration,
};

use bytes::Bytes;

use tokio::sync::Mutex;

use super::{Answer, Put, Remote, latest_stamp::LatestStamp, store::Store};
use crate::{
    epoch::{Effect, EpochSnapshot, Epochs, Moved, Order, Scopes, Stamp, in_process::InProcessEpochs, target::Target},
    error::Error,
    key::storage_key::StoreKey,
    stored::codec::order::order_of,
};

pub(crate) struct BytesBackend<S, E> {
    store: S,
    epochs: E,
    known: LatestStamp,
    /// Responses of one key are put one after the other, and so are those of keys that share a place here: with the latest run
    /// that one of them is of.
    latest: Box<[Mutex<Order>]>,
}

/// How many are put at the same time, at most.
const PLACES: usize = 1024;

impl<S: Store, E: Epochs> BytesBackend<S, E> {
    pub(crate) fn new(store: S, epochs: E) -> Self {
        Self { store, epochs, known: LatestStamp::default(), latest: std::iter::repeat_with(Mutex::default).take(PLACES).collect() }
    }
}

impl<S: Store, E: Epochs> Remote for BytesBackend<S, E> {
    fn look_up<'a>(&'a self, key: &'a StoreKey, scopes: &'a Scopes<'a>) -> Answer<'a, (Option<Bytes>, EpochSnapshot)> {
        Box::pin(async {
            let bytes = self.store.get(key).await?;
            Ok((bytes, self.read_and_note(scopes).await?))
        })
    }

    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Bytes>> {
        Box::pin(self.store.get(key))
    }

    fn read<'a>(&'a self, scopes: &'a Scopes<'a>) -> Answer<'a, EpochSnapshot> {
        Box::pin(self.read_and_note(scopes))
    }

    fn put<'a>(
        &'a self,
        key: &'a StoreKey,
        bytes: Bytes,
        keep_for: Duration,
        _: &'a [Scopes<'a>],
        unless_after: Option<Order>,
    ) -> Answer<'a, Put> {
        Box::pin(async move {
            let mut latest = match self.place_of(key) {
                Some(place) => Some(place.lock().await),
                None => None,
            };
            if let Some(order) = unless_after {
                // Where nobody else puts anything, nothing has to be asked for as long as runs end in their order.
                let may_be_overtaken = !self.has_clock_here() || latest.as_ref().is_none_or(|latest| latest.is_after(&order));
                if may_be_overtaken
                    && let Some(found) = self.store.get(key).await?
                    && order_of(&found, key.digest()).is_some_and(|found| found.is_after(&order))
                {
                    return Ok(Put::Overtaken);
                }
                if let Some(latest) = latest.as_deref_mut().filter(|latest| !latest.is_after(&order)) {
                    *latest = order;
                }
            }
            self.store.put(key, bytes, keep_for).await?;
            Ok(Put::Stored)
        })
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Box::pin(self.store.remove(key))
    }

    fn advance<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, ()> {
        Box::pin(self.epochs.advance(target, effect))
    }

    fn advance_and_tell<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, Option<Moved>> {
        if let Some(epochs) = (&self.epochs as &dyn Any).downcast_ref::<InProcessEpochs>() {
            return Box::pin(ready(Ok(Some(epochs.advance_now(target.mark(), effect)))));
        }
        Box::pin(async move { self.advance(target, effect).await.map(|()| None) })
    }

    fn probe(&self) -> Answer<'_, ()> {
        Box::pin(async {
            self.store.get(&StoreKey::probe()).await?;
            self.read_and_note(&Scopes::new("probe", &[0], &[])).await.map(drop)
        })
    }

    fn known(&self) -> Option<Stamp> {
        let now = self.epochs.known().map(|(incarnation, clock)| Stamp { incarnation, clock });
        now.or_else(|| self.known.stamp())
    }

    fn settled_clock(&self) -> Option<Stamp> {
        (&self.epochs as &dyn Any).downcast_ref::<InProcessEpochs>()?.settled_clock()
    }

    fn has_clock_here(&self) -> bool {
        TypeId::of::<E>() == TypeId::of::<InProcessEpochs>()
    }
}

impl<S: Store, E: Epochs> BytesBackend<S, E> {
    fn place_of(&self, key: &StoreKey) -> Option<&Mutex<Order>> {
        let bits = key.digest().as_bytes().first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes));
        self.latest.get(usize::from(bits) % PLACES)
    }

    async fn read_and_note(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        let reading = self.epochs.read(scopes).await?;
        self.known.note(&reading);
        Ok(reading)
    }
}

impl<S, E> fmt::Debug for BytesBackend<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::any::type_name::<S>())
    }
}
