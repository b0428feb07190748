//! Law L4 for extractors that read what an invalidation is about: a run is no younger than its arguments.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::harness::{Dict, ask, text};
use axum::{
    Router,
    extract::{FromRef, FromRequestParts, State},
    http::{StatusCode, request::Parts},
    routing::get,
};
use cached_handler::{
    Target, cached,
    testing::{TestCache, assert_hit, assert_miss},
};
use tokio::sync::Semaphore;

/// What extractors read, and a gate that they wait at once they have.
struct Source {
    version: AtomicU64,
    has_read: Semaphore,
    gate: Semaphore,
}

type Shared = Arc<Source>;

/// A row that is read before the handler's body runs.
struct Row(u64);

impl<S: Sync> FromRequestParts<S> for Row
where
    Shared: FromRef<S>,
{
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        let source = Shared::from_ref(state);
        let version = source.version.load(Ordering::SeqCst);
        source.has_read.add_permits(1);
        source.gate.acquire().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?.forget();
        Ok(Self(version))
    }
}

#[cached(ttl = 600, group = "rows", skip(row))]
async fn skipped(row: Row, State(_source): State<Shared>) -> String {
    row.0.to_string()
}

#[cached(ttl = 600, group = "rows", key(row.0 > 0))]
async fn reduced(row: Row, State(_source): State<Shared>) -> String {
    row.0.to_string()
}

#[cached(ttl = 600, group = "rows", backend = "dict", skip(row))]
async fn skipped_at_rest(row: Row, State(_source): State<Shared>) -> String {
    row.0.to_string()
}

#[tokio::test]
async fn l4_what_an_extractor_read_before_an_invalidation_answers_nobody_after_it() {
    let source = Arc::new(Source { version: AtomicU64::new(1), has_read: Semaphore::new(0), gate: Semaphore::new(0) });
    let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()));
    let app = Router::new()
        .route("/skipped", get(skipped))
        .route("/reduced", get(reduced))
        .route("/at-rest", get(skipped_at_rest))
        .with_state(source.clone())
        .layer(cache.layer());
    for path in ["/skipped", "/reduced", "/at-rest"] {
        // So that each way is known to store at all.
        source.gate.add_permits(3);
        for _ in 0..2 {
            ask(&app, path).await;
        }
        assert_hit!(ask(&app, path).await);
        source.has_read.forget_permits(3);
        cache.cache().invalidate(Target::all()).await.unwrap();

        let early = tokio::spawn({
            let app = app.clone();
            async move { ask(&app, path).await }
        });
        source.has_read.acquire().await.unwrap().forget();
        let version = source.version.fetch_add(1, Ordering::SeqCst) + 1;
        cache.cache().invalidate(Target::group("rows")).await.unwrap();
        source.gate.add_permits(1);
        assert_eq!(text(assert_miss!(early.await.unwrap())).await, (version - 1).to_string(), "{path}: it came before");

        source.gate.add_permits(1);
        assert_eq!(text(ask(&app, path).await).await, version.to_string(), "{path}");
        source.has_read.forget_permits(1);
    }
}
