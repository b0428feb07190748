//! A backend of your own: a dictionary, four functions long.
//!
//! ```console
//! $ curl -i localhost:3000/notes/1
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored
//!
//! buy milk
//! # From the dictionary.
//! $ curl -i localhost:3000/notes/1
//! HTTP/1.1 200 OK
//! age: …
//! cache-status: demo; hit; ttl=…
//!
//! buy milk
//! # Invalidation needs nothing from the backend: no list of keys, no deletion.
//! $ curl -i -X PUT -d 'buy bread' localhost:3000/notes/1
//! HTTP/1.1 200 OK
//! $ curl -i localhost:3000/notes/1
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored; detail=invalidated
//!
//! buy bread
//! ```

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use bytes::Bytes;
use cached_handler::{
    Cache,
    backend::{Store, StoreKey},
    cached, invalidates,
};
use cached_handler_serving::serve;
use tokio::{sync::RwLock, time::Instant};

/// Bytes by key, each until its time is up. Bounded, as every store has to be; it may lose bytes at any time.
#[derive(Debug, Default)]
pub struct Dict(Mutex<HashMap<StoreKey, (Bytes, Instant)>>);

const MOST: usize = 1000;

impl Store for Dict {
    async fn get(&self, key: &StoreKey) -> Result<Option<Bytes>, cached_handler::Error> {
        Ok(self.map().get(key).filter(|(_, until)| Instant::now() < *until).map(|(bytes, _)| bytes.clone()))
    }

    async fn put(&self, key: &StoreKey, bytes: Bytes, keep_for: Duration) -> Result<(), cached_handler::Error> {
        let mut map = self.map();
        if map.len() >= MOST {
            map.clear();
        }
        map.insert(key.clone(), (bytes, Instant::now() + keep_for));
        Ok(())
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), cached_handler::Error> {
        self.map().remove(key);
        Ok(())
    }

    async fn clear(&self) -> Result<(), cached_handler::Error> {
        self.map().clear();
        Ok(())
    }
}

impl Dict {
    fn map(&self) -> MutexGuard<'_, HashMap<StoreKey, (Bytes, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Notes = Arc<RwLock<BTreeMap<u64, String>>>;

#[cached(ttl = "1h", backend = "dict", group = "note:{id}")]
async fn show(State(notes): State<Notes>, Path(id): Path<u64>) -> Result<String, StatusCode> {
    notes.read().await.get(&id).map(|note| format!("{note}\n")).ok_or(StatusCode::NOT_FOUND)
}

#[invalidates(group = "note:{id}")]
async fn edit(State(notes): State<Notes>, Path(id): Path<u64>, text: String) {
    notes.write().await.insert(id, text);
}

/// The application. Its cache has to have a backend that is named `dict`.
pub fn app() -> Router {
    let notes = BTreeMap::from([(1, "buy milk".to_owned())]);
    Router::new().route("/notes/{id}", get(show).put(edit)).with_state(Notes::new(notes.into()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").backend("dict", Dict::default()).build().await?.install()?;
    Ok(serve(app(), include_str!("dict.rs")).await?)
}
