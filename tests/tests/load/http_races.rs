//! POST, HEAD, GET and invalidations at once, in memory, in files and in a Redis: in a process of its own, as it leaves no time to
//! others.

mod by_curl;
mod merged;
#[path = "../http/methods/places.rs"]
#[expect(dead_code, reason = "shared with `http/methods.rs`")]
mod places;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::body::Body;
use cached_handler::{Cache, Kept, Outcome, Target};
use cached_handler_tests::harness::{count, is_full};

use places::{Client, answer, clients, everywhere};

const STANDS: [(&str, &str); 2] = [("cache-control", "max-age=60"), ("content-location", "/")];

/// Everybody posts, reads and invalidates at once. What is read after an invalidation is never older than it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l4_under_load_no_read_after_an_invalidation_sees_what_a_post_began_before_it() {
    everywhere("load", async |one, other| {
        let truth = Arc::new(AtomicU64::new(0));
        let now = Arc::clone(&truth);
        one.does(move |_| {
            let mut response = answer(200, &STANDS, "");
            *response.body_mut() = Body::from(now.load(Ordering::SeqCst).to_string());
            Box::pin(async move {
                tokio::task::yield_now().await;
                response
            })
        });
        let rounds = match (clients::client(), one.backend) {
            // Each of them is a process.
            (Some(_), _) => 15,
            (None, "memory") => count(125_000),
            (None, _) if is_full() => 125_000,
            (None, _) => 300,
        };
        let posts = [one, other].map(|place| tokio::spawn(post_often(place.client(), rounds)));
        let invalidates = [(one, Target::path("/")), (other, Target::all())]
            .map(|(place, target)| tokio::spawn(read_after_each(place.client(), place.cache.clone(), target, Arc::clone(&truth), rounds)));
        let (mut stored, mut hits) = (0, 0);
        for posts in posts {
            stored += posts.await.expect("posted");
        }
        for invalidates in invalidates {
            hits += invalidates.await.expect("no stale read");
        }
        let reads = 2 * READS * rounds;
        println!("{}: {reads} reads after an invalidation, {hits} of them hits; {stored} answers to POST stored", one.backend);
        // With an author's own epochs, no answer to a POST stands for GET's; nor where a layer has left something beside it.
        let is_shown = hits > 0 && (stored > 0) != one.backend.ends_with("own") || clients::client().is_some();
        assert!(is_shown, "{}: {stored} stored, {hits} hits: nothing is shown", one.backend);
    })
    .await;
}

/// After each invalidation.
const READS: usize = 4;

/// How many of the answers were stored.
async fn post_often(client: Client, rounds: usize) -> usize {
    let mut stored = 0;
    for _ in 0..rounds {
        let posted = client.ask("POST", "/", &[], "").await;
        stored += usize::from(matches!(posted.outcome, Outcome::Forward { kept: Kept::Stored, .. }));
    }
    stored
}

/// How many of the reads were hits. None is older than what was written before its invalidation.
async fn read_after_each(client: Client, cache: Cache, target: Target, truth: Arc<AtomicU64>, rounds: usize) -> usize {
    let mut hits = 0;
    for _ in 0..rounds {
        let written = truth.fetch_add(1, Ordering::SeqCst) + 1;
        cache.invalidate(target.clone()).await.expect("invalidated");
        for _ in 0..READS {
            let reply = client.ask("GET", "/", &[], "").await;
            hits += usize::from(reply.is_hit());
            let read: u64 = reply.text.parse().expect("a number");
            assert!(read >= written, "{read} was read after {written} had been written");
        }
    }
    hits
}
