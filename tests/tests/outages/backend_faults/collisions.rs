//! Paths and groups that were chosen to share an epoch with another one's, by hashes that everybody can compute.

use std::collections::HashSet;

use cached_handler::{
    Cache, Target,
    backend::{InProcessEpochs, conformance},
};
use cached_handler_tests::{
    files::Scratch,
    harness::{Dict, PATIENT},
    redis_server::RedisServer,
};

use super::*;

#[cached(ttl = 600)]
async fn front(Extension(source): Extension<Source>) -> String {
    source.read()
}

#[cached(ttl = 600, group = "front")]
async fn grouped(Extension(source): Extension<Source>) -> String {
    source.read()
}

/// The hash that paths had: FNV-1a, folded to 16 bits.
fn fnv(path: &str) -> u16 {
    let hash = path.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let folded = hash ^ (hash >> 32);
    (folded ^ (folded >> 16)) as u16
}

const CHOSEN: usize = 60;

/// Paths of notes that a client may write, each of which had the epoch of `/`.
fn chosen() -> impl Iterator<Item = String> {
    let front = fnv("/");
    (0..).map(|note| format!("/notes/{note}")).filter(move |path| fnv(path) == front).take(CHOSEN)
}

/// At most one in a thousand may meet it by chance.
async fn stays(cache: Cache) {
    let source = Source::default();
    let router = Router::new()
        .route("/", get(front))
        .route("/grouped", get(grouped))
        .layer(Extension(source.clone()))
        .layer(Extension(cache.clone()));
    for path in ["/", "/grouped"] {
        while {
            let response = ask(&router, path).await;
            assert!(cache.drain(Duration::from_secs(60)).await);
            response.headers().get("age").is_none()
        } {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let before = source.runs.load(Ordering::SeqCst);
    for path in chosen() {
        cache.invalidate(Target::path(&path)).await.unwrap();
        ask(&router, "/").await;
        cache.invalidate(Target::group(path)).await.unwrap();
        ask(&router, "/grouped").await;
        assert!(cache.drain(Duration::from_secs(60)).await);
    }
    let misses = source.runs.load(Ordering::SeqCst) - before;
    assert!(misses <= 4, "{misses} of {}: {cache:?}", 2 * CHOSEN);
}

#[tokio::test]
async fn a_path_that_was_chosen_to_meet_another_does_not_meet_it_in_any_backend() {
    let (scratch, server) = (Scratch::new("chosen"), RedisServer::start());
    let builder = || Cache::builder().namespace("chosen");
    stays(builder().build().await.unwrap()).await;
    stays(builder().fs(scratch.cache()).default_backend("fs").limits("fs", PATIENT).build().await.unwrap()).await;
    stays(builder().redis(server.url()).default_backend("redis").limits("redis", PATIENT).build().await.unwrap()).await;
    stays(builder().backend("own", Dict::default()).default_backend("own").build().await.unwrap()).await;
}

/// What an implementation of epochs of one's own is told of paths tells them apart.
#[tokio::test]
async fn each_path_has_a_number_of_its_own() {
    conformance::epochs(&InProcessEpochs::new()).await;
    let numbers: HashSet<_> = chosen().map(|path| format!("{:?}", Target::path(path).mark())).collect();
    assert_eq!(numbers.len(), CHOSEN);
}

/// The keys of paths are those of an incarnation: whoever has not heard of a new one finds them all the same.
#[tokio::test]
async fn a_process_that_knows_an_older_incarnation_invalidates_a_path_for_all() {
    let server = RedisServer::start();
    let (one, two) = (App::on(&server.url()).await, App::on(&server.url()).await);
    two.until_cached("/redis/0").await;
    for _ in 0..3 {
        server.say("DEL ch:{faults}").await;
        one.until_cached("/redis/0").await;
        let version = one.changes();
        one.source.version.store(version, Ordering::SeqCst);
        two.cache.invalidate(Target::path("/redis/0")).await.unwrap();
        assert_eq!(one.sees("/redis/0").await, version);
        // What one stores the other finds, by the same keys.
        one.until_cached("/redis/0").await;
        assert!(two.is_hit("/redis/0").await);
    }
}

/// Clients may ask for any number of paths; what is kept of them is bounded.
#[tokio::test]
async fn paths_have_few_keys_of_epochs_in_redis() {
    let server = RedisServer::start();
    let app = App::on(&server.url()).await;
    app.until_cached("/redis/0").await;
    for id in 0..2000 {
        app.cache.invalidate(Target::path(format!("/redis/{id}"))).await.unwrap();
    }
    let keys = server.keys().await;
    let slots: HashSet<_> = keys.iter().filter_map(|key| key.split_once(":p:")).map(|(_, digits)| digits).collect();
    let incarnations: HashSet<_> = slots.iter().map(|digits| &digits[..16]).collect();
    assert_eq!(incarnations.len(), 1, "{incarnations:?}");
    assert!(slots.iter().all(|digits| digits.len() == 16 + 4), "one of 65,536");
}
