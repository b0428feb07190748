//! Long content keeps no thread of the runtime to itself: what is made of it is made in turns, between which others run.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Request},
    http::Method,
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{
    Policy, Values, cached, secs,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::{Dict, ask, send};
use http_body_util::BodyExt;

const LENGTH: usize = 8 << 20;
/// As long as others may be kept from the thread.
const TURN: usize = 256 << 10;
/// As many as there are between the pieces of the content.
const ONCE: u64 = (LENGTH / TURN) as u64 - 1;

const LONG: Policy = Policy::new().max_body(LENGTH + (1 << 20));

#[cached(ttl = 600, policy = LONG)]
async fn in_memory(Path(_id): Path<u64>) -> Vec<u8> {
    vec![b'x'; LENGTH]
}

/// Content that somebody else has, too.
#[cached(ttl = 600, policy = LONG)]
async fn of_a_file(Path(_id): Path<u64>) -> Bytes {
    static FILE: [u8; LENGTH] = [b'x'; LENGTH];
    Bytes::from_static(&FILE)
}

#[cached(ttl = 600, policy = LONG, backend = "dict")]
async fn in_a_store(Path(_id): Path<u64>) -> Vec<u8> {
    vec![b'x'; LENGTH]
}

#[cached(ttl = from_response, vary = from_response, policy = LONG, backend = "dict")]
async fn selected(_request: Request) -> Response {
    ([("vary", "accept"), ("cache-control", "max-age=600")], vec![b'x'; LENGTH]).into_response()
}

#[cached(ttl = from_response, vary = from_response, policy = LONG)]
async fn for_get(_request: Request) -> Response {
    ([("content-location", "/for-get"), ("cache-control", "max-age=600")], vec![b'x'; LENGTH]).into_response()
}

/// Somebody else on the same thread, who counts its turns.
struct Other(Arc<AtomicU64>);

impl Other {
    fn begins() -> Self {
        let turns = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&turns);
        tokio::spawn(async move {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        Self(turns)
    }

    /// How many turns it had while something was done.
    async fn turns<T>(&self, work: impl Future<Output = T>) -> (u64, T) {
        let before = self.0.load(Ordering::Relaxed);
        let done = work.await;
        (self.0.load(Ordering::Relaxed) - before, done)
    }
}

#[tokio::test]
async fn others_have_their_turns_while_a_long_response_is_made_and_read() {
    let dict = Dict::default();
    let cache = TestCache::with(|builder| builder.memory(1 << 30).backend("dict", dict.clone()));
    let router = Router::new()
        .route("/memory/{id}", get(in_memory))
        .route("/file/{id}", get(of_a_file))
        .route("/store/{id}", get(in_a_store))
        .route("/selected/{id}", get(selected))
        .route("/for-get", get(for_get).post(for_get))
        .layer(cache.layer());
    let other = Other::begins();
    // Its tag; a copy, too; at rest, its bytes; where fields select, the record of that as well, which is short.
    for (uri, made, read, at_rest) in [("/memory/1", 1, 0, 0), ("/file/1", 2, 0, 0), ("/store/1", 2, 1, 1), ("/selected/1", 2, 1, 3)] {
        let (turns, response) = other.turns(ask(&router, uri)).await;
        assert_miss!(&response);
        assert!(response.headers().contains_key("etag"));
        // A backend is given it after the answer.
        let stored = async {
            while dict.map().len() < at_rest {
                tokio::task::yield_now().await;
            }
        };
        let (after, ()) = other.turns(stored).await;
        assert!(turns + after >= made * ONCE, "{uri}: {turns} and {after} turns while it was made");
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), LENGTH);
        let (turns, response) = other.turns(ask(&router, uri)).await;
        assert_hit!(response);
        assert!(turns >= read * ONCE, "{uri}: {turns} turns while it was read");
    }
    let (turns, response) = other.turns(send(&router, Method::POST, "/for-get")).await;
    assert!(response.status().is_success());
    assert!(turns >= ONCE, "POST: {turns} turns");
    assert_hit!(ask(&router, "/for-get").await);
}

#[tokio::test]
async fn others_have_their_turns_while_a_long_value_is_stored_and_read() {
    let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()));
    let values: Values<String> = cache.cache().values("long").backend("dict").max_json(LENGTH + (1 << 20));
    let other = Other::begins();
    let (turns, stored) = other.turns(values.insert(&1, "x".repeat(LENGTH), secs(600))).await;
    stored.unwrap();
    assert!(turns >= ONCE, "{turns} turns while it was stored");
    let (turns, value) = other.turns(values.get(&1)).await;
    assert_eq!(value.map(|value| value.len()), Some(LENGTH));
    assert!(turns >= ONCE, "{turns} turns while it was read");
}
