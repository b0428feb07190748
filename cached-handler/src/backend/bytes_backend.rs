//! A [`Store`] and its [`Epochs`] as one backend, within their limits of time.

use std::{fmt, pin::Pin, time::Duration};

use bytes::Bytes;
use tokio::time::timeout;

use super::{Effect, Epochs, Known, Reading, Scopes, Stamp, Store, StoreKey};
use crate::{error::Error, invalidate::Target};

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A backend that has to be waited for, with its types erased.
pub(crate) trait Backend: Send + Sync + fmt::Debug {
    /// The bytes under a key, and the epochs, read after the request began.
    fn look_up<'a>(&'a self, key: &'a StoreKey, scopes: &'a Scopes<'a>) -> Answer<'a, (Option<Bytes>, Reading)>;
    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Bytes>>;
    fn read<'a>(&'a self, scopes: &'a Scopes<'a>) -> Answer<'a, Reading>;
    fn put<'a>(&'a self, key: &'a StoreKey, bytes: Bytes, keep_for: Duration) -> Answer<'a, ()>;
    fn remove<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()>;
    fn advance<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, ()>;
    /// What the clock is known to have reached, without asking.
    fn known(&self) -> Option<Stamp>;
}

/// How long a backend may take to read, and to write.
const READ_LIMIT: Duration = Duration::from_millis(50);
const WRITE_LIMIT: Duration = Duration::from_millis(100);
/// How long it may take to invalidate: the caller waits for it to be true, but not for ever.
const ADVANCE_LIMIT: Duration = Duration::from_secs(1);

pub(crate) struct BytesBackend<S, E> {
    store: S,
    epochs: E,
    known: Known,
}

impl<S: Store, E: Epochs> BytesBackend<S, E> {
    pub(crate) fn new(store: S, epochs: E) -> Self {
        Self { store, epochs, known: Known::default() }
    }
}

impl<S: Store, E: Epochs> Backend for BytesBackend<S, E> {
    fn look_up<'a>(&'a self, key: &'a StoreKey, scopes: &'a Scopes<'a>) -> Answer<'a, (Option<Bytes>, Reading)> {
        Box::pin(within(READ_LIMIT, async {
            let bytes = self.store.get(key).await?;
            Ok((bytes, self.read_and_note(scopes).await?))
        }))
    }

    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Bytes>> {
        Box::pin(within(READ_LIMIT, self.store.get(key)))
    }

    fn read<'a>(&'a self, scopes: &'a Scopes<'a>) -> Answer<'a, Reading> {
        Box::pin(within(READ_LIMIT, self.read_and_note(scopes)))
    }

    fn put<'a>(&'a self, key: &'a StoreKey, bytes: Bytes, keep_for: Duration) -> Answer<'a, ()> {
        Box::pin(within(WRITE_LIMIT, self.store.put(key, bytes, keep_for)))
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Box::pin(within(WRITE_LIMIT, self.store.remove(key)))
    }

    fn advance<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, ()> {
        Box::pin(within(ADVANCE_LIMIT, self.epochs.advance(target, effect)))
    }

    fn known(&self) -> Option<Stamp> {
        let now = self.epochs.known().map(|(incarnation, clock)| Stamp { incarnation, clock });
        now.or_else(|| self.known.stamp())
    }
}

impl<S: Store, E: Epochs> BytesBackend<S, E> {
    async fn read_and_note(&self, scopes: &Scopes<'_>) -> Result<Reading, Error> {
        let reading = self.epochs.read(scopes).await?;
        self.known.note(&reading);
        Ok(reading)
    }
}

/// Gives up after `limit`.
async fn within<T>(limit: Duration, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match timeout(limit, call).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::backend(format!("no answer within {} ms", limit.as_millis()))),
    }
}

impl<S, E> fmt::Debug for BytesBackend<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::any::type_name::<S>())
    }
}
