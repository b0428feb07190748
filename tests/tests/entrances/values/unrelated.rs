//! What is inserted or removed concerns its own key: neither other values nor pages, on any backend.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    extract::{Path, State},
    routing::get,
};
use cached_handler::{Cache, CacheBuilder, Target, Values, cached, secs};
use cached_handler_tests::{
    files::Scratch,
    harness::{Dict, PATIENT, ask, count},
    redis_server::RedisServer,
};

#[cached(ttl = 600)]
async fn page(State(runs): State<Arc<AtomicUsize>>, Path(id): Path<usize>) -> String {
    runs.fetch_add(1, Ordering::SeqCst);
    id.to_string()
}

struct Site {
    cache: Cache,
    router: Router,
    runs: Arc<AtomicUsize>,
    values: Values<usize>,
}

impl Site {
    async fn of(builder: CacheBuilder) -> Self {
        let cache = builder.memory(1 << 30).build().await.unwrap();
        let runs = Arc::<AtomicUsize>::default();
        let router = Router::new().route("/{id}", get(page)).with_state(Arc::clone(&runs)).layer(Extension(cache.clone()));
        let began = cached_handler_tests::harness::moment();
        while format!("{cache:?}").contains("phase: \"begun\"") && began.elapsed() < Duration::from_secs(10) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let values = cache.values("unrelated");
        Self { cache, router, runs, values }
    }

    async fn pages(&self) {
        for id in 0..1000 {
            drop(ask(&self.router, &format!("/{id}")).await);
        }
        assert!(self.cache.drain(Duration::from_secs(20)).await);
    }

    async fn there(&self, values: usize) -> usize {
        let mut there = 0;
        for id in 0..values {
            there += usize::from(self.values.get(&id).await.as_deref() == Some(&id));
        }
        there
    }

    /// Far more of others than there are epochs of paths.
    async fn unrelated_keys_leave_all_in_place(self, backend: &str) {
        let (kept, others) = (count(50_000), count(70_000));
        self.pages().await;
        let errors = self.cache.stats().backend_errors;
        for id in 0..kept {
            self.values.insert(&id, id, secs(600)).await.unwrap();
        }
        for id in 0..others {
            let id = 1_000_000 + id;
            match id % 3 {
                0 => self.values.remove(&id).await.unwrap(),
                _ => self.values.insert(&id, id, secs(600)).await.unwrap(),
            }
        }
        let failed = self.cache.stats().backend_errors - errors;
        let runs = self.runs.load(Ordering::SeqCst);
        let there = self.there(kept).await;
        self.pages().await;
        let again = self.runs.load(Ordering::SeqCst) - runs;
        let failed_since = self.cache.stats().backend_errors - errors;
        println!("- {backend}: {there} of {kept} values and {} of 1000 pages are left after {others} others", 1000 - again);
        // A machine that is too busy makes a healthy backend exceed its limits of time: that is no answer of the store.
        let spared = usize::try_from(failed_since).unwrap() + usize::from(failed > 0) * kept;
        assert!(there + spared >= kept, "{backend}: {there} of {kept} values");
        assert!(again <= spared, "{backend}: {again} pages were made again");

        // And those that are meant are gone.
        self.values.remove(&0).await.unwrap();
        self.values.insert(&1, 100, secs(600)).await.unwrap();
        assert_eq!(self.values.get(&0).await, None, "{backend}");
        assert!(self.values.get(&1).await.is_none_or(|value| *value == 100), "{backend}");
        self.cache.invalidate(Target::named("unrelated")).await.unwrap();
        assert_eq!(self.there(20).await, 0, "{backend}");
    }
}

#[tokio::test]
async fn in_memory_unrelated_keys_leave_all_values_and_pages_in_place() {
    Site::of(Cache::builder()).await.unrelated_keys_leave_all_in_place("memory").await;
}

#[tokio::test]
async fn in_files_unrelated_keys_leave_all_values_and_pages_in_place() {
    let scratch = Scratch::new("values-unrelated");
    let builder = Cache::builder().namespace("values").fs(scratch.cache()).default_backend("fs").limits("fs", PATIENT);
    Site::of(builder).await.unrelated_keys_leave_all_in_place("fs").await;
}

#[tokio::test]
async fn in_redis_unrelated_keys_leave_all_values_and_pages_in_place() {
    let server = RedisServer::start();
    let builder = Cache::builder().namespace("values").redis(server.url()).default_backend("redis").limits("redis", PATIENT);
    Site::of(builder).await.unrelated_keys_leave_all_in_place("redis").await;
}

#[tokio::test]
async fn in_a_store_of_ones_own_unrelated_keys_leave_all_values_and_pages_in_place() {
    let builder = Cache::builder().backend("dict", Dict::default()).default_backend("dict");
    Site::of(builder).await.unrelated_keys_leave_all_in_place("dict").await;
}

#[tokio::test]
async fn pages_that_are_invalidated_leave_values_in_place() {
    for builder in [Cache::builder(), Cache::builder().backend("dict", Dict::default()).default_backend("dict")] {
        let site = Site::of(builder).await;
        let kept = count(20_000);
        for id in 0..kept {
            site.values.insert(&id, id, secs(600)).await.unwrap();
        }
        for id in 0..70_000 {
            site.cache.invalidate(Target::path(format!("/other/{id}"))).await.unwrap();
        }
        assert_eq!(site.there(kept).await, kept);
    }
}

#[tokio::test]
async fn versions_that_are_computed_leave_nothing_behind() {
    let cache = Cache::builder().build().await.unwrap();
    let set = |version: u32| cache.values::<u32>("computed").version(version).max_json(100 + version as usize);
    for version in 0..2000 {
        set(version).insert("key", version, secs(600)).await.unwrap();
    }
    for version in 0..2000 {
        assert_eq!(set(version).get("key").await.as_deref(), Some(&version), "they share nothing");
    }
    let described = cached_handler::handlers().into_iter().filter(|handler| handler.name == "computed").count();
    assert!(described <= 64, "{described} descriptions");
}
