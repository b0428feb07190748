//! Law L5 on a store of one's own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{Dict, ask, text};
use axum::{Extension, Router, body::Body, extract::Path, http::Request, routing::get};
use bytes::Bytes;
use cached_handler::{
    Cache, CacheGroups, Error, Target,
    backend::{Effect, EpochSnapshot, Epochs, InProcessEpochs, Scopes, Store, StoreKey},
    cached,
    testing::TestCache,
};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// What it has found is told some moments later.
struct Late(Dict, AtomicUsize);

impl Store for Late {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        let found = self.0.get(key).await;
        for _ in 0..self.1.fetch_add(7, Ordering::Relaxed) % 40 {
            tokio::task::yield_now().await;
        }
        found
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, keep_for: Duration) -> Result<(), Error> {
        self.0.put(key, bytes, keep_for).await
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        self.0.remove(key).await
    }

    async fn clear(&self) -> Result<(), Error> {
        self.0.clear().await
    }
}

static COLD: AtomicUsize = AtomicUsize::new(0);

#[cached(ttl = 60, backend = "dict")]
async fn cold(Path(_): Path<usize>) -> String {
    COLD.fetch_add(1, Ordering::SeqCst).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_misses_at_rest_run_the_handler_once_also_after_a_look_up_too_early() {
    let mut counted = 0;
    for id in 0..ROUNDS {
        // A cache for each, so that the circuit breaker of one is not that of the next.
        let cache = TestCache::with(|builder| builder.backend("dict", Late(Dict::default(), AtomicUsize::new(id))));
        let router = Router::new().route("/cold/{id}", get(cold)).layer(cache.layer());
        let before = COLD.load(Ordering::SeqCst);
        let ask = || {
            let (router, request) = (router.clone(), Request::get(format!("/cold/{id}")).body(Body::empty()).unwrap());
            tokio::spawn(async move { router.oneshot(request).await.unwrap().into_body().collect().await.unwrap().to_bytes() })
        };
        let asked: Vec<_> = (0..16).map(|_| ask()).collect();
        let mut answers = Vec::new();
        for answer in asked {
            answers.push(answer.await.unwrap());
        }
        assert!(cache.cache().drain(Duration::from_secs(10)).await);
        // Where the machine is so busy that a look-up takes longer than it may, a request rightly runs for itself.
        let stats = cache.cache().stats();
        if stats.backend_errors + stats.backend_spared > 0 {
            continue;
        }
        counted += 1;
        assert_eq!(COLD.load(Ordering::SeqCst) - before, 1, "one run for each key: {answers:?}");
        assert!(answers.iter().all(|answer| *answer == before.to_string()), "{answers:?}");
    }
    println!("- of {ROUNDS} rounds {counted} were not disturbed, and had one run each");
    assert!(counted > ROUNDS * 2 / 3, "{counted} of {ROUNDS}");
}

const ROUNDS: usize = 500;

static GROUPED: AtomicUsize = AtomicUsize::new(0);
static MAY_END: Semaphore = Semaphore::const_new(0);

/// Its response names groups that no request knows of before.
#[cached(ttl = 60, backend = "dict")]
async fn grouped() -> (CacheGroups, String) {
    let run = GROUPED.fetch_add(1, Ordering::SeqCst);
    let _permit = MAY_END.acquire().await;
    (CacheGroups::of(["found-in-the-database"]), run.to_string())
}

#[tokio::test]
async fn l5_an_unrelated_invalidation_keeps_the_followers_of_a_run_of_unknown_groups() {
    for (invalidated, runs) in [("something else", 1), ("found-in-the-database", 2)] {
        let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()));
        let router = Router::new().route("/grouped", get(grouped)).layer(cache.layer());
        let ask = || {
            let router = router.clone();
            tokio::spawn(async move { text(ask(&router, "/grouped").await).await })
        };
        GROUPED.store(0, Ordering::SeqCst);
        let leader = ask();
        turns().await;
        cache.cache().invalidate(Target::group(invalidated)).await.unwrap();
        let followers: Vec<_> = (0..20).map(|_| ask()).collect();
        turns().await;
        MAY_END.add_permits(1);
        assert_eq!(leader.await.unwrap(), "0");
        for follower in followers {
            // By one run for all of them, where what they have waited for is outdated.
            assert_eq!(follower.await.unwrap(), (runs - 1).to_string(), "{invalidated}");
        }
        assert_eq!(GROUPED.load(Ordering::SeqCst), runs, "{invalidated}");
        MAY_END.forget_permits(1);
    }
}

/// Counts how often its epochs are read, and never answers one of those reads.
#[derive(Clone, Default)]
struct Counted {
    dict: Dict,
    epochs: Arc<InProcessEpochs>,
    reads: Arc<AtomicUsize>,
    unanswered: Arc<AtomicUsize>,
}

impl Store for Counted {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        self.dict.get(key).await
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, keep_for: Duration) -> Result<(), Error> {
        self.dict.put(key, bytes, keep_for).await
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        self.dict.remove(key).await
    }

    async fn clear(&self) -> Result<(), Error> {
        self.dict.clear().await
    }
}

impl Epochs for Counted {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        let number = self.reads.fetch_add(1, Ordering::SeqCst) + 1;
        if number == self.unanswered.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
        self.epochs.read(scopes).await
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        self.epochs.advance(target, effect).await
    }
}

/// A run holds its key as long as it sees to its response behind the answer.
#[tokio::test]
async fn those_whom_a_run_has_nothing_for_do_not_wait_for_it_again_and_again() {
    let store = Counted::default();
    let cache = Cache::builder().backend_with_epochs("dict", store.clone(), store.clone()).build().await.unwrap();
    let router = Router::new().route("/slow", get(slowly)).layer(Extension(cache.clone()));
    let ask = || {
        let router = router.clone();
        tokio::spawn(async move { text(ask(&router, "/slow").await).await })
    };
    let leader = ask();
    turns().await;
    cache.invalidate(Target::group("read-slowly")).await.unwrap();
    let followers: Vec<_> = (0..20).map(|_| ask()).collect();
    turns().await;
    let before = store.reads.load(Ordering::SeqCst);
    // That of the leader, which is the first.
    store.unanswered.store(before + 1, Ordering::SeqCst);
    SLOW_MAY_END.add_permits(1);
    assert_eq!(leader.await.unwrap(), "0");
    for follower in followers {
        assert_eq!(follower.await.unwrap(), "1");
    }
    let reads = store.reads.load(Ordering::SeqCst) - before;
    assert!(reads <= 2 * 20 + 4, "{reads} reads of the epochs for 20 followers");
}

static SLOW: AtomicUsize = AtomicUsize::new(0);
static SLOW_MAY_END: Semaphore = Semaphore::const_new(0);

#[cached(ttl = 60, backend = "dict")]
async fn slowly() -> (CacheGroups, String) {
    let run = SLOW.fetch_add(1, Ordering::SeqCst);
    let _permit = SLOW_MAY_END.acquire().await;
    (CacheGroups::of(["read-slowly"]), run.to_string())
}

/// Until all tasks wait for something.
async fn turns() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
