//! What is read and invalidated: a version for each of some resources, which all processes share, through three handlers.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt,
    path::Path as FilePath,
    sync::{Arc, Mutex},
};

use axum::{Extension, Router, extract::Path, routing::get};
use cached_handler::{CacheGroups, Target, cached};
use cached_handler_tests::harness::pause;

/// How many things there are, each of which each handler shows.
pub const IDS: usize = 9;
pub const LASTING: usize = 0;
pub const BRIEF: usize = 1;
pub const WINDOWED: usize = 2;
const KINDS: usize = 3;
pub const RESOURCES: usize = KINDS * IDS;

pub fn resource_of(kind: usize, id: usize) -> usize {
    kind * IDS + id
}

/// Whether what is stale may be used meanwhile.
pub fn has_window(resource: usize) -> bool {
    resource / IDS == WINDOWED
}

/// The versions, and how often each process has invalidated something; in a file.
pub struct Truth {
    file: File,
    /// Only this process writes its part, one task at a time.
    writing: Mutex<()>,
}

impl Truth {
    /// All are zero where it is made.
    pub fn open(directory: &FilePath) -> Self {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(directory.join("truth")).unwrap();
        file.set_len(4096).unwrap();
        Self { file, writing: Mutex::default() }
    }

    pub fn version(&self, id: usize) -> u64 {
        self.number(id)
    }

    /// A new version, of a thing that this process writes alone. `when` is asked just before.
    pub fn write(&self, id: usize, when: impl FnOnce() -> u64) -> (u64, u64) {
        let _alone = self.writing.lock().unwrap();
        let (version, at) = (self.number(id) + 1, when());
        self.set(id, version);
        (version, at)
    }

    /// How often all processes have invalidated something: the same twice, if none has in between.
    pub fn clock(&self) -> u64 {
        (0..super::PROCESSES).map(|process| self.number(IDS + process)).sum()
    }

    pub fn tick(&self, process: usize) {
        let _alone = self.writing.lock().unwrap();
        self.set(IDS + process, self.number(IDS + process) + 1);
    }

    fn number(&self, at: usize) -> u64 {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, at as u64 * 8).unwrap();
        u64::from_le_bytes(bytes)
    }

    fn set(&self, at: usize, number: u64) {
        self.file.write_all_at(&number.to_le_bytes(), at as u64 * 8).unwrap();
    }
}

/// The same for every request.
#[derive(Clone, cached_handler::CacheKey)]
struct Shared(#[cache_key(skip)] Arc<Truth>);

/// It takes its time before or after it has looked.
async fn read(truth: &Truth, id: usize) -> String {
    let chance = truth.clock().wrapping_mul(0x9e37_79b9).wrapping_add(id as u64 * 7);
    pause(chance % 31).await;
    let version = truth.version(id);
    pause(chance % 29).await;
    version.to_string()
}

#[cached(ttl = 600, group = "thing:{id}")]
async fn lasting(Extension(truth): Extension<Shared>, Path(id): Path<usize>) -> (CacheGroups, String) {
    (CacheGroups::of([format!("known-later:{id}")]), read(&truth.0, id).await)
}

#[cached(ttl = "5ms", group = "thing:{id}")]
async fn brief(Extension(truth): Extension<Shared>, Path(id): Path<usize>) -> String {
    read(&truth.0, id).await
}

#[cached(ttl = "20ms", stale_while_revalidate = "10s", group = "thing:{id}")]
async fn windowed(Extension(truth): Extension<Shared>, Path(id): Path<usize>) -> String {
    read(&truth.0, id).await
}

pub fn router(truth: Arc<Truth>) -> Router {
    let router = Router::new().route("/0/{id}", get(lasting)).route("/1/{id}", get(brief)).route("/2/{id}", get(windowed));
    router.layer(Extension(Shared(truth)))
}

pub fn uri(resource: usize) -> String {
    format!("/{}/{}", resource / IDS, resource % IDS)
}

/// A target that a thing of a kind is in, and all resources that are.
pub fn target(resource: usize, chance: usize) -> (Target, Vec<usize>) {
    let (kind, id) = (resource / IDS, resource % IDS);
    match chance % 16 {
        0 => (Target::all(), (0..RESOURCES).collect()),
        1 => (handler(kind), (0..IDS).map(|id| resource_of(kind, id)).collect()),
        2..=6 => (Target::path(uri(resource)), vec![resource]),
        7..=9 => (Target::group(format!("known-later:{id}")), vec![resource_of(LASTING, id)]),
        _ => (Target::group(format!("thing:{id}")), (0..KINDS).map(|kind| resource_of(kind, id)).collect()),
    }
}

fn handler(kind: usize) -> Target {
    match kind {
        LASTING => Target::handler(lasting),
        BRIEF => Target::handler(brief),
        _ => Target::handler(windowed),
    }
}
