//! What one of the processes does, and the mistakes that the judge has to find.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use cached_handler::{Bypass, Cache, Forward, Outcome};
use cached_handler_tests::harness::{PATIENT, Random, ask, leaves_at, text};
use rustix::time::{ClockId, clock_gettime};

use super::{
    Backend, Mistake, TASKS,
    history::{Event, History, What},
    site::{IDS, RESOURCES, Truth, router, target, uri},
};

/// What a process is told.
#[derive(Debug, Clone)]
pub struct Share {
    pub backend: Backend,
    pub mistake: Mistake,
    pub process: usize,
    pub operations: usize,
    pub url: String,
    pub directory: PathBuf,
}

impl Share {
    pub fn to_words(&self) -> String {
        let Self { backend, mistake, process, operations, url, directory } = self;
        format!("{} {} {process} {operations} {url} {}", backend.name(), mistake.word(), directory.display())
    }

    pub fn of_words(words: &str) -> Self {
        let mut words = words.splitn(6, ' ');
        let mut next = || words.next().unwrap();
        Self {
            backend: Backend::of(next()),
            mistake: Mistake::of(next()),
            process: next().parse().unwrap(),
            operations: next().parse().unwrap(),
            url: next().to_owned(),
            directory: next().into(),
        }
    }
}

/// By the clock that all processes of a machine share.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

struct Member {
    share: Share,
    truth: Arc<Truth>,
    cache: Cache,
    router: Router,
    /// Of a cache with a mistake: by resource a version, the clock that it is said to be of, and when it was taken.
    copies: Mutex<HashMap<usize, (u64, u64, u64)>>,
    hits: AtomicUsize,
    /// Reads that are promised nothing, and invalidations that failed.
    unpromised: AtomicUsize,
    failed: AtomicUsize,
}

/// How long a cache with the oldest mistake uses a copy without asking.
const A_MOMENT: u64 = 20_000_000;

impl Member {
    /// `None` where nothing is promised: while a process cannot reach its backend, it may join a run already under way.
    async fn read_through(&self, resource: usize) -> Option<u64> {
        let response = ask(&self.router, &uri(resource)).await;
        match response.extensions().get() {
            Some(Outcome::Hit { .. } | Outcome::Stale { .. }) => _ = self.hits.fetch_add(1, Ordering::Relaxed),
            Some(Outcome::Forward { why: Forward::Bypass(Bypass::Backend), collapsed: true, .. }) => {
                self.unpromised.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            _ => {}
        }
        Some(text(response).await.parse().unwrap())
    }

    async fn read(&self, resource: usize) -> Option<u64> {
        if self.share.mistake == Mistake::None {
            return self.read_through(resource).await;
        }
        let (clock, at) = (self.truth.clock(), now());
        let copy = self.copies.lock().unwrap().get(&resource).copied();
        match copy {
            Some((version, _, taken)) if self.share.mistake == Mistake::AsksNobody && at - taken < A_MOMENT => return Some(version),
            Some((version, of, _)) if self.share.mistake != Mistake::AsksNobody && of == clock => return Some(version),
            _ => {}
        }
        let version = self.read_through(resource).await?;
        let of = if self.share.mistake == Mistake::StampsLate { self.truth.clock() } else { clock };
        self.copies.lock().unwrap().insert(resource, (version, of, at));
        Some(version)
    }

    async fn reads(&self, history: &mut History, resource: usize) {
        let began = now();
        if let Some(version) = self.read(resource).await {
            history.note(&Event { what: What::Read, resource, began, ended: now(), version });
        }
    }

    /// Invalidates or expires, a version that is new or the one that is there.
    async fn changes(&self, history: &mut History, random: &mut Random, writes: bool, what: What) {
        let mut resource = random.below(RESOURCES);
        if writes {
            // Each thing has one process that writes it.
            let id = random.below(IDS / super::PROCESSES) * super::PROCESSES + self.share.process;
            resource = resource / IDS * IDS + id;
            let (version, began) = self.truth.write(id, now);
            for resource in (0..RESOURCES).filter(|resource| resource % IDS == id) {
                history.note(&Event { what: What::Written, resource, began, ended: began, version });
            }
        }
        let (target, covered) = target(resource, random.below(16));
        let versions: Vec<_> = covered.into_iter().map(|resource| (resource, self.truth.version(resource % IDS))).collect();
        let began = now();
        let outcome = match what {
            What::Expired => self.cache.expire(target).await,
            _ => self.cache.invalidate(target).await,
        };
        if outcome.is_err() {
            // It promises nothing, and may take effect later.
            self.failed.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.truth.tick(self.share.process);
        let ended = now();
        for (resource, version) in versions {
            history.note(&Event { what, resource, began, ended, version });
        }
    }

    async fn task(&self, task: usize) {
        let mut random = Random::new((self.share.process * 100 + task) as u64);
        let mut history = History::new(&self.share.directory, self.share.process, task);
        for _ in 0..self.share.operations / TASKS {
            match random.below(500) {
                0..3 => self.changes(&mut history, &mut random, true, What::Invalidated).await,
                3 => self.changes(&mut history, &mut random, false, What::Invalidated).await,
                4 => self.changes(&mut history, &mut random, true, What::Expired).await,
                5..25 => {
                    // A client that leaves.
                    let resource = random.below(RESOURCES);
                    _ = leaves_at(random.below(5), self.read(resource)).await;
                }
                _ => self.reads(&mut history, random.below(RESOURCES)).await,
            }
            // Those that await nothing leave no time to others.
            tokio::task::yield_now().await;
        }
        history.end();
    }
}

/// Does its share, and prints what it counted.
pub async fn run(share: Share) {
    let truth = Arc::new(Truth::open(&share.directory));
    let builder = Cache::builder().namespace("exact").shares_namespace().outcome_on_hits();
    let builder = match share.backend {
        Backend::Memory => builder,
        Backend::Files | Backend::MemoryAndFiles => builder.fs(share.directory.join("cache")).limits("fs", PATIENT),
        Backend::Redis | Backend::MemoryAndRedis => builder.redis(share.url.as_str()).limits("redis", PATIENT),
    };
    let cache = builder.default_backend(share.backend.name()).build().await.unwrap();
    let router = router(Arc::clone(&truth)).layer(axum::Extension(cache.clone()));
    let member = Arc::new(Member {
        share,
        truth,
        cache,
        router,
        copies: Mutex::default(),
        hits: AtomicUsize::new(0),
        unpromised: AtomicUsize::new(0),
        failed: AtomicUsize::new(0),
    });
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let member = Arc::clone(&member);
        tasks.spawn(async move { member.task(task).await });
    }
    tasks.join_all().await;
    let [hits, unpromised, failed] = [&member.hits, &member.unpromised, &member.failed].map(|count| count.load(Ordering::Relaxed));
    println!("\nsaw hits {hits} unpromised {unpromised} failed {failed}");
    member.cache.drain(Duration::from_secs(10)).await;
}
