//! Tests that any backend must pass; call them from a test of yours.
//!
//! Each function panics with the number of the law that does not hold (see [`Store`] and [`Epochs`]).
//!
//! ```
//! # use cached_handler::backend::{InProcessEpochs, conformance};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! conformance::epochs(&InProcessEpochs::new()).await;
//! # }
//! ```

#![expect(clippy::panic, reason = "these are assertions, to be called from tests")]

use std::time::Duration;

use bytes::Bytes;

use super::store::Store;
use crate::{
    epoch::{Effect, EpochSnapshot, Epochs, Scopes, target::Target},
    error::Error,
    key::storage_key::StoreKey,
};

const LONG: Duration = Duration::from_secs(60);

/// Checks laws S1 to S4 on an empty store; it is empty afterwards. Takes about a second, as it waits for a lifetime.
///
/// # Panics
///
/// Where a law does not hold.
pub async fn store(store: &impl Store) {
    values_come_back_or_are_gone(store).await;
    sizes_do_not_matter(store).await;
    removed_is_gone(store).await;
    dead_is_gone(store).await;
    dropped_calls_harm_nothing(store).await;
    cleared_is_gone(store).await;
}

async fn values_come_back_or_are_gone(store: &impl Store) {
    let (one, two) = (StoreKey::for_tests("one"), StoreKey::for_tests("two"));
    expect("S1", "nothing was put", get(store, &one).await.is_none());
    put(store, &one, b"1", LONG).await;
    put(store, &two, b"2", LONG).await;
    expect("S1", "a value is its key's own", get(store, &one).await.is_none_or(|found| found == "1"));
    expect("S1", "a value is its key's own", get(store, &two).await.is_none_or(|found| found == "2"));
    put(store, &one, b"3", LONG).await;
    expect("S1", "the last put counts", get(store, &one).await.is_none_or(|found| found == "3"));
    let mut kept = 0;
    for at in 0..16 {
        let key = StoreKey::for_tests(&format!("kept {at}"));
        put(store, &key, b"kept", LONG).await;
        kept += usize::from(get(store, &key).await.is_some());
    }
    expect("S1", "a store that keeps nothing is none", kept > 0);
}

async fn sizes_do_not_matter(store: &impl Store) {
    for size in [0, 1, 4095, 4096, 1 << 20] {
        let bytes: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap_or(0)).collect();
        let key = StoreKey::for_tests(&format!("size {size}"));
        put(store, &key, &bytes, LONG).await;
        expect("S1", "any bytes of any length", get(store, &key).await.is_none_or(|found| found == bytes));
    }
}

async fn removed_is_gone(store: &impl Store) {
    let key = StoreKey::for_tests("removed");
    put(store, &key, b"x", LONG).await;
    done("S3", store.remove(&key).await);
    expect("S3", "removed is gone", get(store, &key).await.is_none());
    done("S3", store.remove(&key).await);
}

async fn dead_is_gone(store: &impl Store) {
    let key = StoreKey::for_tests("short-lived");
    put(store, &key, b"x", Duration::from_millis(200)).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    expect("S2", "past its time a value is gone", get(store, &key).await.is_none());
}

async fn dropped_calls_harm_nothing(store: &impl Store) {
    let key = StoreKey::for_tests("dropped");
    for polls in 0..8 {
        give_up_after(polls, store.put(&key, Bytes::from_static(b"y"), LONG)).await;
        give_up_after(polls, store.get(&key)).await;
        expect("S4", "a dropped call leaves a value or none", get(store, &key).await.is_none_or(|found| found == "y"));
    }
}

async fn cleared_is_gone(store: &impl Store) {
    let key = StoreKey::for_tests("cleared");
    put(store, &key, b"x", LONG).await;
    done("S3", store.clear().await);
    expect("S3", "cleared is gone", get(store, &key).await.is_none());
}

