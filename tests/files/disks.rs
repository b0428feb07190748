//! What a process does on a disk that stalls, is full, or loses its power; see `processes.rs`.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use cached_handler::{Cache, Outcome, Target};

use super::{
    Source, Truth, app, page_is_right,
    processes::{forget, slowest_of, walk},
    source,
};
use crate::harness::{ask, moment, text};

/// `stalled COUNT`: pages that are stored, and not in the page cache, are asked for all at once, on a runtime of one
/// thread, whose every other task is due each millisecond. The test has the disk stall.
pub fn stalled(directory: &Path, count: usize) {
    let directory = directory.to_owned();
    // Not on the threads of the runtime that runs this.
    let done = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(ask_a_stalled_disk(&directory, count));
    });
    done.join().expect("it ended well");
}

async fn ask_a_stalled_disk(directory: &Path, count: usize) {
    let cache = Cache::builder()
        .namespace("tests")
        .fs(directory.join("cache"))
        .shares_namespace()
        .outcome_on_hits()
        .build()
        .await
        .expect("a cache");
    println!("ready");
    let source: Arc<Source> = Arc::default();
    let app = app(cache.clone(), Arc::clone(&source));
    forget(&responses(directory));
    let beats = tokio::spawn(async {
        let mut gaps = Vec::new();
        loop {
            let before = moment();
            tokio::time::sleep(Duration::from_millis(1)).await;
            gaps.push(before.elapsed());
            if gaps.len() == BEATS {
                return gaps;
            }
        }
    });
    let mut slowest = Duration::ZERO;
    // The second time the circuit breaker is open.
    for _ in 0..2 {
        slowest = slowest.max(slowest_of(&app, count).await);
    }
    let mut gaps = beats.await.expect("beats");
    gaps.sort_unstable();
    let (p99, longest) = (gaps[BEATS * 99 / 100], gaps[BEATS - 1]);
    let (runs, hits) = (source.runs.load(Ordering::SeqCst), cache.stats().hits);
    println!("slowest {} p99 {} longest {} runs {runs} hits {hits}", slowest.as_millis(), p99.as_micros(), longest.as_micros());
    // What is stuck is not waited for.
    std::process::exit(0);
}

const BEATS: usize = 1000;

/// `full`: the directory is all of a small disk. It is filled to the last byte, used, and emptied again.
pub async fn full(cache: Result<Cache, cached_handler::Error>, directory: &Path) {
    let cache = cache.expect("a cache");
    println!("ready");
    let app = app(cache.clone(), Arc::default());
    let mut wrong = 0;
    let mut all_right = async |pages: std::ops::Range<usize>| {
        for id in pages {
            wrong += usize::from(!page_is_right(&app, id).await);
        }
        assert!(cache.drain(Duration::from_secs(60)).await, "stores that do not end");
    };
    let hits = async |pages: std::ops::Range<usize>| {
        let mut hits = 0;
        for id in pages {
            hits += usize::from(matches!(ask(&app, &format!("/page/{id}")).await.extensions().get(), Some(Outcome::Hit { .. })));
        }
        assert!(cache.drain(Duration::from_secs(60)).await, "stores that do not end");
        hits
    };
    all_right(0..30).await;
    let before = hits(0..30).await;
    let ballast = fill_up(directory);
    // What was stored is there; what is new is not stored, and answered all the same; invalidations count.
    all_right(0..30).await;
    let old = hits(0..30).await;
    all_right(100..200).await;
    let new = hits(100..200).await;
    cache.invalidate(Target::group("page:3")).await.expect("a table that is there is written in place");
    let invalidated = hits(3..4).await;
    let temporary = responses(directory).iter().filter(|file| name_of(file).starts_with("tmp-")).count();
    for file in ballast {
        fs::remove_file(file).expect("a file to remove");
    }
    all_right(100..200).await;
    let again = hits(100..200).await;
    let failures = cache.stats().backend_errors;
    println!(
        "wrong {wrong} before {before} old {old} new {new} invalidated {invalidated} temporary {temporary} again {again} errors {failures}"
    );
}

/// Until there is no space for a byte, nor for another file.
fn fill_up(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for length in [1 << 20, 1 << 12, 1] {
        loop {
            let path = directory.join("cache").join(format!("ballast-{}", files.len()));
            let Ok(mut file) = fs::File::create(&path) else { return files };
            files.push(path);
            if file.write_all(&vec![1; length]).is_err() {
                break;
            }
        }
    }
    files
}

/// `power ROUNDS durable|`: stores a response, and invalidates it, over and over. It says when either is done.
pub async fn power(cache: Cache, directory: &Path, rounds: usize) {
    println!("ready");
    let truth = Truth::open(directory).expect("a truth");
    let app = app(cache.clone(), source(Truth::open(directory).expect("a truth")));
    let store = async |resource: usize| {
        for _ in 0..2 {
            let version = text(ask(&app, &format!("/version/{resource}")).await).await;
            assert!(cache.drain(Duration::from_secs(60)).await, "a store that does not end");
            println!("stored {version}");
        }
    };
    for round in 1..=rounds {
        store(0).await;
        store(1).await;
        truth.set_version(0, round as u64);
        cache.invalidate(Target::group("version:0")).await.expect("an invalidation");
        println!("invalidated {round}");
    }
    store(0).await;
    println!("done");
}

pub(super) fn responses(directory: &Path) -> Vec<PathBuf> {
    let homes = fs::read_dir(directory.join("cache")).into_iter().flatten().flatten();
    homes.flat_map(|home| walk(&home.path().join("r"))).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
