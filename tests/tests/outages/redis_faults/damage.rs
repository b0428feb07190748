//! Keys of Redis that are deleted or damaged, and a bad network: no read is stale, none is wrong.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{App, RESOURCES, SOON, Shared, large};
use axum::{Extension, Router, routing::get};
use cached_handler::{Outcome, Target, testing::assert_miss};
use cached_handler_tests::{
    fault_proxy::{Fault, FaultProxy},
    harness::{Random, ask, count, is_full, moment, text},
    redis_server::RedisServer,
};

/// Every byte cut off, every bit flipped, bytes changed by chance, and those of another key, for which Redis finds
/// nothing wrong.
#[tokio::test]
async fn no_damaged_response_is_served_and_neither_is_another_keys() {
    let server = RedisServer::start();
    let app = App::on(server.url(), "bytes").await;
    app.is_cached_within(SOON).await;
    let router = Router::new()
        .route("/large/{which}", get(large))
        .layer(Extension(Shared(Arc::clone(&app.source))))
        .layer(Extension(app.cache.clone()));
    let mut connection = server.connect().await;
    let known = server.keys().await;
    let mut keys = Vec::new();
    for which in 0..2 {
        let uri = format!("/large/{which}");
        while !matches!(ask(&router, &uri).await.extensions().get(), Some(Outcome::Hit { .. })) {
            assert!(app.cache.drain(SOON).await);
        }
        let new = server.keys().await.into_iter().find(|key| key.contains("}:r:") && !known.contains(key) && !keys.contains(key));
        keys.push(new.unwrap());
    }
    let mut at_rest = Vec::new();
    for key in &keys {
        at_rest.push(redis::cmd("GET").arg(key).query_async::<Vec<u8>>(&mut connection).await.unwrap());
    }
    let [whole, other] = <[Vec<u8>; 2]>::try_from(at_rest).unwrap();
    assert!((1700..2400).contains(&whole.len()), "about 2 KiB: {}", whole.len());
    let step = if is_full() { 1 } else { 23 };
    let flipped = (0..whole.len() * 8).step_by(step).map(|bit| {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    });
    let cut = (0..whole.len()).step_by(step).map(|length| whole[..length].to_vec());
    let mut random = Random::new(48);
    let changed = (0..count(20_000)).map(|_| {
        let mut bytes = whole.clone();
        for _ in 0..=random.below(8) {
            let at = random.below(bytes.len());
            bytes[at] ^= random.below(255) as u8 + 1;
        }
        bytes
    });
    // Two changes may undo each other.
    let changed = changed.filter(|bytes| *bytes != whole);
    let all: Vec<_> = flipped.chain(cut).chain(changed).chain([other.clone(), [&whole[..], b"x"].concat(), Vec::new()]).collect();
    let (runs, mut spared) = (app.source.runs.load(Ordering::SeqCst), 0);
    for bytes in &all {
        redis::cmd("SET").arg(&keys[0]).arg(bytes).arg("PX").arg(60_000).query_async::<()>(&mut connection).await.unwrap();
        let response = assert_miss!(ask(&router, "/large/0").await);
        // Where a busy machine takes too long, nothing is looked at.
        spared += usize::from(format!("{:?}", response.extensions().get::<Outcome>()).contains("Bypass"));
        assert!(text(response).await.starts_with("large 0, large 0"));
        assert!(app.cache.drain(SOON).await);
    }
    assert_eq!(app.source.runs.load(Ordering::SeqCst) - runs, all.len());
    let damaged = app.cache.stats().damaged;
    println!("- damaged responses in Redis, and another key's: {} tried, served 0, {damaged} told of, {spared} not looked at", all.len());
    // What was damaged in its first eight bytes is of another incarnation: an ordinary miss, and no damage.
    assert!(damaged as usize + spared >= all.len() * 9 / 10, "{damaged} of {}", all.len());
    assert!(spared * 10 < all.len());
    // What is whole is served.
    redis::cmd("SET").arg(&keys[0]).arg(&whole).arg("PX").arg(60_000).query_async::<()>(&mut connection).await.unwrap();
    let began = moment();
    while !matches!(ask(&router, "/large/0").await.extensions().get(), Some(Outcome::Hit { .. })) {
        assert!(began.elapsed() < SOON);
    }
}

