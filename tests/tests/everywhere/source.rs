//! What answers where nothing is stored: with the number of its run, in the content and in `x-run`.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cached_handler::CacheGroups;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::Semaphore;

/// What answers where nothing is stored.
#[derive(Debug)]
pub struct Source {
    runs: AtomicU64,
    mood: Mutex<Mood>,
    go: Semaphore,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    Fails,
    Panics,
    /// Until [`Source::lets_go`].
    Waits,
    /// More than is stored.
    Long,
    /// Frame by frame, of no declared length.
    Streams,
    /// The same, and broken off.
    BreaksOff,
    /// With a cookie of its own.
    Private,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Failed(pub u64);

impl Source {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { runs: AtomicU64::new(0), mood: Mutex::new(Mood::Well), go: Semaphore::new(0) })
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }

    pub async fn has_begun(&self, runs: u64) {
        let begins = async {
            while self.runs() < runs {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(4), begins).await.expect("a run of its own, before it has waited for another");
    }

    pub fn lets_go(&self, runs: usize) {
        self.go.add_permits(runs);
    }

    /// Those who come next wait again.
    pub fn forgets_permits(&self) {
        self.go.forget_permits(usize::MAX);
    }

    pub async fn run(&self) -> Result<String, Failed> {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Fails => return Err(Failed(run)),
            Mood::Panics => panic!("on purpose"),
            Mood::Waits => self.go.acquire().await.unwrap().forget(),
            Mood::Long => return Ok(format!("{run}{}", " ".repeat(LONGEST))),
            Mood::Well | Mood::Streams | Mood::BreaksOff | Mood::Private => {}
        }
        Ok(run.to_string())
    }

    pub async fn answer(&self) -> Response {
        match self.run().await {
            Err(Failed(run)) => (StatusCode::BAD_GATEWAY, format!("failed {run}")).into_response(),
            Ok(text) => {
                let run = (CacheGroups::of(["said"]), [("x-run", text.trim_end().to_owned())]);
                match *self.mood.lock().unwrap() {
                    Mood::Streams => (run, streamed(text, false)).into_response(),
                    Mood::BreaksOff => (run, streamed(text, true)).into_response(),
                    Mood::Private => (run, [("set-cookie", format!("sid={text}"))], text).into_response(),
                    _ => (run, text).into_response(),
                }
            }
        }
    }
}

fn streamed(text: String, is_broken: bool) -> Response {
    let end = is_broken.then(|| Err(std::io::Error::other("broken off")));
    let frames = [Ok(Frame::data(Bytes::from(text))), Ok(Frame::data(Bytes::from_static(b" ")))].into_iter().chain(end);
    Body::new(StreamBody::new(stream_of(frames))).into_response()
}

fn stream_of<T>(items: impl Iterator<Item = T> + Unpin) -> impl futures_core::Stream<Item = T> {
    struct Items<I>(I);
    impl<I: Iterator + Unpin> futures_core::Stream for Items<I> {
        type Item = I::Item;

        fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<I::Item>> {
            std::task::Poll::Ready(self.0.next())
        }
    }
    Items(items)
}

/// What is stored of a response, in bytes.
pub const LONGEST: usize = 1 << 10;
