//! Stores that fail, are not there, or hold what cannot be read.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::Fixture;
use bytes::Bytes;
use cached_handler::{
    Error, Values,
    backend::{Store, StoreKey},
    secs,
    testing::TestCache,
};
use cached_handler_tests::harness::Dict;

/// While it is looked up, other things happen.
#[derive(Clone, Default)]
struct Meanwhile {
    dict: Dict,
    happens: Arc<Mutex<Option<BoxFuture<()>>>>,
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl Store for Meanwhile {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        let found = self.dict.get(key).await;
        let happens = self.happens.lock().unwrap().take();
        if let Some(happens) = happens {
            happens.await;
        }
        found
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

/// As after a deploy that has changed the type, and `null`, which is all that JSON has for a NaN: a miss for each caller,
/// whatever others do meanwhile, and an event.
#[tokio::test]
async fn a_value_that_cannot_be_read_is_computed_again_and_never_waited_for() {
    let store = Meanwhile::default();
    let cache = TestCache::with(|builder| builder.backend("store", store.clone()));
    let numbers: Values<f64> = cache.cache().values("numbers").backend("store");
    let load = |numbers: Values<f64>| async move {
        let Ok(number) = numbers.get_or_insert_with("key", secs(60), async || Ok::<_, Infallible>(f64::NAN)).await;
        number.is_nan()
    };
    assert!(load(numbers.clone()).await);
    assert_eq!(numbers.get("key").await, None);
    let (other, others) = (load(numbers.clone()), Arc::<AtomicUsize>::default());
    let count = Arc::clone(&others);
    *store.happens.lock().unwrap() = Some(Box::pin(async move {
        count.fetch_add(other.await.into(), Ordering::SeqCst);
    }));
    let loaded = tokio::time::timeout(Duration::from_secs(20), load(numbers.clone())).await;
    assert_eq!((loaded, others.load(Ordering::SeqCst)), (Ok(true), 1));
    assert!(cache.cache().stats().damaged >= 2);
}

#[tokio::test]
async fn whatever_lies_in_the_store_is_a_miss_at_worst() {
    let fixture = Fixture::new("dict");
    fixture.load(1, secs(60)).await;
    let names: Vec<StoreKey> = fixture.dict.map().keys().cloned().collect();
    let whole = fixture.dict.map()[&names[0]].clone();
    for length in 0..whole.len() {
        let mut bytes = whole.to_vec();
        bytes[length] ^= 0x20;
        for damaged in [bytes, whole[..length].to_vec()] {
            fixture.dict.map().insert(names[0].clone(), damaged.into());
            assert_eq!(fixture.articles.get(&1_u64).await, None);
        }
    }
    assert_eq!(fixture.load(1, secs(60)).await, "2");
}

struct Broken;

impl Store for Broken {
    async fn get(&self, _: &StoreKey) -> Result<Option<Bytes>, Error> {
        Err(Error::backend("broken"))
    }

    async fn put(&self, _: &StoreKey, _: Bytes, _: Duration) -> Result<(), Error> {
        Err(Error::backend("broken"))
    }

    async fn remove(&self, _: &StoreKey) -> Result<(), Error> {
        Err(Error::backend("broken"))
    }

    async fn clear(&self) -> Result<(), Error> {
        Err(Error::backend("broken"))
    }
}

#[tokio::test]
async fn a_store_that_fails_and_one_that_is_not_there_fail_nobody() {
    let cache = TestCache::with(|builder| builder.backend("broken", Broken));
    for backend in ["broken", "nowhere"] {
        let numbers: Values<usize> = cache.cache().values("numbers").backend(backend);
        for run in 0..2 {
            assert_eq!(*numbers.get_or_insert_with("key", secs(60), async move || Ok::<_, ()>(run)).await.unwrap(), run);
        }
        assert_eq!(numbers.get("key").await, None);
        numbers.insert("key", 1, secs(60)).await.unwrap();
        numbers.remove("key").await.unwrap();
    }
}
