//! Law L7 for clients who read slowly: what is read ahead of all of them has one budget.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Path,
    response::Response,
    routing::get,
};
use cached_handler::{
    Kept, NotStored, Outcome, cached,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::{alone, ask, count, resident};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

const LIMIT: u64 = 8 << 20;
const PIECE: usize = 16 << 10;
const PIECES: usize = 63;

/// Pieces that are made as they are asked for, as of a file or another server.
struct Pieces {
    left: usize,
    says_how_long: bool,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(left) = self.left.checked_sub(1) else { return Poll::Ready(None) };
        self.left = left;
        // Each is a piece of a larger buffer.
        let buffer = Bytes::from(vec![b'x'; 2 * PIECE]);
        Poll::Ready(Some(Ok(Frame::data(buffer.slice(..PIECE)))))
    }

    fn size_hint(&self) -> SizeHint {
        if self.says_how_long { SizeHint::with_exact((self.left * PIECE) as u64) } else { SizeHint::default() }
    }
}

async fn streams_plain() -> Response {
    Response::new(Body::new(Pieces { left: PIECES, says_how_long: false }))
}

async fn says_how_long_plain() -> Response {
    Response::new(Body::new(Pieces { left: PIECES, says_how_long: true }))
}

#[cached(ttl = 600)]
async fn streams(Path(_id): Path<usize>) -> Response {
    streams_plain().await
}

#[cached(ttl = 600)]
async fn says_how_long(Path(_id): Path<usize>) -> Response {
    says_how_long_plain().await
}

fn site(read_ahead: Option<usize>) -> (TestCache, Router) {
    let cache = TestCache::with(|builder| {
        let builder = builder.memory(LIMIT);
        read_ahead.into_iter().fold(builder, cached_handler::CacheBuilder::read_ahead)
    });
    let router = Router::new().route("/streams/{id}", get(streams)).route("/says/{id}", get(says_how_long)).layer(cache.layer());
    (cache, router)
}

/// What clients hold who have read the first piece, with the bytes by which the process has grown.
async fn hold(router: &Router, kind: &str) -> (Vec<impl Sized + use<>>, u64) {
    drop(ask(router, &format!("/{kind}/1000000")).await);
    let before = resident().0;
    let mut slow = Vec::new();
    for id in 0..count(3000) {
        let mut body = ask(router, &format!("/{kind}/{id}")).await.into_body();
        // A server holds what its client has not taken from it.
        let first = body.frame().await;
        slow.push((first, body));
        tokio::task::yield_now().await;
    }
    (slow, resident().0.saturating_sub(before))
}

async fn hold_many(kind: &str) {
    let plain = Router::new().route("/streams/{id}", get(streams_plain)).route("/says/{id}", get(says_how_long_plain));
    // Held on, so that the second half has no memory of the first to use.
    let (held, uncached) = hold(&plain, kind).await;
    let (_cache, router) = site(None);
    let (slow, cached) = hold(&router, kind).await;
    println!("- {} clients who do not read on hold {} MiB without a cache, {} MiB with one", slow.len(), uncached >> 20, cached >> 20);
    let more = cached.saturating_sub(uncached);
    assert!(more <= 64 << 20, "{more} bytes more");
    drop(held);
}

#[tokio::test]
async fn clients_who_do_not_read_streams_hold_a_budget_in_all() {
    if let Some(printed) = alone("bounds::slow::clients_who_do_not_read_streams_hold_a_budget_in_all") {
        return println!("{printed}");
    }
    hold_many("streams").await;
}

#[tokio::test]
async fn nor_do_those_who_do_not_read_content_of_a_known_length_hold_more() {
    if let Some(printed) = alone("bounds::slow::nor_do_those_who_do_not_read_content_of_a_known_length_hold_more") {
        return println!("{printed}");
    }
    hold_many("says").await;
}

async fn read(response: Response) -> usize {
    response.into_body().collect().await.unwrap().to_bytes().len()
}

fn is_not_stored_for_others(response: &Response) -> bool {
    matches!(response.extensions().get(), Some(Outcome::Forward { kept: Kept::Not(NotStored::ReadAhead), .. }))
}

#[tokio::test]
async fn beyond_the_budget_content_is_passed_on_whole_and_later_stored_again() {
    for kind in ["streams", "says"] {
        let (cache, router) = site(Some(PIECE * PIECES * 3 / 2));
        let content = PIECE * PIECES;
        let mut slow = ask(&router, &format!("/{kind}/1")).await.into_body();
        let held = slow.frame().await;
        let second = ask(&router, &format!("/{kind}/2")).await;
        assert_eq!(is_not_stored_for_others(&second), kind == "says");
        // Its pace is its client's: others are not kept waiting.
        let mut others = tokio::task::JoinSet::new();
        for _ in 0..3 {
            let (router, uri) = (router.clone(), format!("/{kind}/2"));
            others.spawn(async move { read(ask(&router, &uri).await).await });
        }
        assert_eq!(others.join_all().await, [content; 3], "{kind}");
        assert_eq!(read(second).await, content, "{kind}");
        assert_miss!(ask(&router, &format!("/{kind}/2")).await);
        drop((held, slow));
        assert_eq!(read(ask(&router, &format!("/{kind}/2")).await).await, content);
        assert!(cache.cache().drain(std::time::Duration::from_secs(5)).await);
        for id in 1..3 {
            assert_eq!(read(assert_hit!(ask(&router, &format!("/{kind}/{id}")).await)).await, content, "{kind}");
        }
    }
}

#[tokio::test]
async fn one_alone_may_be_longer_than_the_budget() {
    for kind in ["streams", "says"] {
        let (cache, router) = site(Some(1));
        assert_eq!(read(ask(&router, &format!("/{kind}/1")).await).await, PIECE * PIECES);
        assert!(cache.cache().drain(std::time::Duration::from_secs(5)).await);
        assert_hit!(ask(&router, &format!("/{kind}/1")).await);
    }
}
