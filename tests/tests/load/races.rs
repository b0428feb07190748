//! Law L4 for every kind of run: detached, in the request's task, not collapsed, streamed, of many variants, at rest in
//! a store of one's own, made anew behind a stale answer, failing behind one; in memory, in files and in a Redis; against
//! every kind of invalidation, with clients who leave at any await. Controls with and without a mistake show what the
//! harness finds, and that it finds nothing where there is none.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use cached_handler::{
    Bypass, Cache, CacheGroups, Collapse, Error, Forward, Outcome, Policy, Target,
    backend::{Store, StoreKey},
    cached, invalidates,
};
use cached_handler_tests::{
    harness::{Random, count, leaves_at, pause, text},
    places::Place,
};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::{mpsc, watch};
use tower::ServiceExt;

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

type Shared = State<Arc<Source>>;

fn resource(kind: usize, id: usize) -> usize {
    kind * 3 + id
}

#[cached(ttl = 600, group = "detached:{id}")]
async fn detached(State(source): Shared, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.read(resource(0, id)).await;
    (CacheGroups::of([format!("detached:later:{id}")]), version.to_string())
}

const INLINE: Policy = Policy::new().collapse(Collapse::Inline);

#[cached(ttl = 600, group = "inline:{id}", policy = INLINE)]
async fn inline(State(source): Shared, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.read(resource(1, id)).await;
    (CacheGroups::of([format!("inline:later:{id}")]), version.to_string())
}

const OFF: Policy = Policy::new().collapse(Collapse::Off);

#[cached(ttl = 600, group = "off:{id}", policy = OFF)]
async fn off(State(source): Shared, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.read(resource(2, id)).await;
    (CacheGroups::of([format!("off:later:{id}")]), version.to_string())
}

/// Its version comes in two frames, with a pause between them, and no length is declared.
#[cached(ttl = 600, group = "streamed:{id}")]
async fn streamed(State(source): Shared, Path(id): Path<usize>) -> Response {
    let version = source.read(resource(3, id)).await.to_string();
    let (sender, mut receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for frame in [String::new(), version] {
            pause(source.chance()).await;
            let _left = sender.send(Ok::<_, std::io::Error>(Frame::data(Bytes::from(frame)))).await;
        }
    });
    let frames = Polled(move |cx: &mut std::task::Context<'_>| receiver.poll_recv(cx));
    (CacheGroups::of([format!("streamed:later:{id}")]), Body::new(StreamBody::new(frames))).into_response()
}

struct Polled<F>(F);

impl<T, F: Unpin + FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<T>>> futures_core::Stream for Polled<F> {
    type Item = T;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Option<T>> {
        (self.0)(cx)
    }
}

#[cached(ttl = 600, group = "varied:{id}", vary = from_response)]
async fn varied(State(source): Shared, Path(id): Path<usize>) -> Response {
    let version = source.read(resource(4, id)).await.to_string();
    (CacheGroups::of([format!("varied:later:{id}")]), [(header::VARY, "accept-language")], version).into_response()
}

#[cached(ttl = 600, group = "at-rest:{id}", backend = "dict")]
async fn at_rest(State(source): Shared, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.read(resource(5, id)).await;
    (CacheGroups::of([format!("at-rest:later:{id}")]), version.to_string())
}

#[cached(ttl = 600, group = "behind:{id}", stale_while_revalidate = 600)]
async fn behind(State(source): Shared, Path(id): Path<usize>) -> Result<(CacheGroups, String), StatusCode> {
    let version = source.read(resource(6, id)).await;
    fails_at_times(&source)?;
    Ok((CacheGroups::of([format!("behind:later:{id}")]), version.to_string()))
}

#[cached(ttl = 600, group = "behind-at-rest:{id}", backend = "dict", stale_while_revalidate = 600, stale_if_error = 600)]
async fn behind_at_rest(State(source): Shared, Path(id): Path<usize>) -> Result<(CacheGroups, String), StatusCode> {
    let version = source.read(resource(7, id)).await;
    fails_at_times(&source)?;
    Ok((CacheGroups::of([format!("behind-at-rest:later:{id}")]), version.to_string()))
}

