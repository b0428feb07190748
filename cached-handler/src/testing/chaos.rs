//! A store with injected faults, to test how an application behaves with a failing backend.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use crate::{
    epoch::{Effect, EpochSnapshot, Epochs, Scopes, in_process::InProcessEpochs, target::Target},
    error::Error,
    key::storage_key::StoreKey,
    storage::remote::store::Store,
    util::lock::lock,
};

/// A [`Store`] with injected faults: calls fail, hang, are delayed, or lose or damage bytes, at random or by a script. Without faults it
/// works normally. Clones are the same store.
///
/// Give it to a cache in place of the backend that handlers name, or as its default, inject faults, and check that the application
/// answers as it should: a failing backend never fails a request. It keeps its bytes in this process ([`new`](Self::new)), or wraps a
/// store of yours ([`before`](Self::before)). Delays follow tokio's clock, so `#[tokio::test(start_paused = true)]` does not wait.
/// Not for handlers of the memory backend, which cannot fail.
///
/// ```standalone_crate
/// use axum::{Router, body::Body, http::Request, routing::get};
/// use cached_handler::{cached, testing::{Chaos, Fault, TestCache, assert_hit, assert_miss}};
/// use tower::ServiceExt;
///
/// #[cached(ttl = 60)]
/// async fn hello() -> &'static str { "hello" }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let redis = Chaos::new();
/// let cache = TestCache::with(|builder| builder.backend("redis", redis.clone()).default_backend("redis"));
/// let app = Router::new().route("/", get(hello)).layer(cache.layer());
/// let get = || app.clone().oneshot(Request::get("/").body(Body::empty()).unwrap());
///
/// assert_miss!(get().await.unwrap());
/// assert_hit!(get().await.unwrap());
/// redis.suffers(Fault::Hang, 1.0);
/// assert_miss!(get().await.unwrap());     // within the cache's time limit
/// redis.heals();
/// assert_hit!(get().await.unwrap());
/// # }
/// ```
pub struct Chaos<S = Shelf> {
    store: Arc<S>,
    illness: Arc<Illness>,
}

/// [`Epochs`] with the faults of a [`Chaos`]; from [`Chaos::epochs`].
#[derive(Debug)]
pub struct ChaosEpochs<E = InProcessEpochs> {
    epochs: E,
    illness: Arc<Illness>,
}

/// A kind of call of a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Call {
    /// [`Store::get`].
    Get,
    /// [`Store::put`].
    Put,
    /// [`Store::remove`].
    Remove,
    /// [`Store::clear`].
    Clear,
    /// [`Epochs::read`].
    Read,
    /// [`Epochs::advance`].
    Advance,
}

/// A fault that is injected into a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing: in a script, for the calls between faults.
    None,
    /// The call takes this long.
    Delay(Duration),
    /// The call fails, and has no effect.
    Fail,
    /// The call takes effect, and fails nevertheless.
    FailLate,
    /// The call never returns.
    Hang,
    /// A `put` returns `Ok`, but the bytes are lost; a `get` finds nothing. Other calls are not affected, since the backend's laws could
    /// not hold.
    Lose,
    /// A `get` returns the bytes with one bit flipped. Other calls are not affected.
    Damage,
}

/// The faults to inject, and the calls so far.
#[derive(Debug)]
struct Illness(Mutex<State>);

#[derive(Debug)]
struct State {
    random: u64,
    chances: Vec<(Option<Call>, Fault, f64)>,
    scripts: BTreeMap<Call, VecDeque<Fault>>,
    calls: BTreeMap<Call, u64>,
}

impl Chaos {
    /// A store that keeps its bytes in this process.
    #[must_use]
    pub fn new() -> Self {
        Self::before(Shelf::default())
    }
}

impl<S: Store> Chaos<S> {
    /// A store that wraps `store`.
    #[must_use]
    pub fn before(store: S) -> Self {
        let state = State { random: 0, chances: Vec::new(), scripts: BTreeMap::new(), calls: BTreeMap::new() };
        Self { store: Arc::new(store), illness: Arc::new(Illness(Mutex::new(state))) }
    }
}

impl<S> Chaos<S> {
    /// Epochs of this process with the same faults, for [`backend_with_epochs`](crate::CacheBuilder::backend_with_epochs): so that
    /// invalidations can fail, too.
    #[must_use]
    pub fn epochs(&self) -> ChaosEpochs {
        self.epochs_before(InProcessEpochs::new())
    }

    /// Epochs that wrap epochs of yours, with the same faults.
    #[must_use]
    pub fn epochs_before<E: Epochs>(&self, epochs: E) -> ChaosEpochs<E> {
        ChaosEpochs { epochs, illness: Arc::clone(&self.illness) }
    }

    /// Sets the seed of random faults, which are then the same for the same order of calls.
    pub fn seed(&self, seed: u64) {
        self.with(|state| state.random = seed);
    }

    /// Injects `fault` into each call, with a probability from 0 to 1. There may be several: of those that apply to a call, the first
    /// counts.
    pub fn suffers(&self, fault: Fault, chance: f64) {
        self.with(|state| state.chances.push((None, fault, chance)));
    }

