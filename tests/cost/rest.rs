//! A hit from a store that gives its bytes at once: what is counted is not the store, but what is done with them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use cached_handler::{
    Cache, Error,
    backend::{Store, StoreKey},
    cached,
};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{Db, Page, measured, page_of, request};

#[cached(ttl = 600, backend = "ready", group = ["articles", "article:{id}", "pages"])]
async fn page(State(_db): State<Db>, Path(id): Path<u64>, Query(page): Query<Page>) -> Response {
    page_of(id, &page, 1 << 10)
}

/// The same with a copy in memory in front of it, which answers.
#[cached(ttl = 600, backend = "memory+ready", group = ["articles", "article:{id}", "pages"])]
async fn near(State(_db): State<Db>, Path(id): Path<u64>, Query(page): Query<Page>) -> Response {
    page_of(id, &page, 1 << 10)
}

/// The same in memory alone, beside it.
#[cached(ttl = 600, group = ["articles", "article:{id}", "pages"])]
async fn beside(State(_db): State<Db>, Path(id): Path<u64>, Query(page): Query<Page>) -> Response {
    page_of(id, &page, 1 << 10)
}

#[derive(Default)]
struct Ready(Mutex<BTreeMap<StoreKey, Bytes>>);

impl Ready {
    fn map(&self) -> MutexGuard<'_, BTreeMap<StoreKey, Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Ready {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, Error> {
        Ok(self.map().get(key).cloned())
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, _: Duration) -> Result<(), Error> {
        self.map().insert(key.clone(), bytes);
        Ok(())
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        self.map().remove(key);
        Ok(())
    }

    async fn clear(&self) -> Result<(), Error> {
        self.map().clear();
        Ok(())
    }
}

/// Answers `count` requests for this path.
pub fn answer(path: &str, count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let cache = Cache::builder().backend("ready", Ready::default()).build().await?;
        let app = Router::new().route("/rest/{id}", get(page)).route("/near/{id}", get(near)).route("/beside/{id}", get(beside));
        let app = app.layer(Extension(cache)).with_state(Db);
        for _ in 0..300 {
            app.clone().oneshot(request(path, None)).await?.into_body().collect().await?;
        }
        for _ in 0..count {
            // What a task may do at a time has an end.
            tokio::task::yield_now().await;
            if measured(&app, request(path, None)) != StatusCode::OK {
                return Err("an unexpected answer".into());
            }
        }
        Ok(())
    })
}
