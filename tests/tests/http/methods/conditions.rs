//! Conditions of requests, and those that a handler is asked by.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
    response::Response,
};
use cached_handler::{CacheGroups, Kept, Outcome, Target};
use http_body::Frame;
use http_body_util::Full;
use tokio::sync::Semaphore;

use super::places::{answer, everywhere};

const OLD: [(&str, &str); 2] = [("etag", "\"1\""), ("cache-control", "max-age=5")];

/// Content that does not say how long it is.
struct Unmeasured(Full<Bytes>);

impl http_body::Body for Unmeasured {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        std::pin::Pin::new(&mut self.0).poll_frame(cx)
    }
}

#[tokio::test]
async fn conditions_are_met_by_content_that_streams_and_it_is_stored_all_the_same() {
    everywhere("streams", async |one, other| {
        one.answers(|_| answer(200, &OLD, "").map(|_| Body::new(Unmeasured(Full::from("hello")))));
        for (path, field, tag, status) in [
            ("/none", "if-none-match", "\"1\"", StatusCode::NOT_MODIFIED),
            ("/match", "if-match", "\"2\"", StatusCode::PRECONDITION_FAILED),
            ("/other", "if-none-match", "\"2\"", StatusCode::OK),
        ] {
            let made = one.ask("GET", path, &[(field, tag)]).await;
            let text = if status == StatusCode::OK { "hello" } else { "" };
            assert_eq!((made.status, &*made.text), (status, text), "{} {path}", one.backend);
            assert!(matches!(made.outcome, Outcome::Forward { kept: Kept::Streaming, .. }), "{}", made.outcome);
            let hit = other.ask("GET", path, &[]).await;
            assert_eq!((hit.is_hit(), &*hit.text), (true, "hello"), "{} {path}: {}", one.backend, hit.outcome);
        }
    })
    .await;
}

/// The groups are the response's own: who waits for it knows of them only once it is there.
#[tokio::test]
async fn l4_no_304_brings_back_what_was_invalidated_after_it_had_been_found() {
    everywhere("found", async |one, _| {
        let (runs, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let (count, wait) = (Arc::clone(&runs), Arc::clone(&gate));
        one.does(move |_| {
            let (run, gate) = (count.fetch_add(1, Ordering::SeqCst), Arc::clone(&wait));
            Box::pin(async move {
                if run == 1 {
                    gate.acquire().await.unwrap().forget();
                }
                let of_a_group = |mut response: Response| {
                    response.extensions_mut().insert(CacheGroups::of(["g"]));
                    response
                };
                match run {
                    0 => of_a_group(answer(200, &OLD, "old")),
                    1 | 2 => answer(304, &OLD, ""),
                    _ => answer(200, &OLD, "new"),
                }
            })
        });
        one.ask("GET", "/", &[]).await;
        one.later(6);
        let asks = || one.sends("GET", "/");
        let leads = asks();
        while runs.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        one.cache.invalidate(Target::path("/elsewhere")).await.unwrap();
        let follows = asks();
        // Until it has looked, and waits.
        tokio::time::sleep(Duration::from_millis(60)).await;
        one.cache.invalidate(Target::group("g")).await.unwrap();
        gate.add_permits(1);
        assert_eq!((&*leads.await.unwrap().text, &*follows.await.unwrap().text), ("old", "old"), "{}", one.backend);
        let after = one.ask("GET", "/", &[]).await;
        assert_eq!((after.is_hit(), &*after.text), (false, "new"), "{}: {}", one.backend, after.outcome);
    })
    .await;
}
