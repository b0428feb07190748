//! Look-ups that are wanted at the same moment, sent for together.
//!
//! A few at a time go by themselves. Where many are under way, each lets what else is ready to run go first, and whoever
//! is back first takes all that have come meanwhile. So nobody depends on anybody who may leave, and nobody joins a
//! command that is already sent: what a look-up reads is never older than its own beginning (law L4).

#[cfg(all(test, shuttle))]
mod shuttle_tests;

use tokio::sync::oneshot;

use super::{joint::Found, keys::Names};
use crate::{
    error::Error,
    util::lock::explored::{AtomicU64, Mutex, Ordering, lock},
};

/// The look-ups of one process that are under way.
#[derive(Debug)]
pub(super) struct Batches<T> {
    under_way: AtomicU64,
    waiting: Mutex<Waiting<T>>,
    /// What responses took of late, in bytes.
    usual: AtomicU64,
}

#[derive(Debug)]
struct Waiting<T> {
    /// Of the batch that is being gathered.
    number: u64,
    gathered: Vec<T>,
}

/// From so many on they are sent for together.
const MANY: u64 = 8;
/// At most so many in one command, and about so many bytes in its answer: the first has to wait for the last.
const MOST: u64 = 64;
const MOST_BYTES: u64 = 128 << 10;
/// What a response is taken to be, before one was seen.
const FIRST_GUESS: u64 = 16 << 10;

/// One that wants to be told what was found.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) names: Names,
    pub(super) answer: oneshot::Sender<Result<Found, Error>>,
}

/// The place of a look-up among those under way, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay<'a, T> {
    batches: &'a Batches<T>,
    pub(super) is_one_of_many: bool,
}

/// What becomes of one that is put to the others.
#[derive(Debug)]
#[must_use]
pub(super) enum Put<T> {
    /// It waits in the batch of this number.
    In(u64),
    /// No further one fits: all of them are to be sent now.
    Full(Vec<T>),
}

impl<T> Default for Batches<T> {
    fn default() -> Self {
        let waiting = Waiting { number: 0, gathered: Vec::new() };
        Self { under_way: AtomicU64::new(0), waiting: Mutex::new(waiting), usual: AtomicU64::new(FIRST_GUESS) }
    }
}

impl<T> Batches<T> {
    pub(super) fn enter(&self) -> UnderWay<'_, T> {
        let others = self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay { batches: self, is_one_of_many: others >= MANY - 1 && self.most() > 1 }
    }

    pub(super) fn put(&self, one: T) -> Put<T> {
        let most = self.most();
        let mut waiting = lock(&self.waiting);
        waiting.gathered.push(one);
        if waiting.gathered.len() as u64 >= most { Put::Full(waiting.take()) } else { Put::In(waiting.number) }
    }

    /// Takes the batch of this number, if nobody has yet.
    pub(super) fn take(&self, number: u64) -> Option<Vec<T>> {
        let mut waiting = lock(&self.waiting);
        (waiting.number == number).then(|| waiting.take())
    }

    /// Learns from a response of so many bytes: at once that they are large, and by and by that they are not.
    pub(super) fn note(&self, bytes: usize) {
        let (bytes, usual) = (bytes as u64, self.usual.load(Ordering::Relaxed));
        let next = bytes.max(usual - usual / 16);
        if next != usual {
            self.usual.store(next, Ordering::Relaxed);
        }
    }

    fn most(&self) -> u64 {
        (MOST_BYTES / self.usual.load(Ordering::Relaxed).max(1)).clamp(1, MOST)
    }
}

impl<T> Waiting<T> {
    fn take(&mut self) -> Vec<T> {
        self.number += 1;
        std::mem::take(&mut self.gathered)
    }
}

impl<T> Drop for UnderWay<'_, T> {
    fn drop(&mut self) {
        self.batches.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

    fn gathered(batches: &Batches<u32>, ones: std::ops::Range<u32>) -> Vec<Vec<u32>> {
        let puts = ones.map(|one| batches.put(one));
        puts.filter_map(|put| if let Put::Full(batch) = put { Some(batch) } else { None }).collect()
    }

    #[test]
    fn a_few_go_by_themselves() {
        let batches = Batches::<u32>::default();
        let mut places: Vec<_> = (0..10).map(|_| batches.enter()).collect();
        assert_eq!(places.iter().map(|place| place.is_one_of_many).collect::<Vec<_>>(), [[false; 7].as_slice(), &[true; 3]].concat());
        places.truncate(3);
        assert!(!batches.enter().is_one_of_many);
    }

    #[test]
    fn whoever_is_back_first_takes_all_and_nobody_takes_what_has_come_since() {
        let batches = Batches::default();
        let (Put::In(first), Put::In(also)) = (batches.put(1), batches.put(2)) else { panic!("there is room") };
        assert_eq!(batches.take(also), Some(vec![1, 2]));
        let Put::In(second) = batches.put(3) else { panic!("there is room") };
        assert_eq!(batches.take(first), None);
        assert_eq!(batches.take(second), Some(vec![3]));
    }

    #[test]
    fn the_larger_the_responses_the_fewer_travel_together() {
        let batches = Batches::default();
        assert_eq!(gathered(&batches, 0..17), [(0..8).collect::<Vec<_>>(), (8..16).collect()]);
        assert_eq!(batches.take(2), Some(vec![16]));
        batches.note(64 << 10);
        assert_eq!(gathered(&batches, 0..5), [[0, 1], [2, 3]]);
        assert_eq!(batches.take(5), Some(vec![4]));
        batches.note(1 << 20);
        assert_eq!(gathered(&batches, 0..3), [[0], [1], [2]]);
        (0..200).for_each(|_| batches.note(100));
        assert_eq!(gathered(&batches, 0..128), [(0..64).collect::<Vec<_>>(), (64..128).collect()]);
    }

    #[test]
    fn large_responses_are_never_sent_for_together() {
        let batches = Batches::<u32>::default();
        batches.note(128 << 10);
        let places: Vec<_> = (0..100).map(|_| batches.enter()).collect();
        assert!(places.iter().all(|place| !place.is_one_of_many));
    }
}
