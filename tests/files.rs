//! An application on the backend `fs`, for tests and for the processes that they start (`files/main.rs`).

#[path = "files/by_hand.rs"]
mod by_hand;
#[path = "files/disks.rs"]
mod disks;
#[path = "files/processes.rs"]
pub mod processes;

use std::{
    fs, io,
    os::unix::fs::FileExt,
    path::{Path as FilePath, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Extension, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{Cache, Policy, cached};

use crate::harness::{ask, pause, text};

/// What the handlers read, and how often they did.
#[derive(Debug, Default)]
pub struct Source {
    pub runs: AtomicUsize,
    truth: Option<Truth>,
}

/// Versions in a file, which several processes read and write.
#[derive(Debug)]
pub struct Truth(fs::File);

impl Truth {
    /// The file in a directory; made where it is missing.
    pub fn open(directory: &FilePath) -> io::Result<Self> {
        let file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(directory.join("truth"))?;
        // Sparse: all versions are zero.
        file.set_len(1 << 16)?;
        Ok(Self(file))
    }

    /// The version that a run sees, of a resource that one process writes.
    pub fn version(&self, resource: usize) -> u64 {
        self.number(resource * 16)
    }

    pub fn set_version(&self, resource: usize, version: u64) {
        self.set(resource * 16, version);
    }

    /// The version that no later request may fall short of.
    pub fn settled(&self, resource: usize) -> u64 {
        self.number(resource * 16 + 8)
    }

    pub fn settle(&self, resource: usize, version: u64) {
        self.set(resource * 16 + 8, version);
    }

    fn number(&self, at: usize) -> u64 {
        let mut bytes = [0; 8];
        self.0.read_exact_at(&mut bytes, at as u64).expect("a file of that length");
        u64::from_le_bytes(bytes)
    }

    fn set(&self, at: usize, number: u64) {
        self.0.write_all_at(&number.to_le_bytes(), at as u64).expect("a file of that length");
    }
}

/// Large enough for all sizes of [`content`].
const PAGE: Policy = Policy::new().name("files-page");

/// Content that its number tells, of many sizes.
#[cached(ttl = 3600, backend = "fs", group = ["pages", "page:{id}", "tenth:{id}"], policy = PAGE)]
async fn page(State(source): State<Arc<Source>>, Path(id): Path<usize>) -> Response {
    source.runs.fetch_add(1, Ordering::SeqCst);
    ([("x-page", id.to_string())], content(id)).into_response()
}

/// The same in memory, for comparison.
#[cached(ttl = 3600, group = ["pages", "page:{id}", "tenth:{id}"])]
async fn page_in_memory(State(source): State<Arc<Source>>, Path(id): Path<usize>) -> Response {
    source.runs.fetch_add(1, Ordering::SeqCst);
    ([("x-page", id.to_string())], content(id)).into_response()
}

/// What another process may change at any time.
#[cached(ttl = 3600, backend = "fs", group = "version:{resource}")]
async fn version(State(source): State<Arc<Source>>, Path(resource): Path<usize>) -> String {
    source.runs.fetch_add(1, Ordering::SeqCst);
    let truth = source.truth.as_ref().expect("a source with a truth");
    let version = truth.version(resource);
    pause(version.wrapping_mul(0x9e37_79b9)).await;
    version.to_string()
}

/// From nothing to three blocks.
pub fn content(id: usize) -> String {
    let length = [0, 1, 1600, 1024, 4096, 5000, 9000][id % 7];
    let line = format!("page {id}, ");
    line.chars().cycle().take(length).collect()
}

pub fn app(cache: Cache, source: Arc<Source>) -> Router {
    Router::new()
        .route("/page/{id}", get(page))
        .route("/in-memory/{id}", get(page_in_memory))
        .route("/version/{resource}", get(version))
        .with_state(source)
        .layer(Extension(cache))
}

/// With a truth, for `/version/…`.
pub fn source(truth: Truth) -> Arc<Source> {
    Arc::new(Source { truth: Some(truth), ..Source::default() })
}

/// Asks for a page; whether the answer was right.
pub async fn page_is_right(app: &Router, id: usize) -> bool {
    let response = ask(app, &format!("/page/{id}")).await;
    response.status().is_success()
        && response.headers().get("x-page").is_some_and(|page| page == &*id.to_string())
        && text(response).await == content(id)
}

/// A directory of one test's own, gone when the test is over.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cached-handler-{}-{name}", std::process::id()));
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a place for temporary files");
        Self(path)
    }

    pub fn path(&self) -> &FilePath {
        &self.0
    }

    /// The directory that a cache is given; not made here.
    pub fn cache(&self) -> PathBuf {
        self.0.join("cache")
    }

    /// All files of a kind below the cache's directory, by the beginning of their names.
    pub fn files(&self, prefix: &str) -> Vec<PathBuf> {
        let (mut found, mut folders) = (Vec::new(), vec![self.cache()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(entry.path());
                } else if entry.file_name().to_string_lossy().starts_with(prefix) {
                    found.push(entry.path());
                }
            }
        }
        found
    }

    /// The files of stored responses.
    pub fn responses(&self) -> Vec<PathBuf> {
        self.files("").into_iter().filter(|file| file.file_name().is_some_and(|name| name.len() == 62)).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}
