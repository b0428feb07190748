//! Law L4 for every kind of run: detached, in the request's task, not collapsed, streamed, of many variants, at rest in
//! a store of one's own, made anew behind a stale answer, failing behind one; in memory, in files and in a Redis; against
//! every kind of invalidation, with clients who leave at any await. Controls with and without a mistake show what the
//! harness finds, and that it finds nothing where there is none.

mod controls;
mod ours;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use self::ours::Ours;
use axum::body::Bytes;
use cached_handler::{
    Error,
    backend::{Store, StoreKey},
};
use cached_handler_tests::{
    files::Scratch,
    harness::{Random, count, pause},
    places::Place,
    redis_server::RedisServer,
};

const KINDS: usize = 8;
const RESOURCES: usize = KINDS * 3;

/// What handlers read and writers change: a version each.
#[derive(Default)]
struct Source {
    versions: [AtomicU64; RESOURCES],
    runs: AtomicUsize,
    chance: AtomicU64,
}

impl Source {
    fn chance(&self) -> u64 {
        Random::new(self.chance.fetch_add(1, Ordering::Relaxed)).next()
    }

    /// A read that takes its time, before and after it has looked.
    async fn read(&self, resource: usize) -> u64 {
        self.runs.fetch_add(1, Ordering::Relaxed);
        pause(self.chance()).await;
        let version = self.versions[resource].load(Ordering::SeqCst);
        pause(self.chance()).await;
        version
    }
}

fn resource(kind: usize, id: usize) -> usize {
    kind * 3 + id
}

/// A store that takes its time.
#[derive(Default)]
struct Dict {
    kept: Mutex<HashMap<StoreKey, Bytes>>,
    chance: AtomicU64,
}

impl Dict {
    /// Within the limits of a store: it never sleeps.
    async fn pause(&self) {
        let chance = Random::new(self.chance.fetch_add(1, Ordering::Relaxed)).next();
        pause(chance % 15).await;
    }
}

impl Store for Dict {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        self.pause().await;
        let found = self.kept.lock().unwrap().get(key).cloned();
        self.pause().await;
        Ok(found)
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, _: Duration) -> Result<(), Error> {
        self.pause().await;
        self.kept.lock().unwrap().insert(key.clone(), bytes);
        self.pause().await;
        Ok(())
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        self.kept.lock().unwrap().remove(key);
        Ok(())
    }

    async fn clear(&self) -> Result<(), Error> {
        self.kept.lock().unwrap().clear();
        Ok(())
    }
}

/// What a read came to.
enum Read {
    Seen {
        version: u64,
        hit: bool,
    },
    /// Its client left first, or the handler failed.
    Left,
    /// While a process cannot reach its backend, it may join a run already under way.
    NotPromised,
}

/// A cache in front of the source.
trait Subject: Send + Sync + 'static {
    /// `leaves`: at which await the client leaves, if it comes to that one.
    fn read(&self, resource: usize, leaves: Option<usize>, chance: u64) -> impl Future<Output = Read> + Send;
    fn invalidate(&self, resource: usize, chance: u64) -> impl Future<Output = ()> + Send;
}

#[derive(Default)]
struct Tally {
    reads: AtomicUsize,
    hits: AtomicUsize,
    left: AtomicUsize,
    not_promised: AtomicUsize,
    invalidations: AtomicUsize,
    stale: AtomicUsize,
}

impl Tally {
    fn goes_on(&self, most: usize) -> bool {
        self.reads.load(Ordering::Relaxed) < most && self.stale.load(Ordering::Relaxed) == 0
    }
}

/// Which version of each resource a read that starts now may not be older than.
type Confirmed = Arc<[AtomicU64; RESOURCES]>;

async fn writes(source: Arc<Source>, subject: Arc<impl Subject>, confirmed: Confirmed, tally: Arc<Tally>, most: usize, seed: u64) {
    let mut random = Random::new(seed);
    while tally.goes_on(most) {
        let resource = random.below(RESOURCES);
        // The version first: what runs from here on may see it, what is answered after the invalidation must.
        let version = source.versions[resource].fetch_add(1, Ordering::SeqCst) + 1;
        subject.invalidate(resource, random.next()).await;
        confirmed[resource].fetch_max(version, Ordering::SeqCst);
        tally.invalidations.fetch_add(1, Ordering::Relaxed);
        pause(random.next() % 15).await;
        tokio::task::yield_now().await;
    }
}