/// Checks laws E1 to E4.
///
/// # Panics
///
/// Where a law does not hold.
pub async fn epochs(epochs: &impl Epochs) {
    let groups: Vec<Box<str>> = vec!["conformance:a".into(), "conformance:b".into()];
    let scopes = Scopes::new("conformance::handler", &[4711, 4713], &groups);
    let others = Others::new();

    let first = read(epochs, &scopes).await;
    expect("E3", "a first fill is not dead on arrival", first.allows(first.stamp()));
    let targets = [
        (Target::group("conformance:b"), false),
        (Target::group("conformance:a"), false),
        (Target::named("conformance::handler"), false),
        (Target::path_numbered(4711), false),
        (Target::path_numbered(4713), false),
        (Target::all(), true),
    ];
    for (target, hits_others) in targets {
        let (before, before_others) = (read(epochs, &scopes).await, others.read(epochs).await);
        done("E2", epochs.advance(&target, Effect::Expire).await);
        let (between, between_others) = (read(epochs, &scopes).await, others.read(epochs).await);
        expect("E1", "the clock goes on", between.incarnation == before.incarnation && between.clock > before.clock);
        expect("E2", "what is expired is stale and not unusable", between.expires(before.stamp()) && between.allows(before.stamp()));
        let are_stale = pairs(&before_others, &between_others).map(|(before, now)| now.expires(before.stamp()));
        expect("E2", "and nothing else is touched", as_many_as(hits_others, are_stale));
        expect("E3", "what is stamped after an expiry is fresh", !between.expires(between.stamp()));
        done("E2", epochs.advance(&target, Effect::Invalidate).await);
        let (after, after_others) = (read(epochs, &scopes).await, others.read(epochs).await);
        expect("E1", "the clock goes on", after.incarnation == before.incarnation && after.clock > between.clock);
        expect("E4", "what was stamped before is unusable", !after.allows(before.stamp()) && !after.allows(between.stamp()));
        expect("E3", "what is stamped afterwards is usable", after.allows(after.stamp()) && !after.expires(after.stamp()));
        let are_unusable = pairs(&before_others, &after_others).map(|(before, now)| !now.allows(before.stamp()));
        expect("E2", "and nothing else is touched", as_many_as(hits_others, are_unusable));
        done("E2", epochs.advance(&target, Effect::Expire).await);
        expect("E2", "an expiry takes no invalidation back", !read(epochs, &scopes).await.allows(before.stamp()));
    }
    let late: Vec<Box<str>> = vec!["conformance:late".into()];
    let before = read(epochs, &scopes).await;
    done("E2", epochs.advance(&Target::group("conformance:late"), Effect::Invalidate).await);
    let after = read(epochs, &Scopes::new("conformance::handler", &[4711], &late)).await;
    expect("E3", "an invalidation of a group that nobody has read is not forgotten", !after.allows(before.stamp()));
}

/// What no target but everything names.
struct Others(Vec<Vec<Box<str>>>);

/// So many that chance does not put all of them beside one target, where names share epochs.
const OTHERS: [(&str, u64, &str); 4] = [
    ("conformance::other", 4712, "conformance:c"),
    ("conformance::another", 17, "conformance:d"),
    ("conformance::third", 0, "conformance:e"),
    ("conformance::fourth", u64::MAX, "conformance:f"),
];

impl Others {
    fn new() -> Self {
        Self(OTHERS.iter().map(|(.., group)| vec![(*group).into()]).collect())
    }

    async fn read(&self, epochs: &impl Epochs) -> Vec<EpochSnapshot> {
        let mut readings = Vec::new();
        for ((handler, bucket, _), groups) in OTHERS.iter().zip(&self.0) {
            readings.push(read(epochs, &Scopes::new(handler, &[*bucket], groups)).await);
        }
        readings
    }
}

fn pairs<'a>(before: &'a [EpochSnapshot], now: &'a [EpochSnapshot]) -> impl Iterator<Item = (&'a EpochSnapshot, &'a EpochSnapshot)> {
    before.iter().zip(now)
}

/// All of them where everything is meant. Otherwise not all: that some share an epoch with the target is allowed.
fn as_many_as(all: bool, mut others: impl Iterator<Item = bool>) -> bool {
    others.all(|is_touched| is_touched) == all
}

async fn get(store: &impl Store, key: &StoreKey) -> Option<Bytes> {
    match store.get(key).await {
        Ok(found) => found,
        Err(error) => panic!("get failed: {error:?}"),
    }
}

async fn put(store: &impl Store, key: &StoreKey, bytes: &[u8], keep_for: Duration) {
    done("S1", store.put(key, Bytes::copy_from_slice(bytes), keep_for).await);
}

async fn read(epochs: &impl Epochs, scopes: &Scopes<'_>) -> EpochSnapshot {
    match epochs.read(scopes).await {
        Ok(reading) => reading,
        Err(error) => panic!("read failed: {error:?}"),
    }
}

/// Polls a future some times, then drops it.
async fn give_up_after<F: Future>(polls: usize, future: F) {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        let done = std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
        if done {
            return;
        }
        tokio::task::yield_now().await;
    }
}

fn done(law: &str, outcome: Result<(), Error>) {
    if let Err(error) = outcome {
        panic!("{law}: the call failed: {error:?}");
    }
}

fn expect(law: &str, what: &str, holds: bool) {
    assert!(holds, "law {law} does not hold: {what}");
}
