//! A cache in miniature, with and without a planted mistake: what the harness finds, and that it finds nothing else.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{RESOURCES, Read, Source, Subject, load};
use tokio::sync::watch;

/// A cache in miniature, right or with one mistake.
struct Miniature {
    source: Arc<Source>,
    mistake: Option<Mistake>,
    stored: Mutex<HashMap<usize, (u64, u64)>>,
    /// The stamps of runs under way, and what tells their followers the version.
    runs: Mutex<HashMap<usize, (u64, watch::Receiver<Option<u64>>)>>,
    clock: AtomicU64,
    epochs: [AtomicU64; RESOURCES],
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    /// The stamp is taken when the run ends.
    StampsAfterTheRun,
    /// An invalidation removes what is stored, and knows nothing of runs under way.
    OnlyRemoves,
    /// The clock moves on after the epoch was set to where it stood: a run in between is stamped no earlier.
    MovesTheClockTooLate,
    /// A request joins whatever run is under way.
    JoinsAnyRun,
}

impl Miniature {
    fn new(source: Arc<Source>, mistake: Option<Mistake>) -> Self {
        let (stored, runs) = (Mutex::default(), Mutex::default());
        Self { source, mistake, stored, runs, clock: AtomicU64::new(1), epochs: Default::default() }
    }

    fn usable(&self, resource: usize, stamp: u64) -> bool {
        self.mistake == Some(Mistake::OnlyRemoves) || self.epochs[resource].load(Ordering::SeqCst) <= stamp
    }
}

impl Subject for Miniature {
    async fn read(&self, resource: usize, _: Option<usize>, _: u64) -> Read {
        // A router takes its time as well.
        tokio::task::yield_now().await;
        let stored = self.stored.lock().unwrap().get(&resource).copied();
        if let Some((stamp, version)) = stored
            && self.usable(resource, stamp)
        {
            return Read::Seen { version, hit: true };
        }
        let stamp = self.clock.load(Ordering::SeqCst);
        let (sender, receiver) = watch::channel(None);
        let joined = {
            let mut runs = self.runs.lock().unwrap();
            match runs.get(&resource) {
                Some((began, run)) if self.mistake == Some(Mistake::JoinsAnyRun) || self.usable(resource, *began) => Some(run.clone()),
                _ => {
                    runs.insert(resource, (stamp, receiver));
                    None
                }
            }
        };
        if let Some(mut run) = joined
            && let Ok(version) = run.wait_for(Option::is_some).await.map(|version| version.unwrap_or_default())
        {
            return Read::Seen { version, hit: false };
        }
        let version = self.source.read(resource).await;
        let stamp = if self.mistake == Some(Mistake::StampsAfterTheRun) { self.clock.load(Ordering::SeqCst) } else { stamp };
        self.stored.lock().unwrap().insert(resource, (stamp, version));
        sender.send_replace(Some(version));
        self.runs.lock().unwrap().remove(&resource);
        Read::Seen { version, hit: false }
    }

    async fn invalidate(&self, resource: usize, _: u64) {
        match self.mistake {
            Some(Mistake::OnlyRemoves) => drop(self.stored.lock().unwrap().remove(&resource)),
            Some(Mistake::MovesTheClockTooLate) => {
                self.epochs[resource].fetch_max(self.clock.load(Ordering::SeqCst), Ordering::SeqCst);
                self.clock.fetch_add(1, Ordering::SeqCst);
            }
            _ => {
                let epoch = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
                self.epochs[resource].fetch_max(epoch, Ordering::SeqCst);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_harness_finds_each_of_four_mistakes() {
    for mistake in [Mistake::StampsAfterTheRun, Mistake::OnlyRemoves, Mistake::MovesTheClockTooLate, Mistake::JoinsAnyRun] {
        let source = Arc::new(Source::default());
        let tally = load(&source, Miniature::new(Arc::clone(&source), Some(mistake)), 10_000).await;
        let reads = tally.reads.load(Ordering::Relaxed);
        println!("{mistake:?}: found after {reads} reads");
        assert!(tally.stale.load(Ordering::Relaxed) > 0, "{mistake:?} was not found in {reads} reads");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_harness_finds_nothing_where_there_is_no_mistake() {
    let source = Arc::new(Source::default());
    let tally = load(&source, Miniature::new(Arc::clone(&source), None), 10_000).await;
    assert_eq!(tally.stale.load(Ordering::Relaxed), 0);
    assert!(tally.hits.load(Ordering::Relaxed) > 0);
}
