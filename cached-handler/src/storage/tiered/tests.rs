//! What the check of a copy is for: without it, one is used past an invalidation, and a test finds that.

use std::{
    cell::Cell,
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;

use crate::{
    Cache, Error, Target, Values,
    backend::{Effect, EpochSnapshot, Epochs, InProcessEpochs, Scopes, Store, StoreKey},
    util::lock::lock,
};

thread_local! {
    /// The planted mistake: a copy answers without a look at the backend's clock.
    static UNCHECKED: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn is_unchecked() -> bool {
    UNCHECKED.get()
}

/// Bytes that processes share.
#[derive(Debug, Clone, Default)]
struct Dict(Arc<Mutex<HashMap<StoreKey, Bytes>>>);

impl Store for Dict {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        Ok(lock(&self.0).get(key).cloned())
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, _: Duration) -> Result<(), Error> {
        lock(&self.0).insert(key.clone(), bytes);
        Ok(())
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        lock(&self.0).remove(key);
        Ok(())
    }

    async fn clear(&self) -> Result<(), Error> {
        lock(&self.0).clear();
        Ok(())
    }
}

/// Epochs that processes share.
#[derive(Debug, Clone, Default)]
struct Shared(Arc<InProcessEpochs>);

impl Epochs for Shared {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        self.0.read(scopes).await
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        self.0.advance(target, effect).await
    }
}

/// What a process reads after another one has invalidated it.
async fn read_after_an_invalidation_elsewhere() -> Option<u64> {
    let (dict, epochs) = (Dict::default(), Shared::default());
    let process = || Cache::builder().backend_with_epochs("dict", dict.clone(), epochs.clone()).build();
    let (one, other) = (process().await.unwrap(), process().await.unwrap());
    let numbers: Values<u64> = one.values("numbers-of-two-tiers").backend("memory+dict");
    numbers.insert("a", 1, Duration::from_secs(60)).await.unwrap();
    assert_eq!(numbers.get("a").await.as_deref(), Some(&1));
    other.invalidate(Target::named("numbers-of-two-tiers")).await.unwrap();
    numbers.get("a").await.map(|number| *number)
}

#[tokio::test]
async fn a_copy_is_not_used_after_another_process_has_invalidated_it() {
    assert_eq!(read_after_an_invalidation_elsewhere().await, None);
}

#[tokio::test]
async fn a_copy_that_is_used_without_a_look_at_the_clock_is_found() {
    UNCHECKED.set(true);
    assert_eq!(read_after_an_invalidation_elsewhere().await, Some(1));
}
