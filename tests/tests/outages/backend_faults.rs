//! What becomes of answers when the world around a backend changes: a process too busy to listen, a server far away or
//! demoted, rights that are withdrawn, directories that are moved or restored, a runtime that ends, no room, names that
//! were chosen to collide. Each ends in misses or slower
//! invalidations, never in an outdated answer or a failed request.

mod clocks;
mod collisions;
mod demoted;
mod distance;
mod ended;
mod moved;
mod rights;
mod room;
mod starved;
mod timers;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Router, extract::Path, response::Response, routing::get};
use cached_handler::{Cache, CacheBuilder, CacheKey, Outcome, cached};
use cached_handler_tests::harness::{ask, text};

/// What handlers read: one version of everything, and how often they ran.
#[derive(Clone, Default, CacheKey)]
struct Source {
    #[cache_key(skip)]
    version: Arc<AtomicUsize>,
    #[cache_key(skip)]
    runs: Arc<AtomicUsize>,
}

impl Source {
    fn read(&self) -> String {
        self.runs.fetch_add(1, Ordering::SeqCst);
        self.version.load(Ordering::SeqCst).to_string()
    }
}

#[cached(ttl = 600, backend = "redis", group = "page:{id}")]
async fn in_redis(Extension(source): Extension<Source>, Path(id): Path<usize>) -> String {
    let _ = id;
    source.read()
}

#[cached(ttl = 600, backend = "fs", group = "page:{id}")]
async fn in_files(Extension(source): Extension<Source>, Path(id): Path<usize>) -> String {
    let _ = id;
    source.read()
}

/// Computes without an await.
async fn busy() {
    // It keeps a thread of the runtime from everything else.
    std::thread::sleep(Duration::from_millis(80));
}

struct App {
    source: Source,
    cache: Cache,
    router: Router,
}

impl App {
    async fn of(builder: CacheBuilder) -> Self {
        Self::with(builder, Source::default()).await
    }

    async fn with(builder: CacheBuilder, source: Source) -> Self {
        let cache = builder.outcome_on_hits().build().await.unwrap();
        let router = Router::new()
            .route("/redis/{id}", get(in_redis))
            .route("/fs/{id}", get(in_files))
            .route("/busy", get(busy))
            .layer(Extension(source.clone()))
            .layer(Extension(cache.clone()));
        Self { source, cache, router }
    }

    async fn on(url: &str) -> Self {
        Self::of(Cache::builder().namespace("faults").redis(url).shares_namespace()).await
    }

    async fn ask(&self, uri: &str) -> Response {
        let response = ask(&self.router, uri).await;
        assert_eq!(response.status(), 200);
        response
    }

    async fn is_hit(&self, uri: &str) -> bool {
        is_hit(&self.ask(uri).await)
    }

    async fn sees(&self, uri: &str) -> usize {
        text(self.ask(uri).await).await.parse().unwrap()
    }

    fn changes(&self) -> usize {
        self.source.version.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Asks until the answer comes from the store.
    async fn until_cached(&self, uri: &str) {
        for _ in 0..10_000 {
            if self.is_hit(uri).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never cached: {:?}", self.cache);
    }

    /// How many of so many requests, one after another, are hits.
    async fn hits(&self, uri: &str, of: usize) -> usize {
        let mut hits = 0;
        for _ in 0..of {
            hits += usize::from(self.is_hit(uri).await);
        }
        hits
    }

    /// How often this failed, as the cache says itself: `(Read, "slow", `.
    fn failures(&self, what: &str) -> usize {
        let said = format!("{:?}", self.cache);
        let number = said.split_once(what).map(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap());
        number.map_or(0, |number| number.parse().unwrap())
    }
}

fn is_hit(response: &Response) -> bool {
    matches!(response.extensions().get(), Some(Outcome::Hit { .. }))
}
