//! Law L4 under load: readers, writers, handlers in flight, clients that leave. The same harness is shown to find caches
//! that take their stamp too late, or that invalidate by removing what is stored. In memory, in files and in a Redis.

mod others;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Router, body::Body, extract::Path, http::Request, response::Response, routing::get};
use cached_handler::{Bypass, Cache, CacheGroups, Forward, Outcome, Target, cached};
use cached_handler_tests::{harness::count, places::Place};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// Where responses rest, and how many reads there are of it: what is enough where nobody asked for all.
fn places(test: &str) -> [(Place, &'static str, u64); 3] {
    let most = [1_000_000, 200_000, 200_000].map(|full| count(full) as u64);
    [(Place::Memory, "memory", most[0]), (Place::files(test), "files", most[1]), (Place::redis(), "a Redis", most[2])]
}

const RESOURCES: usize = 8;

/// What handlers read and writers change: a version each.
#[derive(Default)]
struct Source {
    versions: [AtomicU64; RESOURCES],
    runs: AtomicUsize,
}

impl Source {
    /// A read that takes its time, before or after it has looked.
    async fn read(&self, id: usize) -> u64 {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        pause(run % 3).await;
        let version = self.versions[id].load(Ordering::SeqCst);
        pause(run / 3 % 4).await;
        version
    }
}

/// Lets others run, for a while that differs.
async fn pause(kind: usize) {
    match kind {
        0 => {}
        1 => tokio::task::yield_now().await,
        2 => {
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
        }
        _ => tokio::time::sleep(Duration::from_micros(200)).await,
    }
}

/// A cache in front of the source.
trait Subject: Send + Sync + 'static {
    /// `None` where nothing is promised: while a process cannot reach its backend, it may join a run already under way.
    fn read(&self, id: usize) -> impl Future<Output = Option<u64>> + Send;
    fn invalidate(&self, id: usize, kind: usize) -> impl Future<Output = ()> + Send;
}

/// Ours, through a router.
struct Ours {
    router: Router,
    cache: Cache,
}

#[cached(ttl = 600, group = "resource:{id}")]
async fn resource(Extension(source): Extension<Shared>, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.0.read(id).await;
    (CacheGroups::of([format!("known-later:{id}")]), version.to_string())
}

