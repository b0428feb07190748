//! A process that is too busy to listen to its backend: hits go on, and the circuit breaker stays closed, unless the backend
//! itself is slow.

use std::sync::atomic::{AtomicBool, Ordering};

use cached_handler::{
    Cache, Error,
    backend::{Store, StoreKey},
};
use cached_handler_tests::{
    fault_proxy::{Fault, FaultProxy},
    harness::Dict,
    redis_server::RedisServer,
};
use tokio::task::JoinSet;

use super::*;

/// Four clients at a time of handlers that compute for 80 ms without an await, on two threads.
fn keep_busy(app: &App) -> (Arc<AtomicBool>, JoinSet<()>) {
    let (stop, mut clients) = (Arc::<AtomicBool>::default(), JoinSet::new());
    for _ in 0..4 {
        let (stop, router) = (Arc::clone(&stop), app.router.clone());
        clients.spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                ask(&router, "/busy").await;
                tokio::task::yield_now().await;
            }
        });
    }
    (stop, clients)
}

const REQUESTS: usize = 41;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_handlers_that_compute_hits_in_redis_go_on() {
    let server = RedisServer::start();
    let app = Arc::new(App::on(&server.url()).await);
    app.until_cached("/redis/0").await;
    let (stop, clients) = keep_busy(&app);
    let asking = Arc::clone(&app);
    let hits = tokio::spawn(async move { asking.hits("/redis/0", REQUESTS).await }).await.unwrap();
    stop.store(true, Ordering::SeqCst);
    clients.join_all().await;
    assert!(hits * 100 >= REQUESTS * 95, "{hits} of {REQUESTS}: {:?}", app.cache);
    assert_eq!(app.failures("(Read, \"open\", "), 0, "{:?}", app.cache);
}

#[cached(ttl = 600, backend = "own")]
async fn in_own(Extension(source): Extension<Source>) -> String {
    source.read()
}

/// A store in another task, as a client of a server is.
#[derive(Clone, Default)]
struct Elsewhere(Dict);

impl Store for Elsewhere {
    async fn get(&self, key: &StoreKey) -> Result<Option<bytes::Bytes>, Error> {
        let (dict, key) = (self.0.clone(), key.clone());
        tokio::spawn(async move { dict.get(&key).await }).await.map_err(Error::backend)?
    }

    async fn put(&self, key: &StoreKey, bytes: bytes::Bytes, keep_for: Duration) -> Result<(), Error> {
        self.0.put(key, bytes, keep_for).await
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        self.0.remove(key).await
    }

    async fn clear(&self) -> Result<(), Error> {
        self.0.clear().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_handlers_that_compute_hits_in_files_and_in_a_store_of_ones_own_go_on() {
    let place = cached_handler_tests::files::Scratch::new("starved");
    let builder = Cache::builder().namespace("starved").fs(place.cache()).backend("own", Elsewhere::default());
    let mut app = App::of(builder).await;
    let own = Router::new().route("/own", get(in_own)).layer(Extension(app.source.clone())).layer(Extension(app.cache.clone()));
    app.router = app.router.merge(own);
    let app = Arc::new(app);
    for uri in ["/fs/0", "/own"] {
        app.until_cached(uri).await;
        let (stop, clients) = keep_busy(&app);
        let asking = Arc::clone(&app);
        let hits = tokio::spawn(async move { asking.hits(uri, REQUESTS).await }).await.unwrap();
        stop.store(true, Ordering::SeqCst);
        clients.join_all().await;
        assert!(hits * 100 >= REQUESTS * 95, "{uri}: {hits} of {REQUESTS}: {:?}", app.cache);
    }
    assert_eq!(app.failures("(Read, \"open\", "), 0, "{:?}", app.cache);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_answers_late_opens_the_circuit_breaker() {
    let server = RedisServer::start();
    let proxy = FaultProxy::before(server.port()).await;
    let app = App::on(&proxy.url()).await;
    app.until_cached("/redis/0").await;
    proxy.set(Fault::Latency(Duration::from_millis(200)));
    app.hits("/redis/0", 40).await;
    assert!(app.failures("(Read, \"slow\", ") >= 5, "{:?}", app.cache);
    assert!(app.failures("(Read, \"open\", ") >= 1, "{:?}", app.cache);
    proxy.set(Fault::None);
    app.until_cached("/redis/0").await;
}

/// Nobody can say of a single call whose fault it was; a probe that nobody waits for can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_redis_opens_the_circuit_breaker_of_a_busy_process_too() {
    let server = RedisServer::start();
    let app = Arc::new(App::on(&server.url()).await);
    app.until_cached("/redis/0").await;
    let (stop, clients) = keep_busy(&app);
    server.freeze();
    let asking = Arc::clone(&app);
    let asks = tokio::spawn(async move {
        while asking.failures("(Read, \"open\", ") == 0 {
            asking.ask("/redis/0").await;
        }
    });
    asks.await.unwrap();
    stop.store(true, Ordering::SeqCst);
    clients.join_all().await;
    server.thaw();
    app.until_cached("/redis/0").await;
}
