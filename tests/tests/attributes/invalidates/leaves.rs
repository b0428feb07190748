//! Clients who leave while a backend is told of an invalidation, or while the writer hangs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{KINDS, Source, app, awaits, routes, version};
use bytes::Bytes;
use cached_handler::{
    Error, Target,
    backend::{Effect, EpochSnapshot, Epochs, InProcessEpochs, Scopes, Store, StoreKey},
    testing::TestCache,
};
use cached_handler_tests::harness::{ask, leaves_at};
use tokio::{io::AsyncWriteExt, sync::Semaphore};

#[tokio::test(start_paused = true)]
async fn what_is_stored_while_a_writer_hangs_is_invalidated_when_its_client_leaves() {
    for kind in KINDS {
        // The writer has committed, and hangs.
        let (source, _, router) = app();
        let hanging = tokio::spawn({
            let (router, uri) = (router.clone(), format!("/{kind}/1/0/0/never"));
            async move { ask(&router, &uri).await }
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
        let before = version(&router, "/article/1").await.0;
        assert_eq!(before, source.version.load(Ordering::SeqCst));
        hanging.abort();
        assert!(hanging.await.is_err());
        assert!(!version(&router, "/article/1").await.1, "stored while the writer was under way: {kind}");
    }
}

/// A store whose answers take some awaits, and whose epochs take some to move on.
struct Slow {
    kept: std::sync::Mutex<std::collections::HashMap<StoreKey, Bytes>>,
}

struct SlowEpochs {
    inner: InProcessEpochs,
    advanced: Arc<Semaphore>,
    under_way: Arc<AtomicUsize>,
}

impl Store for Slow {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        awaits(2).await;
        Ok(self.kept.lock().unwrap().get(key).cloned())
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, _: Duration) -> Result<(), Error> {
        awaits(2).await;
        self.kept.lock().unwrap().insert(key.clone(), bytes);
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

impl Epochs for SlowEpochs {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        awaits(1).await;
        self.inner.read(scopes).await
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        awaits(3).await;
        self.inner.advance(target, effect).await?;
        self.advanced.add_permits(1);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_who_leaves_while_a_backend_is_told_does_not_stop_the_telling() {
    let advanced = Arc::new(Semaphore::new(0));
    let under_way = Arc::new(AtomicUsize::new(0));
    let (store, epochs) = (Slow { kept: std::sync::Mutex::default() }, InProcessEpochs::new());
    let epochs = SlowEpochs { inner: epochs, advanced: Arc::clone(&advanced), under_way: Arc::clone(&under_way) };
    let cache = TestCache::with(|builder| builder.backend_with_epochs("slow", store, epochs));
    let source = Source::default();
    let router = routes(&source).layer(cache.layer());
    let (mut lost, mut left_while_told) = (0, 0);
    for kind in KINDS {
        let targets = if matches!(kind, "by-path" | "by-handler") { 2 } else { 1 };
        for leaves in 0..12 {
            version(&router, "/at-rest/1").await;
            assert!(version(&router, "/at-rest/1").await.1);
            let told_before = under_way.load(Ordering::SeqCst);
            let response = leaves_at(leaves, ask(&router, &format!("/{kind}/1/1/2/well"))).await;
            left_while_told += usize::from(response.is_none() && under_way.load(Ordering::SeqCst) > told_before);
            // Each target is told to its end, by whoever goes on with it.
            let told = tokio::time::timeout(Duration::from_secs(60), advanced.acquire_many(targets)).await;
            told.expect("told to the end").unwrap().forget();
            let seen = version(&router, "/at-rest/1").await.0;
            lost += usize::from(seen < source.version.load(Ordering::SeqCst));
            // What was told twice, once by the client who left and once after it.
            tokio::time::sleep(Duration::from_millis(1)).await;
            advanced.forget_permits(advanced.available_permits());
        }
    }
    println!("{left_while_told} clients left while a backend was told: {lost} invalidations lost");
    assert_eq!(lost, 0);
    assert!(left_while_told > 5);
}

/// A real server, which drops what a client left behind. On one thread, so that dropping it is one step.
#[tokio::test]
async fn a_connection_that_breaks_off_after_the_commit_loses_nothing() {
    let (source, _, router) = app();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(axum::serve(listener, router.clone()).into_future());
    let rounds = 100;
    for round in 0..rounds {
        version(&router, "/article/1").await;
        assert!(version(&router, "/article/1").await.1);
        let before = source.version.load(Ordering::SeqCst);
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        let kind = KINDS[round % KINDS.len()];
        client.write_all(format!("GET /{kind}/1/2/2/never HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await.unwrap();
        while source.version.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
        assert!(version(&router, "/article/1").await.1, "the writer is still under way");
        drop(client);
        let gone = async {
            while version(&router, "/article/1").await.1 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.expect("invalidated when the server lets the handler go");
    }
    println!("{rounds} connections broke off after the commit: 0 invalidations lost");
    serving.abort();
}