    /// Injects `fault` into each call of one kind, with a probability from 0 to 1.
    pub fn suffers_at(&self, call: Call, fault: Fault, chance: f64) {
        self.with(|state| state.chances.push((Some(call), fault, chance)));
    }

    /// Injects these faults into the next calls of this kind, one each and in order, in place of random ones; after faults that are in
    /// the script already.
    pub fn script(&self, call: Call, faults: impl IntoIterator<Item = Fault>) {
        self.with(|state| state.scripts.entry(call).or_default().extend(faults));
    }

    /// Removes all faults, random and scripted. Bytes that were lost stay lost.
    pub fn heals(&self) {
        self.with(|state| {
            state.chances.clear();
            state.scripts.clear();
        });
    }

    /// The number of calls of this kind so far, including those that failed.
    #[must_use]
    pub fn calls(&self, call: Call) -> u64 {
        self.with(|state| state.calls.get(&call).copied().unwrap_or_default())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut lock(&self.illness.0))
    }
}

impl Illness {
    /// The fault of the next call.
    fn strikes(&self, call: Call) -> Fault {
        let mut state = lock(&self.0);
        *state.calls.entry(call).or_default() += 1;
        if let Some(fault) = state.scripts.get_mut(&call).and_then(VecDeque::pop_front) {
            return fault;
        }
        let State { random, chances, .. } = &mut *state;
        let concerned = chances.iter().filter(|(concerned, ..)| concerned.is_none_or(|concerned| concerned == call));
        // A random number is drawn for each, so that a fault of one call does not change those of later calls.
        let struck: Vec<Fault> = concerned.filter(|(.., chance)| part_of_one(random) < *chance).map(|(_, fault, _)| *fault).collect();
        struck.first().copied().unwrap_or(Fault::None)
    }

    /// Runs a call with a fault.
    async fn over<T>(&self, fault: Fault, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match fault {
            Fault::Fail => return Err(Error::backend("the store is sick, as the test wants it")),
            Fault::Hang => std::future::pending().await,
            Fault::Delay(delay) => sleep(delay).await,
            Fault::None | Fault::FailLate | Fault::Lose | Fault::Damage => {}
        }
        let outcome = call.await;
        if fault == Fault::FailLate { Err(Error::backend("the store is sick, as the test wants it")) } else { outcome }
    }
}

/// A random number from 0 up to, but not including, 1 (splitmix64).
#[expect(clippy::cast_precision_loss, reason = "of 53 bits, nothing is lost")]
fn part_of_one(random: &mut u64) -> f64 {
    *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*random ^ (*random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

impl<S: Store> Store for Chaos<S> {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        let fault = self.illness.strikes(Call::Get);
        let found = self.illness.over(fault, self.store.get(key)).await?;
        match fault {
            Fault::Lose => {
                self.store.remove(key).await?;
                Ok(None)
            }
            Fault::Damage => Ok(found.map(damaged)),
            _ => Ok(found),
        }
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, keep_for: Duration) -> Result<(), Error> {
        match self.illness.strikes(Call::Put) {
            // The bytes from before are removed as well: a later `get` must not find older bytes than these.
            Fault::Lose => self.store.remove(key).await,
            fault => self.illness.over(fault, self.store.put(key, bytes, keep_for)).await,
        }
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        self.illness.over(self.illness.strikes(Call::Remove), self.store.remove(key)).await
    }

    async fn clear(&self) -> Result<(), Error> {
        self.illness.over(self.illness.strikes(Call::Clear), self.store.clear()).await
    }
}

impl<E: Epochs> Epochs for ChaosEpochs<E> {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        self.illness.over(self.illness.strikes(Call::Read), self.epochs.read(scopes)).await
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        self.illness.over(self.illness.strikes(Call::Advance), self.epochs.advance(target, effect)).await
    }

    fn known(&self) -> Option<(u64, u64)> {
        self.epochs.known()
    }
}

/// The bytes with one bit in the middle flipped.
fn damaged(bytes: Bytes) -> Bytes {
    let mut bytes = Vec::from(bytes);
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    bytes.into()
}

/// A store in a map, for tests: at most 10 000 entries; a further one replaces any of them.
#[derive(Default)]
pub struct Shelf(Mutex<BTreeMap<StoreKey, (Bytes, Instant)>>);

const MOST: usize = 10_000;

impl Store for Shelf {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        let now = Instant::now();
        Ok(lock(&self.0).get(key).filter(|(_, until)| now < *until).map(|(bytes, _)| bytes.clone()))
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, keep_for: Duration) -> Result<(), Error> {
        let until = Instant::now() + keep_for;
        let mut held = lock(&self.0);
        held.insert(key.clone(), (bytes, until));
        if held.len() > MOST {
            held.pop_first();
        }
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

impl Default for Chaos {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Clone for Chaos<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), illness: Arc::clone(&self.illness) }
    }
}

impl<S> fmt::Debug for Chaos<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chaos").field("illness", &self.illness).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf").field("held", &lock(&self.0).len()).finish()
    }
}
