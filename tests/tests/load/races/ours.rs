//! The cache under test: a handler for each kind of run.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{KINDS, Read, Source, Subject, resource};
use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{Request, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use cached_handler::{Bypass, Cache, CacheGroups, Collapse, Forward, Outcome, Policy, Target, cached, invalidates};
use cached_handler_tests::harness::{leaves_at, pause, text};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::mpsc;
use tower::ServiceExt;

type Shared = State<Arc<Source>>;

#[cached(ttl = 600, group = "detached:{id}")]
async fn detached(State(source): Shared, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.read(resource(0, id)).await;
    (CacheGroups::of([format!("detached:later:{id}")]), version.to_string())
}

const INLINE: Policy = Policy::new().collapse(Collapse::Inline);

#[cached(ttl = 600, group = "inline:{id}", policy = INLINE)]
async fn inline(State(source): Shared, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.read(resource(1, id)).await;
    (CacheGroups::of([format!("inline:later:{id}")]), version.to_string())
}

const OFF: Policy = Policy::new().collapse(Collapse::Off);

#[cached(ttl = 600, group = "off:{id}", policy = OFF)]
async fn off(State(source): Shared, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.read(resource(2, id)).await;
    (CacheGroups::of([format!("off:later:{id}")]), version.to_string())
}

/// Its version comes in two frames, with a pause between them, and no length is declared.
#[cached(ttl = 600, group = "streamed:{id}")]
async fn streamed(State(source): Shared, Path(id): Path<usize>) -> Response {
    let version = source.read(resource(3, id)).await.to_string();
    let (sender, mut receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for frame in [String::new(), version] {
            pause(source.chance()).await;
            let _left = sender.send(Ok::<_, std::io::Error>(Frame::data(Bytes::from(frame)))).await;
        }
    });
    let frames = Polled(move |cx: &mut std::task::Context<'_>| receiver.poll_recv(cx));
    (CacheGroups::of([format!("streamed:later:{id}")]), Body::new(StreamBody::new(frames))).into_response()
}

struct Polled<F>(F);

impl<T, F: Unpin + FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<T>>> futures_core::Stream for Polled<F> {
    type Item = T;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Option<T>> {
        (self.0)(cx)
    }
}

#[cached(ttl = 600, group = "varied:{id}", vary = from_response)]
async fn varied(State(source): Shared, Path(id): Path<usize>) -> Response {
    let version = source.read(resource(4, id)).await.to_string();
    (CacheGroups::of([format!("varied:later:{id}")]), [(header::VARY, "accept-language")], version).into_response()
}

#[cached(ttl = 600, group = "at-rest:{id}", backend = "dict")]
async fn at_rest(State(source): Shared, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.read(resource(5, id)).await;
    (CacheGroups::of([format!("at-rest:later:{id}")]), version.to_string())
}

#[cached(ttl = 600, group = "behind:{id}", stale_while_revalidate = 600)]
async fn behind(State(source): Shared, Path(id): Path<usize>) -> Result<(CacheGroups, String), StatusCode> {
    let version = source.read(resource(6, id)).await;
    fails_at_times(&source)?;
    Ok((CacheGroups::of([format!("behind:later:{id}")]), version.to_string()))
}

#[cached(ttl = 600, group = "behind-at-rest:{id}", backend = "dict", stale_while_revalidate = 600, stale_if_error = 600)]
async fn behind_at_rest(State(source): Shared, Path(id): Path<usize>) -> Result<(CacheGroups, String), StatusCode> {
    let version = source.read(resource(7, id)).await;
    fails_at_times(&source)?;
    Ok((CacheGroups::of([format!("behind-at-rest:later:{id}")]), version.to_string()))
}

fn fails_at_times(source: &Source) -> Result<(), StatusCode> {
    if source.chance().is_multiple_of(8) { Err(StatusCode::BAD_GATEWAY) } else { Ok(()) }
}

const NAMES: [&str; KINDS] = ["detached", "inline", "off", "streamed", "varied", "at-rest", "behind", "behind-at-rest"];

/// An invalidation that an attribute makes; the write is the writer's.
#[invalidates(group = "{name}:{id}")]
async fn touch(State(source): Shared, Path((name, id)): Path<(String, usize)>) -> StatusCode {
    let _ = (&name, id);
    pause(source.chance()).await;
    StatusCode::NO_CONTENT
}

/// Ours, through a router.
pub(super) struct Ours {
    pub(super) router: Router,
    pub(super) cache: Cache,
    /// Answers that were stale.
    pub(super) stale: Arc<AtomicUsize>,
}

impl Ours {
    pub(super) fn new(source: Arc<Source>, cache: Cache) -> Self {
        let router = Router::new()
            .route("/detached/{id}", get(detached))
            .route("/inline/{id}", get(inline))
            .route("/off/{id}", get(off))
            .route("/streamed/{id}", get(streamed))
            .route("/varied/{id}", get(varied))
            .route("/at-rest/{id}", get(at_rest))
            .route("/behind/{id}", get(behind))
            .route("/behind-at-rest/{id}", get(behind_at_rest))
            .route("/touch/{name}/{id}", put(touch))
            .with_state(source)
            .layer(Extension(cache.clone()));
        Self { router, cache, stale: Arc::default() }
    }
}

impl Subject for Ours {
    async fn read(&self, resource: usize, leaves: Option<usize>, chance: u64) -> Read {
        let language = ["de", "en", "fr"][(chance % 3) as usize];
        let request = Request::get(format!("/{}/{}", NAMES[resource / 3], resource % 3))
            .header(header::ACCEPT_LANGUAGE, language)
            .body(Body::empty())
            .unwrap();
        if resource / 3 >= 6 && chance.is_multiple_of(8) {
            // One that fails has only not happened.
            _ = self.cache.expire(Target::group(format!("{}:{}", NAMES[resource / 3], resource % 3))).await;
        }
        let answered = async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            if response.status() == StatusCode::BAD_GATEWAY {
                return Read::Left;
            }
            let outcome = response.extensions().get();
            if matches!(outcome, Some(Outcome::Forward { why: Forward::Bypass(Bypass::Backend), collapsed: true, .. })) {
                return Read::NotPromised;
            }
            if matches!(outcome, Some(Outcome::Stale { .. })) {
                self.stale.fetch_add(1, Ordering::Relaxed);
            }
            let hit = matches!(response.extensions().get(), Some(Outcome::Hit { .. }));
            Read::Seen { version: text(response).await.parse().unwrap(), hit }
        };
        match leaves {
            Some(awaits) => leaves_at(awaits, answered).await.unwrap_or(Read::Left),
            None => answered.await,
        }
    }

    async fn invalidate(&self, resource: usize, chance: u64) {
        let (name, id) = (NAMES[resource / 3], resource % 3);
        let target = match chance % 16 {
            0 => Target::all(),
            1 => match resource / 3 {
                0 => Target::handler(detached),
                1 => Target::handler(inline),
                2 => Target::handler(off),
                3 => Target::handler(streamed),
                4 => Target::handler(varied),
                5 => Target::handler(at_rest),
                6 => Target::handler(behind),
                _ => Target::handler(behind_at_rest),
            },
            2..5 => Target::path(format!("/{name}/{id}")),
            5..9 => Target::group(format!("{name}:later:{id}")),
            9..12 => {
                let request = Request::put(format!("/touch/{name}/{id}")).body(Body::empty()).unwrap();
                let failed = self.cache.stats().failed_invalidations;
                let response = self.router.clone().oneshot(request).await.unwrap();
                assert_eq!(response.status(), StatusCode::NO_CONTENT);
                // The answer does not tell whether it was invalidated.
                if self.cache.stats().failed_invalidations == failed {
                    return;
                }
                Target::group(format!("{name}:{id}"))
            }
            _ => Target::group(format!("{name}:{id}")),
        };
        // It promises something once it has returned `Ok`; where the machine is too busy for the limits of time, it may not.
        while self.cache.invalidate(target.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