/// The same for every request of a router.
#[derive(Clone, cached_handler::CacheKey)]
struct Shared(#[cache_key(skip)] Arc<Source>);

impl Ours {
    fn new(source: Arc<Source>, cache: Cache) -> Self {
        let router = Router::new().route("/resource/{id}", get(resource)).layer(Extension(Shared(source)));
        Self { router: router.layer(Extension(cache.clone())), cache }
    }
}

/// The version that a response shows.
async fn promised(response: Response) -> Option<u64> {
    let outcome = response.extensions().get();
    if matches!(outcome, Some(Outcome::Forward { why: Forward::Bypass(Bypass::Backend), collapsed: true, .. })) {
        return None;
    }
    let content = response.into_body().collect().await.unwrap().to_bytes();
    Some(std::str::from_utf8(&content).unwrap().parse().unwrap())
}

/// It promises something once it has returned `Ok`; where the machine is too busy for the limits of time, it may not.
async fn invalidated(cache: &Cache, target: Target) {
    while cache.invalidate(target.clone()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Subject for Ours {
    async fn read(&self, id: usize) -> Option<u64> {
        let request = Request::get(format!("/resource/{id}")).body(Body::empty()).unwrap();
        promised(self.router.clone().oneshot(request).await.unwrap()).await
    }

    async fn invalidate(&self, id: usize, kind: usize) {
        let target = match kind % 16 {
            0 => Target::all(),
            1 => Target::handler(resource),
            2..=5 => Target::path(format!("/resource/{id}")),
            6..=9 => Target::group(format!("known-later:{id}")),
            _ => Target::group(format!("resource:{id}")),
        };
        invalidated(&self.cache, target).await;
    }
}

/// A cache as it is often written, with the bug that the harness has to find.
struct Naive {
    source: Arc<Source>,
    stored: Mutex<HashMap<usize, (u64, u64)>>,
    clock: AtomicU64,
    epochs: [AtomicU64; RESOURCES],
    bug: Bug,
}

#[derive(Clone, Copy, PartialEq)]
enum Bug {
    /// The stamp is taken when the run ends.
    LateStamp,
    /// An invalidation removes what is stored, and knows nothing of runs in flight.
    Removal,
}

impl Naive {
    fn new(source: Arc<Source>, bug: Bug) -> Self {
        Self { source, stored: Mutex::default(), clock: AtomicU64::new(1), epochs: Default::default(), bug }
    }
}

impl Subject for Naive {
    async fn read(&self, id: usize) -> Option<u64> {
        let stored = self.stored.lock().unwrap().get(&id).copied();
        if let Some((stamp, version)) = stored
            && self.epochs[id].load(Ordering::SeqCst) <= stamp
        {
            return Some(version);
        }
        let version = self.source.read(id).await;
        let stamp = self.clock.load(Ordering::SeqCst);
        self.stored.lock().unwrap().insert(id, (stamp, version));
        Some(version)
    }

    async fn invalidate(&self, id: usize, _: usize) {
        match self.bug {
            Bug::LateStamp => {
                let epoch = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
                self.epochs[id].fetch_max(epoch, Ordering::SeqCst);
            }
            Bug::Removal => {
                self.stored.lock().unwrap().remove(&id);
            }
        }
    }
}

/// Reads until `most` or until a stale one; gives the reads, and the stale ones among them.
async fn load(source: Arc<Source>, subject: Arc<impl Subject>, most: u64) -> (u64, u64) {
    let (done, stale) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let written = Arc::new(AtomicU64::new(0));
    let confirmed: Arc<[AtomicU64; RESOURCES]> = Arc::default();
    let goes_on = {
        let (done, stale) = (Arc::clone(&done), Arc::clone(&stale));
        move || done.load(Ordering::Relaxed) < most && stale.load(Ordering::Relaxed) == 0
    };
    let mut tasks = Vec::new();
    for writer in 0..2_usize {
        let (source, subject, confirmed, goes_on) = (Arc::clone(&source), Arc::clone(&subject), Arc::clone(&confirmed), goes_on.clone());
        let written = Arc::clone(&written);
        tasks.push(tokio::spawn(async move {
            let mut round = writer;
            while goes_on() {
                round += 1;
                let id = round * 7 % RESOURCES;
                let version = source.versions[id].fetch_add(1, Ordering::SeqCst) + 1;
                subject.invalidate(id, round).await;
                // From here on nobody may see an older one.
                confirmed[id].fetch_max(version, Ordering::SeqCst);
                written.fetch_add(1, Ordering::Relaxed);
                pause(1 + round % 3).await;
            }
        }));
    }
    for reader in 0..12_usize {
        let (subject, confirmed, goes_on) = (Arc::clone(&subject), Arc::clone(&confirmed), goes_on.clone());
        let (done, stale, written) = (Arc::clone(&done), Arc::clone(&stale), Arc::clone(&written));
        tasks.push(tokio::spawn(async move {
            let mut round = reader;
            while goes_on() {
                round += 1;
                let id = round * 5 % RESOURCES;
                let least = confirmed[id].load(Ordering::SeqCst);
                let read = subject.read(id);
                // Every now and then a client leaves before its answer comes.
                let seen =
                    if round % 11 == 0 { tokio::time::timeout(Duration::from_micros(50), read).await.ok() } else { Some(read.await) };
                let seen = seen.flatten();
                if let Some(seen) = seen {
                    done.fetch_add(1, Ordering::Relaxed);
                    stale.fetch_add(u64::from(seen < least), Ordering::Relaxed);
                }
                if round % 64 == 0 {
                    tokio::task::yield_now().await;
                }
                // Hits take next to no time: however the threads are scheduled, no writer is left behind.
                while goes_on() && written.load(Ordering::Relaxed) < done.load(Ordering::Relaxed) / 20 {
                    tokio::task::yield_now().await;
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    (done.load(Ordering::Relaxed), stale.load(Ordering::Relaxed))
}

async fn finds_nothing<S: Subject>(what: &str, most: u64, subject: impl FnOnce(Arc<Source>) -> S) {
    let source = Arc::new(Source::default());
    let (done, stale) = load(Arc::clone(&source), Arc::new(subject(Arc::clone(&source))), most).await;
    let runs = source.runs.load(Ordering::Relaxed);
    println!("- {what}: {done} reads, {stale} stale, {runs} runs");
    assert_eq!(stale, 0, "{what}");
    assert!((runs as u64) < done, "some reads were hits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_that_starts_after_an_invalidation_sees_what_was_before_it() {
    for (place, name, most) in places("invalidation") {
        let cache = place.cache().await;
        finds_nothing(&format!("handlers in {name}"), most, |source| Ours::new(source, cache)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_harness_finds_a_stamp_that_is_taken_after_the_run() {
    let source = Arc::new(Source::default());
    let (done, stale) = load(Arc::clone(&source), Arc::new(Naive::new(Arc::clone(&source), Bug::LateStamp)), 10_000).await;
    println!("found after {done} reads");
    assert!(stale > 0, "not found in {done} reads");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_harness_finds_an_invalidation_that_only_removes() {
    let source = Arc::new(Source::default());
    let (done, stale) = load(Arc::clone(&source), Arc::new(Naive::new(Arc::clone(&source), Bug::Removal)), 10_000).await;
    println!("found after {done} reads");
    assert!(stale > 0, "not found in {done} reads");
}