async fn reads(subject: Arc<impl Subject>, confirmed: Confirmed, tally: Arc<Tally>, most: usize, seed: u64) {
    let mut random = Random::new(seed);
    while tally.goes_on(most) {
        let resource = random.below(RESOURCES);
        let leaves = random.one_in(8).then(|| random.below(6));
        let least = confirmed[resource].load(Ordering::SeqCst);
        match subject.read(resource, leaves, random.next()).await {
            Read::Seen { version, hit } => {
                tally.reads.fetch_add(1, Ordering::Relaxed);
                tally.hits.fetch_add(usize::from(hit), Ordering::Relaxed);
                tally.stale.fetch_add(usize::from(version < least), Ordering::Relaxed);
            }
            Read::Left => drop(tally.left.fetch_add(1, Ordering::Relaxed)),
            Read::NotPromised => drop(tally.not_promised.fetch_add(1, Ordering::Relaxed)),
        }
        // Hits take next to no time: however the threads are scheduled, no writer is left behind.
        while tally.goes_on(most) && tally.invalidations.load(Ordering::Relaxed) < tally.reads.load(Ordering::Relaxed) / 20 {
            tokio::task::yield_now().await;
        }
    }
}

/// Reads until there were that many, or a stale one.
async fn load(source: &Arc<Source>, subject: impl Subject, most: usize) -> Arc<Tally> {
    let (subject, confirmed, tally) = (Arc::new(subject), Confirmed::default(), Arc::new(Tally::default()));
    let mut tasks = tokio::task::JoinSet::new();
    for seed in 0..4 {
        tasks.spawn(writes(Arc::clone(source), Arc::clone(&subject), Arc::clone(&confirmed), Arc::clone(&tally), most, seed));
    }
    for seed in 4..36 {
        tasks.spawn(reads(Arc::clone(&subject), Arc::clone(&confirmed), Arc::clone(&tally), most, seed));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    tally
}

/// Six of the eight kinds rest in the place, two in a store of one's own beside it.
async fn nothing_is_older_in(place: Place, name: &str, most: usize) {
    nothing_is_older_where(&place, place.backend(), name, most).await;
}

async fn nothing_is_older_where(place: &Place, default: &str, name: &str, most: usize) {
    let source = Arc::new(Source::default());
    let cache = place.cache_with(|builder| builder.backend("dict", Dict::default()).default_backend(default)).await;
    let ours = Ours::new(Arc::clone(&source), cache);
    let (cache, stale_answers) = (ours.cache.clone(), Arc::clone(&ours.stale));
    let tally = load(&source, ours, most).await;
    let of = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    println!(
        "- {name}: {} reads of eight kinds, {} stale ({} sent stale as a window allows, {} hits, {} runs, {} clients left, {} not promised, {} invalidations)",
        of(&tally.reads),
        of(&tally.stale),
        of(&stale_answers),
        of(&tally.hits),
        of(&source.runs),
        of(&tally.left),
        of(&tally.not_promised),
        of(&tally.invalidations)
    );
    assert_eq!(of(&tally.stale), 0);
    // All of it happened: hits, runs that followers shared, clients who left.
    assert!(of(&tally.hits) > of(&tally.reads) / 20);
    assert!(of(&stale_answers) > of(&tally.reads) / 1000);
    assert!(of(&source.runs) + of(&tally.hits) < of(&tally.reads));
    assert!(of(&tally.left) > of(&tally.reads) / 100);
    // On a busy machine, the circuit breaker of a Redis that is too slow is open for seconds.
    assert!(of(&tally.not_promised) < of(&tally.reads));
    assert!(of(&tally.invalidations) > of(&tally.reads) / 1000);
    assert!(cache.drain(Duration::from_secs(10)).await);
    let shown = format!("{cache:?}");
    assert!(shown.contains("runs: 0"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_of_any_kind_is_older_than_an_invalidation_before_it() {
    nothing_is_older_in(Place::Memory, "memory", count(1_000_000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_of_any_kind_in_files_is_older_than_an_invalidation_before_it() {
    nothing_is_older_in(Place::files("races"), "files", count(400_000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_of_any_kind_in_a_redis_is_older_than_an_invalidation_before_it() {
    nothing_is_older_in(Place::redis(), "a Redis", count(400_000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_of_any_kind_in_memory_and_files_is_older_than_an_invalidation() {
    nothing_is_older_in(Place::NearFiles(Scratch::new("near-races")), "memory and files", count(400_000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_of_any_kind_in_memory_and_redis_is_older_than_an_invalidation() {
    nothing_is_older_in(Place::NearRedis(RedisServer::start()), "memory and a Redis", count(400_000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_of_any_kind_in_memory_and_store_is_older_than_an_invalidation() {
    nothing_is_older_where(&Place::Memory, "memory+dict", "memory and a store", count(400_000)).await;
}
