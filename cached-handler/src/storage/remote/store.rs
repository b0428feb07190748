//! The trait of a backend that an author writes.

use std::time::Duration;

use bytes::Bytes;

use crate::{error::Error, key::storage_key::StoreKey};

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
///   [`BackendLimits`](crate::backend::BackendLimits) sets other limits.
///
/// [`conformance::store`](crate::backend::conformance::store) tests them.
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