fn fails_at_times(source: &Source) -> Result<(), StatusCode> {
    if source.chance().is_multiple_of(8) { Err(StatusCode::BAD_GATEWAY) } else { Ok(()) }
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

const NAMES: [&str; KINDS] = ["detached", "inline", "off", "streamed", "varied", "at-rest", "behind", "behind-at-rest"];

/// An invalidation that an attribute makes; the write is the writer's.
#[invalidates(group = "{name}:{id}")]
async fn touch(State(source): Shared, Path((name, id)): Path<(String, usize)>) -> StatusCode {
    let _ = (&name, id);
    pause(source.chance()).await;
    StatusCode::NO_CONTENT
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

/// Ours, through a router.
struct Ours {
    router: Router,
    cache: Cache,
    /// Answers that were stale.
    stale: Arc<AtomicUsize>,
}

impl Ours {
    fn new(source: Arc<Source>, cache: Cache) -> Self {
        let router = Router::new()
            .route("/detached/{id}", get(detached))
            .route("/inline/{id}", get(inline))
            .route("/off/{id}", get(off))
            .route("/streamed/{id}", get(streamed))
            .route("/varied/{id}", get(varied))
            .route("/at-rest/{id}", get(at_rest))
            .route("/behind/{id}", get(behind))
            .route("/behind-at-rest/{id}", get(behind_at_rest))
            .route("/touch/{name}/{id}", put(touch))
            .with_state(source)
            .layer(Extension(cache.clone()));
        Self { router, cache, stale: Arc::default() }
    }
}

impl Subject for Ours {
    async fn read(&self, resource: usize, leaves: Option<usize>, chance: u64) -> Read {
        let language = ["de", "en", "fr"][(chance % 3) as usize];
        let request = Request::get(format!("/{}/{}", NAMES[resource / 3], resource % 3))
            .header(header::ACCEPT_LANGUAGE, language)
            .body(Body::empty())
            .unwrap();
        if resource / 3 >= 6 && chance.is_multiple_of(8) {
            // One that fails has only not happened.
            _ = self.cache.expire(Target::group(format!("{}:{}", NAMES[resource / 3], resource % 3))).await;
        }
        let answered = async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            if response.status() == StatusCode::BAD_GATEWAY {
                return Read::Left;
            }
            let outcome = response.extensions().get();
            if matches!(outcome, Some(Outcome::Forward { why: Forward::Bypass(Bypass::Backend), collapsed: true, .. })) {
                return Read::NotPromised;
            }
            if matches!(outcome, Some(Outcome::Stale { .. })) {
                self.stale.fetch_add(1, Ordering::Relaxed);
            }
            let hit = matches!(response.extensions().get(), Some(Outcome::Hit { .. }));
            Read::Seen { version: text(response).await.parse().unwrap(), hit }
        };
        match leaves {
            Some(awaits) => leaves_at(awaits, answered).await.unwrap_or(Read::Left),
            None => answered.await,
        }
    }

    async fn invalidate(&self, resource: usize, chance: u64) {
        let (name, id) = (NAMES[resource / 3], resource % 3);
        let target = match chance % 16 {
            0 => Target::all(),
            1 => match resource / 3 {
                0 => Target::handler(detached),
                1 => Target::handler(inline),
                2 => Target::handler(off),
                3 => Target::handler(streamed),
                4 => Target::handler(varied),
                5 => Target::handler(at_rest),
                6 => Target::handler(behind),
                _ => Target::handler(behind_at_rest),
            },
            2..5 => Target::path(format!("/{name}/{id}")),
            5..9 => Target::group(format!("{name}:later:{id}")),
            9..12 => {
                let request = Request::put(format!("/touch/{name}/{id}")).body(Body::empty()).unwrap();
                let failed = self.cache.stats().failed_invalidations;
                let response = self.router.clone().oneshot(request).await.unwrap();
                assert_eq!(response.status(), StatusCode::NO_CONTENT);
                // The answer does not tell whether it was invalidated.
                if self.cache.stats().failed_invalidations == failed {
                    return;
                }
                Target::group(format!("{name}:{id}"))
            }
            _ => Target::group(format!("{name}:{id}")),
        };
        // It promises something once it has returned `Ok`; where the machine is too busy for the limits of time, it may not.
        while self.cache.invalidate(target.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A cache in miniature, right or with one mistake.
struct Miniature {
    source: Arc<Source>,
    mistake: Option<Mistake>,
    stored: Mutex<HashMap<usize, (u64, u64)>>,
    /// The stamps of runs under way, and what tells their followers the version.
    runs: Mutex<HashMap<usize, (u64, watch::Receiver<Option<u64>>)>>,
    clock: AtomicU64,
    epochs: [AtomicU64; RESOURCES],
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    /// The stamp is taken when the run ends.
    StampsAfterTheRun,
    /// An invalidation removes what is stored, and knows nothing of runs under way.
    OnlyRemoves,
    /// The clock moves on after the epoch was set to where it stood: a run in between is stamped no earlier.
    MovesTheClockTooLate,
    /// A request joins whatever run is under way.
    JoinsAnyRun,
}

impl Miniature {
    fn new(source: Arc<Source>, mistake: Option<Mistake>) -> Self {
        let (stored, runs) = (Mutex::default(), Mutex::default());
        Self { source, mistake, stored, runs, clock: AtomicU64::new(1), epochs: Default::default() }
    }

    fn usable(&self, resource: usize, stamp: u64) -> bool {
        self.mistake == Some(Mistake::OnlyRemoves) || self.epochs[resource].load(Ordering::SeqCst) <= stamp
    }
}

impl Subject for Miniature {
    async fn read(&self, resource: usize, _: Option<usize>, _: u64) -> Read {
        // A router takes its time as well.
        tokio::task::yield_now().await;
        let stored = self.stored.lock().unwrap().get(&resource).copied();
        if let Some((stamp, version)) = stored
            && self.usable(resource, stamp)
        {
            return Read::Seen { version, hit: true };
        }
        let stamp = self.clock.load(Ordering::SeqCst);
        let (sender, receiver) = watch::channel(None);
        let joined = {
            let mut runs = self.runs.lock().unwrap();
            match runs.get(&resource) {
                Some((began, run)) if self.mistake == Some(Mistake::JoinsAnyRun) || self.usable(resource, *began) => Some(run.clone()),
                _ => {
                    runs.insert(resource, (stamp, receiver));
                    None
                }
            }
        };
        if let Some(mut run) = joined
            && let Ok(version) = run.wait_for(Option::is_some).await.map(|version| version.unwrap_or_default())
        {
            return Read::Seen { version, hit: false };
        }
        let version = self.source.read(resource).await;
        let stamp = if self.mistake == Some(Mistake::StampsAfterTheRun) { self.clock.load(Ordering::SeqCst) } else { stamp };
        self.stored.lock().unwrap().insert(resource, (stamp, version));
        sender.send_replace(Some(version));
        self.runs.lock().unwrap().remove(&resource);
        Read::Seen { version, hit: false }
    }

    async fn invalidate(&self, resource: usize, _: u64) {
        match self.mistake {
            Some(Mistake::OnlyRemoves) => drop(self.stored.lock().unwrap().remove(&resource)),
            Some(Mistake::MovesTheClockTooLate) => {
                self.epochs[resource].fetch_max(self.clock.load(Ordering::SeqCst), Ordering::SeqCst);
                self.clock.fetch_add(1, Ordering::SeqCst);
            }
            _ => {
                let epoch = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
                self.epochs[resource].fetch_max(epoch, Ordering::SeqCst);
            }
        }
    }
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
    let source = Arc::new(Source::default());
    let ours = Ours::new(Arc::clone(&source), place.cache_with(|builder| builder.backend("dict", Dict::default())).await);
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
async fn the_same_harness_finds_each_of_four_mistakes() {
    for mistake in [Mistake::StampsAfterTheRun, Mistake::OnlyRemoves, Mistake::MovesTheClockTooLate, Mistake::JoinsAnyRun] {
        let source = Arc::new(Source::default());
        let tally = load(&source, Miniature::new(Arc::clone(&source), Some(mistake)), 10_000).await;
        let reads = tally.reads.load(Ordering::Relaxed);
        println!("{mistake:?}: found after {reads} reads");
        assert!(tally.stale.load(Ordering::Relaxed) > 0, "{mistake:?} was not found in {reads} reads");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_harness_finds_nothing_where_there_is_no_mistake() {
    let source = Arc::new(Source::default());
    let tally = load(&source, Miniature::new(Arc::clone(&source), None), 10_000).await;
    assert_eq!(tally.stale.load(Ordering::Relaxed), 0);
    assert!(tally.hits.load(Ordering::Relaxed) > 0);
}
