//! Invalidations that failed, kept until a retry succeeds.

use std::collections::{BTreeMap, HashMap};

use crate::epoch::{Effect, target::Target};

/// Each target once, with the stronger of its effects.
#[derive(Debug, Clone)]
pub(in super::super) struct RetryQueue {
    /// By turn. One that fails goes to the end, so that none is in the way of another for ever.
    by_turn: BTreeMap<u64, Retry>,
    turns: HashMap<Target, u64>,
    last: u64,
    /// At most so many. One more, and everything is invalidated in their place: nothing is forgotten.
    most: usize,
    /// So many retries may fail although the backend answers probes, before an invalidation is taken for one that never
    /// succeeds. By default in about twenty seconds: eight pauses from 0.1 to 12.8 s, up to half shorter by chance, are 13 to 26.
    attempts: u32,
}

#[derive(Debug, Clone)]
pub(in crate::storage::remote::guard) struct Retry {
    pub(in crate::storage::remote::guard) target: Target,
    pub(in crate::storage::remote::guard) effect: Effect,
    /// Tells a target's later failure from its earlier one.
    pub(super) turn: u64,
    /// How often it failed although the backend answered a probe.
    pub(super) attempts: u32,
}

/// What becomes of one that has failed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// It is tried again.
    Kept,
    /// It will not succeed: everything is to be invalidated in its place, which covers it.
    Replaced,
    /// Not even everything can be invalidated.
    Hopeless,
}

impl RetryQueue {
    pub(super) fn new(most: usize, attempts: u32) -> Self {
        Self { by_turn: BTreeMap::new(), turns: HashMap::new(), last: 0, most, attempts }
    }

    pub(super) fn add(&mut self, target: &Target, effect: Effect) {
        let known = self.of(target).map(|known| (known.effect, known.attempts));
        let all = self.of(&Target::all()).filter(|all| all.effect == Effect::Invalidate).map(|all| all.attempts);
        if all.is_some() || (known.is_none() && self.len() >= self.most) {
            return self.only_everything(all.unwrap_or(0));
        }
        let (before, attempts) = known.unwrap_or((effect, 0));
        let effect = if before == Effect::Invalidate { before } else { effect };
        self.put(target.clone(), effect, attempts);
    }

    /// The one whose turn it is, of those whose turn comes no later than `last`. It stays until it is
    /// [`done`](Self::done), or has [`failed`](Self::failed).
    pub(super) fn next(&self, last: u64) -> Option<Retry> {
        self.by_turn.first_key_value().filter(|(turn, _)| **turn <= last).map(|(_, retry)| retry.clone())
    }

    /// The last turn so far.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// It has succeeded. The target stays if it has failed once more in the meantime, and so has another turn.
    pub(super) fn done(&mut self, retry: &Retry) {
        if self.by_turn.remove(&retry.turn).is_some() {
            self.turns.remove(&retry.target);
        }
    }

    /// It has failed although the backend answered a probe.
    pub(super) fn failed(&mut self, retry: &Retry) -> Failed {
        if !self.by_turn.contains_key(&retry.turn) {
            return Failed::Kept;
        }
        let attempts = retry.attempts.saturating_add(1);
        let is_everything = retry.target == Target::all();
        if attempts < self.attempts || is_everything {
            self.put(retry.target.clone(), retry.effect, attempts);
            return if attempts < self.attempts { Failed::Kept } else { Failed::Hopeless };
        }
        // It was tried often enough: the first failure of the one in its place counts as the last.
        self.done(retry);
        match retry.effect {
            Effect::Invalidate => self.only_everything(attempts),
            // Which covers it.
            Effect::Expire if self.of(&Target::all()).is_some_and(|all| all.effect == Effect::Invalidate) => {}
            Effect::Expire => self.put(Target::all(), Effect::Expire, attempts),
        }
        Failed::Replaced
    }

    pub(in super::super) fn len(&self) -> usize {
        self.by_turn.len()
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        self.by_turn.is_empty()
    }

    /// All of them, in the order in which they are tried.
    #[cfg(all(test, not(shuttle)))]
    pub(super) fn order(&self) -> impl Iterator<Item = &Retry> + Clone {
        self.by_turn.values()
    }

    fn of(&self, target: &Target) -> Option<&Retry> {
        self.by_turn.get(self.turns.get(target)?)
    }

    /// At the end.
    fn put(&mut self, target: Target, effect: Effect, attempts: u32) {
        self.last += 1;
        let turn = self.last;
        if let Some(former) = self.turns.insert(target.clone(), turn) {
            self.by_turn.remove(&former);
        }
        self.by_turn.insert(turn, Retry { target, effect, turn, attempts });
    }

