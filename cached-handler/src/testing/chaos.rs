//! A store that is sick on purpose, to see what an application does beside a sick cache.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use crate::{
    epoch::{Effect, Epochs, Reading, Scopes, in_process::InProcessEpochs, target::Target},
    error::Error,
    key::storage_key::StoreKey,
    storage::remote::store::Store,
    util::lock::lock,
};

/// A [`Store`] that is well, until it is told otherwise: to fail, hang, take its time, lose or damage what it is given,
/// by chance or call by call. Clones are the same store.
///
/// Give it to a cache in place of the backend that handlers name, or as its default, make it sick, and see that the
/// application answers as it should: a sick backend never fails a request. It keeps its bytes in this process
/// ([`new`](Self::new)), or stands before a store of yours ([`before`](Self::before)). Times are tokio's, so
/// `#[tokio::test(start_paused = true)]` waits for nothing. Not for handlers of the memory backend, which cannot be sick.
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
/// assert_miss!(get().await.unwrap());     // within the cache's limit of time
/// redis.heals();
/// assert_hit!(get().await.unwrap());
/// # }
/// ```
pub struct Chaos<S = Shelf> {
    store: Arc<S>,
    illness: Arc<Illness>,
}

/// [`Epochs`] that share a [`Chaos`]'s illness; from [`Chaos::epochs`].
#[derive(Debug)]
pub struct ChaosEpochs<E = InProcessEpochs> {
    epochs: E,
    illness: Arc<Illness>,
}

/// What is asked of a backend.
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

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing: in a script, for the calls between faults.
    None,
    /// It takes so long.
    Delay(Duration),
    /// It fails, and has had no effect.
    Fail,
    /// It has its effect, and fails all the same.
    FailLate,
    /// It never ends.
    Hang,
    /// Of a `put`: it says `Ok`, and the bytes are lost. Of a `get`: the bytes are gone. Other calls are spared, since
    /// none of the backend's laws would hold.
    Lose,
    /// Of a `get`: one bit of the bytes has flipped. Other calls are spared.
    Damage,
}

/// How it is, and what it has been asked.
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
    /// One that keeps its bytes in this process.
    #[must_use]
    pub fn new() -> Self {
        Self::before(Shelf::default())
    }
}

impl<S: Store> Chaos<S> {
    /// One that stands before `store`.
    #[must_use]
    pub fn before(store: S) -> Self {
        let state = State { random: 0, chances: Vec::new(), scripts: BTreeMap::new(), calls: BTreeMap::new() };
        Self { store: Arc::new(store), illness: Arc::new(Illness(Mutex::new(state))) }
    }
}

impl<S> Chaos<S> {
    /// Epochs of this process that share its illness, for
    /// [`backend_with_epochs`](crate::CacheBuilder::backend_with_epochs): so that invalidations can fail, too.
    #[must_use]
    pub fn epochs(&self) -> ChaosEpochs {
        self.epochs_before(InProcessEpochs::new())
    }

    /// The same before epochs of yours.
    #[must_use]
    pub fn epochs_before<E: Epochs>(&self, epochs: E) -> ChaosEpochs<E> {
        ChaosEpochs { epochs, illness: Arc::clone(&self.illness) }
    }

    /// From here on chance takes this course: the same for the same seed and the same order of calls.
    pub fn seed(&self, seed: u64) {
        self.with(|state| state.random = seed);
    }

    /// Each call suffers `fault`, with a chance from 0 to 1. Several may be named: of those that strike the first counts.
    pub fn suffers(&self, fault: Fault, chance: f64) {
        self.with(|state| state.chances.push((None, fault, chance)));
    }

    /// The same for one kind of call.
    pub fn suffers_at(&self, call: Call, fault: Fault, chance: f64) {
        self.with(|state| state.chances.push((Some(call), fault, chance)));
    }

    /// The next calls of this kind suffer these, one each and in order, whatever chance would have; after those that are
    /// in the script already.
    pub fn script(&self, call: Call, faults: impl IntoIterator<Item = Fault>) {
        self.with(|state| state.scripts.entry(call).or_default().extend(faults));
    }

    /// It is well again: no chances, no script. What was lost stays lost.
    pub fn heals(&self) {
        self.with(|state| {
            state.chances.clear();
            state.scripts.clear();
        });
    }

    /// How many calls of this kind it was asked, those that failed included.
    #[must_use]
    pub fn calls(&self, call: Call) -> u64 {
        self.with(|state| state.calls.get(&call).copied().unwrap_or_default())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut lock(&self.illness.0))
    }
}

impl Illness {
    /// What becomes of the next call.
    fn strikes(&self, call: Call) -> Fault {
        let mut state = lock(&self.0);
        *state.calls.entry(call).or_default() += 1;
        if let Some(fault) = state.scripts.get_mut(&call).and_then(VecDeque::pop_front) {
            return fault;
        }
        let State { random, chances, .. } = &mut *state;
        let concerned = chances.iter().filter(|(concerned, ..)| concerned.is_none_or(|concerned| concerned == call));
        // Each is tried, so that what strikes one call does not change the course of the others.
        let struck: Vec<Fault> = concerned.filter(|(.., chance)| part_of_one(random) < *chance).map(|(_, fault, _)| *fault).collect();
        struck.first().copied().unwrap_or(Fault::None)
    }

    /// Has a call take its course.
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

/// At least 0, less than 1 (splitmix64).
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
            // What was there before is gone as well: a later `get` gives these bytes or nothing.
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
    async fn read(&self, scopes: &Scopes<'_>) -> Result<Reading, Error> {
        self.illness.over(self.illness.strikes(Call::Read), self.epochs.read(scopes)).await
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        self.illness.over(self.illness.strikes(Call::Advance), self.epochs.advance(target, effect)).await
    }

    fn known(&self) -> Option<(u64, u64)> {
        self.epochs.known()
    }
}

/// With one bit of the middle flipped.
fn damaged(bytes: Bytes) -> Bytes {
    let mut bytes = Vec::from(bytes);
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    bytes.into()
}

/// Bytes in a map, for tests: at most 10 000 of them, of which any goes for one more.
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