/// Keys that are deleted, and bytes that change, while requests come and versions are invalidated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_deleted_or_damaged_no_read_is_stale_and_none_is_wrong() {
    let server = RedisServer::start();
    let app = Arc::new(App::on(server.url(), "damage").await);
    app.is_cached_within(SOON).await;
    let confirmed: Arc<[AtomicU64; RESOURCES]> = Arc::default();
    let (most, done, hits) = (count(200_000), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = tokio::task::JoinSet::new();
    for reader in 0..8 {
        let (app, confirmed, done, hits) = (Arc::clone(&app), Arc::clone(&confirmed), Arc::clone(&done), Arc::clone(&hits));
        tasks.spawn(async move {
            let mut random = Random::new(reader);
            while done.fetch_add(1, Ordering::Relaxed) < most {
                let id = random.below(RESOURCES);
                let least = confirmed[id].load(Ordering::SeqCst);
                let response = app.ask(id).await;
                hits.fetch_add(usize::from(matches!(response.extensions().get(), Some(Outcome::Hit { .. }))), Ordering::Relaxed);
                let text = text(response).await;
                let (of, version) = text.split_once(':').unwrap();
                assert_eq!(of, id.to_string());
                let version: u64 = version.parse().unwrap();
                assert!(version >= least, "resource {id} was seen at {version}, after {least} was invalidated for");
            }
        });
    }
    {
        let (app, confirmed, done) = (Arc::clone(&app), Arc::clone(&confirmed), Arc::clone(&done));
        tasks.spawn(async move {
            let mut random = Random::new(99);
            while done.load(Ordering::Relaxed) < most {
                let id = random.below(RESOURCES);
                let version = app.source.versions[id].fetch_add(1, Ordering::SeqCst) + 1;
                let target = if random.one_in(2) { Target::path(format!("/{id}")) } else { Target::group(format!("resource:{id}")) };
                if app.cache.invalidate(target).await.is_ok() {
                    confirmed[id].fetch_max(version, Ordering::SeqCst);
                }
                tokio::time::sleep(Duration::from_micros(500)).await;
            }
        });
    }
    let mut vandal = server.connect().await;
    let mut random = Random::new(7);
    let mut damages = 0;
    while done.load(Ordering::Relaxed) < most {
        let key: Option<Vec<u8>> = redis::cmd("RANDOMKEY").query_async(&mut vandal).await.unwrap();
        let Some(key) = key else { continue };
        damages += 1;
        match random.below(4) {
            0 => _ = redis::cmd("DEL").arg(&key).query_async::<redis::Value>(&mut vandal).await,
            1 => {
                // Another type.
                let mut pipeline = redis::pipe();
                pipeline.atomic().cmd("DEL").arg(&key).cmd("RPUSH").arg(&key).arg("x").cmd("EXPIRE").arg(&key).arg(60);
                _ = pipeline.query_async::<redis::Value>(&mut vandal).await;
            }
            _ => {
                let length: usize = redis::cmd("STRLEN").arg(&key).query_async(&mut vandal).await.unwrap_or(0);
                if length > 0 {
                    let bit = random.below(length * 8);
                    _ = redis::cmd("SETBIT").arg(&key).arg(bit).arg(random.below(2)).query_async::<redis::Value>(&mut vandal).await;
                }
            }
        }
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let hits = hits.load(Ordering::Relaxed);
    println!("- {most} reads, {hits} of them hits, {damages} keys deleted or damaged: none stale, none wrong");
    assert!(hits > most / 20, "{hits} hits of {most}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_bad_network_no_request_fails_and_none_is_wrong() {
    let ms = Duration::from_millis;
    let faults = [
        [Fault::Latency(ms(5)), Fault::Latency(ms(60)), Fault::Latency(ms(500))],
        [Fault::Bandwidth(100_000), Fault::Bandwidth(5_000), Fault::Bandwidth(100)],
        [Fault::Slices(64), Fault::Slices(7), Fault::Slices(1)],
        [Fault::Truncated(0), Fault::Truncated(5), Fault::Truncated(100)],
        [Fault::Reset, Fault::Reset, Fault::Reset],
        [Fault::SlowClose(ms(5)), Fault::SlowClose(ms(60)), Fault::SlowClose(ms(500))],
        [Fault::BlackHole, Fault::BlackHole, Fault::BlackHole],
    ];
    let server = RedisServer::start();
    let rounds = count(100);
    let mut tasks = tokio::task::JoinSet::new();
    for (at, fault) in faults.into_iter().flatten().enumerate() {
        let port = server.port();
        tasks.spawn(async move {
            let proxy = FaultProxy::before(port).await;
            let app = App::on(proxy.url(), &format!("network-{at}")).await;
            let mut least = [0; RESOURCES];
            let (mut asked, mut failed) = (0, 0);
            let mut random = Random::new(at as u64);
            for _ in 0..rounds {
                app.is_cached_within(SOON).await;
                proxy.set(fault.clone());
                for _ in 0..30 {
                    let id = random.below(RESOURCES);
                    if random.one_in(6) {
                        let version = app.source.versions[id].fetch_add(1, Ordering::SeqCst) + 1;
                        match app.cache.invalidate(Target::path(format!("/{id}"))).await {
                            Ok(()) => least[id] = version,
                            Err(_) => failed += 1,
                        }
                    } else {
                        asked += 1;
                        let seen = app.see(id).await;
                        assert!(seen >= least[id], "{fault:?}: resource {id} was seen at {seen}, after {} was invalidated for", least[id]);
                    }
                }
                proxy.set(Fault::None);
            }
            app.is_cached_within(SOON).await;
            (fault, asked, failed)
        });
    }
    let mut all = 0;
    while let Some(done) = tasks.join_next().await {
        let (fault, asked, failed) = done.unwrap();
        all += asked;
        println!("{fault:?}: {asked} requests, none failed, none wrong; {failed} invalidations were errors");
    }
    println!("- {all} requests under 21 faults of the network: none failed, none wrong");
}