    fn only_everything(&mut self, attempts: u32) {
        self.by_turn.clear();
        self.turns.clear();
        self.put(Target::all(), Effect::Invalidate, attempts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(queue: &RetryQueue) -> Option<Retry> {
        queue.next(u64::MAX)
    }

    #[test]
    fn what_is_put_in_the_place_of_an_expiry_weakens_nothing() {
        for everything_first in [false, true] {
            let mut queue = RetryQueue::new(10, 8);
            let group = Target::group("a");
            queue.add(&group, Effect::Expire);
            for _ in 1..8 {
                let retry = any(&queue).unwrap();
                assert_eq!(queue.failed(&retry), Failed::Kept);
            }
            let last = any(&queue).unwrap();
            if everything_first {
                queue.add(&Target::all(), Effect::Invalidate);
            }
            assert_eq!(queue.failed(&last), Failed::Replaced);
            if !everything_first {
                queue.add(&Target::all(), Effect::Invalidate);
            }
            let left = any(&queue).unwrap();
            assert_eq!((left.target, left.effect, queue.len()), (Target::all(), Effect::Invalidate, 1));
        }
    }

    #[test]
    fn a_target_is_kept_once_with_the_stronger_effect() {
        let mut queue = RetryQueue::new(10, 8);
        for effect in [Effect::Expire, Effect::Invalidate, Effect::Expire] {
            queue.add(&Target::group("a"), effect);
        }
        assert_eq!(queue.len(), 1);
        assert_eq!(any(&queue).map(|retry| retry.effect), Some(Effect::Invalidate));
    }

    #[test]
    fn one_that_fails_again_on_its_way_stays() {
        let mut queue = RetryQueue::new(10, 8);
        queue.add(&Target::group("a"), Effect::Invalidate);
        let on_its_way = any(&queue).expect("one");
        queue.add(&Target::group("a"), Effect::Invalidate);
        queue.done(&on_its_way);
        assert_eq!(queue.failed(&on_its_way), Failed::Kept);
        assert_eq!(queue.len(), 1);
        let again = any(&queue).expect("one");
        queue.done(&again);
        assert!(queue.is_empty());
    }

    #[test]
    fn one_that_fails_time_and_again_leaves_nothing_behind() {
        let mut queue = RetryQueue::new(10, 8);
        for _ in 0..1_000 {
            queue.add(&Target::group("a"), Effect::Invalidate);
        }
        assert_eq!((queue.by_turn.len(), queue.turns.len()), (1, 1));
    }

    #[test]
    fn too_many_become_one_that_invalidates_everything() {
        let mut queue = RetryQueue::new(10, 8);
        for group in 0..10 {
            queue.add(&Target::group(group.to_string()), Effect::Expire);
        }
        assert_eq!(queue.len(), 10);
        queue.add(&Target::group("10"), Effect::Expire);
        queue.add(&Target::group("11"), Effect::Expire);
        assert_eq!(queue.len(), 1);
        let all = any(&queue).expect("one");
        assert_eq!((all.target, all.effect), (Target::all(), Effect::Invalidate));
    }

    #[test]
    fn one_that_fails_goes_to_the_end_and_each_has_its_turn_once_in_a_round() {
        let mut queue = RetryQueue::new(10, 8);
        for group in ["a", "b", "c"] {
            queue.add(&Target::group(group), Effect::Invalidate);
        }
        for _ in 0..2 {
            let (last, mut round) = (queue.last(), Vec::new());
            while let Some(retry) = queue.next(last) {
                assert_eq!(queue.failed(&retry), Failed::Kept);
                round.push(retry.target);
            }
            assert_eq!(round, ["a", "b", "c"].map(Target::group));
        }
    }

    /// Fails until something else than waiting comes of it, and gives that, and how often it failed.
    fn fails(queue: &mut RetryQueue, target: &Target) -> (Failed, u32) {
        for times in 1.. {
            let retry = any(queue).filter(|retry| retry.target == *target).expect("its turn");
            let failed = queue.failed(&retry);
            if failed != Failed::Kept {
                return (failed, times);
            }
        }
        unreachable!()
    }

    #[test]
    fn what_never_succeeds_becomes_everything_and_where_that_fails_too_there_is_no_hope() {
        for effect in [Effect::Invalidate, Effect::Expire] {
            let (mut queue, poison) = (RetryQueue::new(10, 8), Target::group("poison"));
            queue.add(&poison, effect);
            assert_eq!(fails(&mut queue, &poison), (Failed::Replaced, 8));
            let all = any(&queue).expect("one");
            assert_eq!((queue.len(), &all.target, all.effect), (1, &Target::all(), effect));
            assert_eq!(fails(&mut queue, &Target::all()), (Failed::Hopeless, 1));
            // It covers what fails from now on, and is tried again.
            queue.add(&Target::all(), Effect::Invalidate);
            queue.add(&Target::group("a"), Effect::Invalidate);
            assert_eq!(fails(&mut queue, &Target::all()), (Failed::Hopeless, 1));
            let all = any(&queue).expect("one");
            queue.done(&all);
            assert!(queue.is_empty());
        }
    }

    #[test]
    fn everything_that_an_author_invalidates_has_as_many_attempts() {
        let mut queue = RetryQueue::new(10, 8);
        queue.add(&Target::all(), Effect::Invalidate);
        assert_eq!(fails(&mut queue, &Target::all()), (Failed::Hopeless, 8));
    }
}
