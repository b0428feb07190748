//! HEAD, 304 and invalidations at once: whatever one answer adds to what another has stored, no read is older than an
//! invalidation before it. The version is in a field alone, so that content and validators never tell one from another.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use axum::{http::Method, response::Response};
use cached_handler::{Cache, CacheGroups, Kept, Outcome, Target};
use cached_handler_tests::harness::{Random, count, is_full, pause};

use super::places::{Client, answer, clients, everywhere};

/// A cache in front of a version.
trait Subject: Send + Sync + 'static {
    /// The version, where the answer has one.
    fn get(&self) -> impl Future<Output = Option<u64>> + Send;
    fn head(&self) -> impl Future<Output = ()> + Send;
    fn invalidate(&self, chance: u64) -> impl Future<Output = ()> + Send;
}

#[derive(Default)]
struct Tally {
    reads: AtomicUsize,
    stale: AtomicUsize,
}

/// One client sends HEADs and one reads, while two write, invalidate and read, until there were so many reads or a stale one.
async fn load(subjects: [Arc<impl Subject>; 2], truth: Arc<AtomicU64>, most: usize) -> Tally {
    let (tally, confirmed) = (Arc::new(Tally::default()), Arc::new(AtomicU64::new(0)));
    let mut tasks = tokio::task::JoinSet::new();
    for (seed, subject) in (1..).zip([&subjects[0], &subjects[1], &subjects[0], &subjects[1]]) {
        let (subject, truth) = (Arc::clone(subject), Arc::clone(&truth));
        let (tally, confirmed) = (Arc::clone(&tally), Arc::clone(&confirmed));
        tasks.spawn(async move {
            let mut random = Random::new(seed);
            while tally.reads.load(Ordering::Relaxed) < most && tally.stale.load(Ordering::Relaxed) == 0 {
                match random.below(8) {
                    0 => {
                        let written = truth.fetch_add(1, Ordering::SeqCst) + 1;
                        subject.invalidate(random.next()).await;
                        confirmed.fetch_max(written, Ordering::SeqCst);
                    }
                    1 | 2 => subject.head().await,
                    _ => {}
                }
                let least = confirmed.load(Ordering::SeqCst);
                if let Some(version) = subject.get().await {
                    tally.reads.fetch_add(1, Ordering::Relaxed);
                    tally.stale.fetch_add(usize::from(version < least), Ordering::Relaxed);
                }
                tokio::task::yield_now().await;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no panic");
    }
    Arc::into_inner(tally).expect("all have ended")
}

/// Ours, in one process.
struct Ours {
    client: Client,
    cache: Cache,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    hits: AtomicUsize,
    hits_by_head: AtomicUsize,
    freshened: AtomicUsize,
}

impl Subject for Ours {
    async fn get(&self) -> Option<u64> {
        let reply = self.client.ask("GET", "/", &[], "").await;
        let note = |counter: &AtomicUsize, is: bool| _ = counter.fetch_add(usize::from(is), Ordering::Relaxed);
        note(&self.seen.freshened, matches!(reply.outcome, Outcome::Forward { kept: Kept::Freshened, .. }));
        note(&self.seen.hits, reply.is_hit());
        note(&self.seen.hits_by_head, reply.is_hit() && reply.field("x-by-head").is_some());
        reply.field("x-version")?.parse().ok()
    }

    async fn head(&self) {
        self.client.ask("HEAD", "/", &[], "").await;
    }

    async fn invalidate(&self, chance: u64) {
        let target = match chance % 3 {
            0 => Target::path("/"),
            1 => Target::group("versions"),
            _ => Target::all(),
        };
        // It promises something once it has returned `Ok`; where the machine is too busy for the limits of time, it may not.
        while self.cache.invalidate(target.clone()).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}

/// The version as it is while the server answers; half of what GET is given is stale at once, and asked for by its tag.
async fn serve(method: Method, truth: Arc<AtomicU64>, chance: u64) -> Response {
    pause(chance).await;
    let version = truth.load(Ordering::SeqCst).to_string();
    pause(chance / 7).await;
    let mut response = if method == Method::HEAD {
        answer(200, &[("etag", "\"1\""), ("cache-control", "max-age=60"), ("x-version", &version), ("x-by-head", "1")], "")
    } else if chance.is_multiple_of(3) {
        answer(304, &[("etag", "\"1\""), ("cache-control", "max-age=60")], "")
    } else {
        let freshness = if chance.is_multiple_of(2) { "max-age=0" } else { "max-age=60" };
        answer(200, &[("etag", "\"1\""), ("cache-control", freshness), ("x-version", &version)], "always the same")
    };
    response.extensions_mut().insert(CacheGroups::of(["versions"]));
    response
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l4_under_load_no_read_is_older_whatever_a_head_or_a_304_adds_to_what_is_stored() {
    everywhere("merged", async |one, other| {
        let (truth, chances) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let now = Arc::clone(&truth);
        one.does(move |method| {
            let chance = Random::new(chances.fetch_add(1, Ordering::Relaxed)).next();
            Box::pin(serve(method.clone(), Arc::clone(&now), chance))
        });
        let seen = Arc::new(Seen::default());
        let ours = [one, other].map(|place| Arc::new(Ours { client: place.client(), cache: place.cache.clone(), seen: Arc::clone(&seen) }));
        let most = match (clients::client(), one.backend) {
            // Each of them is a process.
            (Some(_), _) => 60,
            (None, "memory") => count(1_000_000),
            (None, _) if is_full() => 1_000_000,
            (None, _) => 10_000,
        };
        let tally = load(ours, truth, most).await;
        let of = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let (reads, stale) = (of(&tally.reads), of(&tally.stale));
        let (hits, by_head, freshened) = (of(&seen.hits), of(&seen.hits_by_head), of(&seen.freshened));
        println!(
            "- {}: {reads} reads, {stale} stale; {hits} hits, {by_head} of what a HEAD had freshened; {freshened} freshened",
            one.backend
        );
        assert_eq!(stale, 0, "{}", one.backend);
        assert!(by_head > 0 && freshened > 0 || clients::client().is_some(), "{}: nothing is shown", one.backend);
    })
    .await;
}

/// The same in miniature, where a HEAD's version replaces that of what is stored, under the stamp of one of the two.
struct Miniature {
    truth: Arc<AtomicU64>,
    stored: Mutex<Option<(u64, u64)>>,
    clock: AtomicU64,
    epoch: AtomicU64,
    chance: AtomicU64,
    keeps_the_stored_stamp: bool,
}

impl Miniature {
    async fn read(&self) -> (u64, u64) {
        let stamp = self.clock.load(Ordering::SeqCst);
        let chance = Random::new(self.chance.fetch_add(1, Ordering::Relaxed)).next();
        pause(chance).await;
        let version = self.truth.load(Ordering::SeqCst);
        pause(chance / 7).await;
        (stamp, version)
    }
}

impl Subject for Miniature {
    async fn get(&self) -> Option<u64> {
        tokio::task::yield_now().await;
        let stored = *self.stored.lock().expect("no panic");
        if let Some((stamp, version)) = stored
            && self.epoch.load(Ordering::SeqCst) <= stamp
        {
            return Some(version);
        }
        let (stamp, version) = self.read().await;
        *self.stored.lock().expect("no panic") = Some((stamp, version));
        Some(version)
    }

    async fn head(&self) {
        let (stamp, version) = self.read().await;
        if let Some(stored) = &mut *self.stored.lock().expect("no panic") {
            *stored = (if self.keeps_the_stored_stamp { stored.0 } else { stored.0.min(stamp) }, version);
        }
    }

    async fn invalidate(&self, _: u64) {
        let epoch = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
        self.epoch.fetch_max(epoch, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_load_finds_a_stamp_that_a_merge_has_kept_and_nothing_without_it() {
    for keeps_the_stored_stamp in [true, false] {
        let truth = Arc::new(AtomicU64::new(0));
        let subject = Arc::new(Miniature {
            truth: Arc::clone(&truth),
            stored: Mutex::default(),
            clock: AtomicU64::new(1),
            epoch: AtomicU64::new(0),
            chance: AtomicU64::new(0),
            keeps_the_stored_stamp,
        });
        let tally = load([Arc::clone(&subject), subject], truth, 50_000).await;
        let (reads, stale) = (tally.reads.load(Ordering::Relaxed), tally.stale.load(Ordering::Relaxed));
        println!("keeps the stored stamp: {keeps_the_stored_stamp}; {stale} stale of {reads} reads");
        assert_eq!(stale > 0, keeps_the_stored_stamp, "{reads} reads");
    }
}
