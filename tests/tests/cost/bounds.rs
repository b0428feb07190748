//! Law L7: what is bounded, measured in processes of their own, so that nothing else is counted.

#![cfg(target_os = "linux")]

mod each;
mod floods;
mod held;
mod slow;
mod turns;

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::Path, http::Request, response::Response, routing::get};
use cached_handler::{Outcome, Target, cached, testing::TestCache};
use cached_handler_tests::harness::{alone, count, measures, resident};
use http_body_util::BodyExt;
use tower::ServiceExt;

const CAP: u64 = 64 << 20;

#[cached(ttl = 600)]
async fn sized(Path((_id, size)): Path<(u64, usize)>) -> Vec<u8> {
    vec![b'x'; size]
}

#[cached(ttl = 600, group = "members")]
async fn member(Path(id): Path<u64>) -> String {
    id.to_string()
}

async fn ask(router: &Router, uri: &str) -> Response {
    router.clone().oneshot(Request::get(uri).body(Body::empty()).unwrap()).await.unwrap()
}

/// A small generator: the same sizes in every run.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn sixteen_writers_of_random_sizes_stay_near_the_cap() {
    if let Some(printed) = alone("bounds::sixteen_writers_of_random_sizes_stay_near_the_cap") {
        return println!("{printed}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let cache = TestCache::new();
        let router = Router::new().route("/{id}/{size}", get(sized)).layer(cache.layer());
        ask(&router, "/0/1").await;
        let before = resident().0;
        let most = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..16_u64 {
            let (router, most) = (router.clone(), Arc::clone(&most));
            writers.spawn(async move {
                let mut state = 0x9e37_79b9_7f4a_7c15 ^ (writer + 1);
                let mut uri = String::new();
                for round in 0..count(4000) as u64 {
                    uri.clear();
                    write!(uri, "/{}/{}", writer * 1_000_000 + round, next(&mut state) % (1 << 20)).unwrap();
                    drop(ask(&router, &uri).await);
                    if round % 4 == 0 {
                        most.fetch_max(resident().0, Ordering::Relaxed);
                    }
                }
            });
        }
        while writers.join_next().await.is_some() {}
        let grown = most.load(Ordering::Relaxed).saturating_sub(before);
        println!("- 16 writers: resident memory grew by at most {:.2} x the cap", grown as f64 / CAP as f64);
        assert!(grown as f64 <= CAP as f64 * 1.3, "{grown} bytes");
    });
}

#[test]
fn an_invalidation_takes_as_long_with_a_hundred_thousand_members_as_with_ten() {
    if let Some(printed) = alone("bounds::an_invalidation_takes_as_long_with_a_hundred_thousand_members_as_with_ten") {
        return println!("{printed}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let members = count(100_000);
        let (few, many) = (filled(10).await, filled(members).await);
        // In turns, so that whatever else the machine does meets both; the fastest rounds are compared.
        let (mut shortest_few, mut shortest_many) = (Duration::MAX, Duration::MAX);
        let began = resident().0;
        for _ in 0..count(200) {
            shortest_few = shortest_few.min(timed(&few).await);
            shortest_many = shortest_many.min(timed(&many).await);
        }
        let ratio = shortest_many.as_secs_f64() / shortest_few.as_secs_f64();
        println!(
            "- an invalidation of {members} members takes {ratio:.2} x that of 10 ({:?} for 1 000), and adds {} bytes",
            shortest_many,
            resident().0.saturating_sub(began)
        );
        assert!(!measures() || ratio <= 1.2, "{ratio}");
        assert!(resident().0.saturating_sub(began) < 1 << 20);
    });
}

async fn filled(members: usize) -> TestCache {
    let cache = TestCache::with(|builder| builder.memory(1 << 30));
    let router = Router::new().route("/{id}", get(member)).layer(cache.layer());
    for id in 0..members {
        drop(ask(&router, &format!("/{id}")).await);
    }
    let stored = ask(&router, "/1").await;
    assert!(matches!(stored.extensions().get(), Some(Outcome::Hit { .. })));
    cache
}

async fn timed(cache: &TestCache) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "this measures")]
    let began = std::time::Instant::now();
    for _ in 0..1000 {
        cache.cache().invalidate(Target::group("members")).await.unwrap();
    }
    began.elapsed()
}

#[tokio::test]
async fn a_flood_of_keys_does_not_drive_out_what_is_asked_for_often() {
    let cache = TestCache::with(|builder| builder.memory(8 << 20));
    let router = Router::new().route("/{id}/{size}", get(sized)).layer(cache.layer());
    let mut state = 7;
    let (hits, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // Several times as many as fit.
    for round in 0..2 * count(500_000) as u64 {
        drop(ask(&router, &format!("/{}/1000", 1_000_000 + next(&mut state))).await);
        let hot = ask(&router, &format!("/{}/1000", round % 500)).await;
        if round > 5_000 {
            asked.fetch_add(1, Ordering::Relaxed);
            hits.fetch_add(usize::from(matches!(hot.extensions().get(), Some(Outcome::Hit { .. }))), Ordering::Relaxed);
        }
    }
    let rate = hits.load(Ordering::Relaxed) as f64 / asked.load(Ordering::Relaxed) as f64;
    println!("- {:.1} % of the requests for 500 hot keys are hits, in a flood of as many new keys", rate * 100.0);
    assert!(rate > 0.95, "{rate}");
}

#[tokio::test]
async fn a_response_larger_than_the_whole_cache_is_not_kept() {
    let cache = TestCache::with(|builder| builder.memory(100_000));
    let router = Router::new().route("/{id}/{size}", get(sized)).layer(cache.layer());
    for _ in 0..2 {
        let response = ask(&router, "/1/200000").await;
        assert!(matches!(response.extensions().get(), Some(Outcome::Forward { .. })));
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), 200_000);
    }
}
