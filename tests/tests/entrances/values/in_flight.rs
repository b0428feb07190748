//! Computations under way: one for all callers, none older than what invalidates it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{BACKENDS, with_dict};
use cached_handler::{Target, ValueOptions, Values, secs, testing::TestCache};
use tokio::sync::Semaphore;

/// Computations that wait until they are let go.
#[derive(Clone)]
struct Held {
    numbers: Values<usize>,
    runs: Arc<AtomicUsize>,
    go: Arc<Semaphore>,
}

impl Held {
    fn new(cache: &TestCache, backend: &'static str) -> Self {
        Self { numbers: cache.cache().values("held").backend(backend), runs: Arc::default(), go: Arc::new(Semaphore::new(0)) }
    }

    fn spawn(&self) -> tokio::task::JoinHandle<usize> {
        let Self { numbers, runs, go } = self.clone();
        tokio::spawn(async move {
            let compute = async move || {
                let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
                go.acquire().await.unwrap().forget();
                Ok::<_, ()>(run)
            };
            *numbers.get_or_insert_with("key", ValueOptions::new(secs(60)).group("held"), compute).await.unwrap()
        })
    }

    async fn until(&self, runs: usize) {
        while self.runs.load(Ordering::SeqCst) < runs {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_thousand_callers_compute_once() {
    for backend in BACKENDS {
        let cache = with_dict();
        let held = Held::new(&cache, backend);
        let asked: Vec<_> = (0..1000).map(|_| held.spawn()).collect();
        held.until(1).await;
        held.go.add_permits(1000);
        for asked in asked {
            assert_eq!(asked.await.unwrap(), 1);
        }
        assert_eq!(held.runs.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_caller_who_leaves_stops_nobody() {
    let cache = with_dict();
    let held = Held::new(&cache, "memory");
    let leaves = held.spawn();
    held.until(1).await;
    leaves.abort();
    held.go.add_permits(1);
    assert!(cache.cache().drain(secs(5)).await);
    assert_eq!(*held.numbers.get("key").await.unwrap(), 1);
}

#[tokio::test]
async fn a_computation_in_flight_loses_to_what_comes_after_it_began() {
    for backend in BACKENDS {
        for kind in 0..4 {
            let cache = with_dict();
            let held = Held::new(&cache, backend);
            let before = held.spawn();
            held.until(1).await;
            match kind {
                0 => held.numbers.remove("key").await.unwrap(),
                1 => cache.cache().invalidate(Target::group("held")).await.unwrap(),
                2 => cache.cache().invalidate(Target::named("held")).await.unwrap(),
                _ => held.numbers.insert("key", 7, secs(60)).await.unwrap(),
            }
            let after = held.spawn();
            if kind < 3 {
                held.until(2).await;
            }
            held.go.add_permits(2);
            assert_eq!(before.await.unwrap(), 1);
            let expected = if kind < 3 { 2 } else { 7 };
            assert_eq!(after.await.unwrap(), expected, "{backend} {kind}");
            assert_eq!(*held.numbers.get("key").await.unwrap(), expected, "{backend} {kind}");
        }
    }
}

#[tokio::test]
async fn a_panic_reaches_its_caller_and_poisons_nothing() {
    let cache = with_dict();
    let numbers: Values<usize> = cache.cache().values("panics");
    let panics = {
        let numbers = numbers.clone();
        tokio::spawn(
            async move { numbers.get_or_insert_with("key", secs(60), async || -> Result<usize, ()> { panic!("on purpose") }).await },
        )
    };
    assert!(panics.await.unwrap_err().is_panic());
    assert_eq!(*numbers.get_or_insert_with("key", secs(60), async || Ok::<_, ()>(1)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_computation_may_ask_for_its_own_key() {
    let cache = with_dict();
    let numbers: Values<usize> = cache.cache().values("within");
    let inner = numbers.clone();
    let compute = async move || {
        let value = inner.get_or_insert_with("key", secs(60), async || Ok::<_, ()>(1)).await?;
        Ok::<_, ()>(*value + 1)
    };
    assert_eq!(*numbers.get_or_insert_with("key", secs(60), compute).await.unwrap(), 2);
}
