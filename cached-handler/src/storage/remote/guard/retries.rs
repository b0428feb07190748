//! Invalidations that failed, kept until they are done.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

use crate::{
    epoch::{Effect, target::Target},
    util::lock::lock,
};

/// What is still to be invalidated: each target once, with the stronger of its effects.
#[derive(Debug)]
pub(crate) struct Retries {
    due: Mutex<Due>,
    most: usize,
    /// As often one may fail beside a backend that answers, before it is taken for one that never succeeds. By default in
    /// about twenty seconds, since eight pauses from 0.1 to 12.8 s, each halved at most by chance, are 13 to 26.
    attempts: u32,
    /// How many are due: all that a call which went well looks at.
    left: AtomicUsize,
    emptied: Notify,
}

#[derive(Debug, Default)]
struct Due {
    by_target: HashMap<Target, Retry>,
    /// In which order they are tried. One that fails goes to the end, so that none is in the way of another for ever;
    /// its former turn stays here until it comes up, and counts for nothing.
    turns: VecDeque<(u64, Target)>,
    last: u64,
}

/// One of them, on its way.
#[derive(Debug, Clone)]
pub(crate) struct Retry {
    pub(crate) target: Target,
    pub(crate) effect: Effect,
    /// Tells a target's later failure from its earlier one, too.
    turn: u64,
    /// How often it failed beside a backend that answered.
    attempts: u32,
}

/// What becomes of one that has failed once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// It is tried again.
    Kept,
    /// It will not succeed: everything is to be invalidated in its place, which covers it.
    Replaced,
    /// Not even that can be done, time and again.
    Hopeless,
}

impl Retries {
    /// Keeps at most so many. One more, and everything is to be invalidated instead: nothing is forgotten.
    pub(crate) fn new(most: usize, attempts: u32) -> Self {
        Self { due: Mutex::default(), most, attempts, left: AtomicUsize::new(0), emptied: Notify::new() }
    }

    pub(crate) fn add(&self, target: &Target, effect: Effect) {
        self.change(|due| {
            let is_full = due.by_target.len() >= self.most && due.of(target).is_none();
            let all = due.of(&Target::all()).filter(|all| all.effect == Effect::Invalidate);
            if is_full || all.is_some() {
                let attempts = all.map_or(0, |all| all.attempts);
                due.only_everything(attempts);
                return;
            }
            let (effect, attempts) = match due.of(target) {
                Some(known) if known.effect == Effect::Invalidate => (known.effect, known.attempts),
                known => (effect, known.map_or(0, |known| known.attempts)),
            };
            due.put(target.clone(), effect, attempts);
        });
    }

    /// The one whose turn it is, of those whose turn comes no later than `last`. It stays until it is
    /// [`done`](Self::done), or has [`failed`](Self::failed).
    pub(crate) fn next(&self, last: u64) -> Option<Retry> {
        lock(&self.due).next().filter(|retry| retry.turn <= last).cloned()
    }

    /// The turn of the last that is due now.
    pub(crate) fn last(&self) -> u64 {
        lock(&self.due).last
    }

    /// It was carried out; unless it has failed once more in the meantime.
    pub(crate) fn done(&self, retry: &Retry) {
        self.change(|due| {
            if due.still_has(retry) {
                due.remove(&retry.target);
            }
        });
    }

    /// It was tried beside a backend that answered a probe, and failed.
    pub(crate) fn failed(&self, retry: &Retry) -> Failed {
        self.change(|due| {
            if !due.still_has(retry) {
                return Failed::Kept;
            }
            let attempts = retry.attempts.saturating_add(1);
            if attempts < self.attempts {
                due.put(retry.target.clone(), retry.effect, attempts);
                return Failed::Kept;
            }
            if retry.target == Target::all() {
                due.put(retry.target.clone(), retry.effect, attempts);
                return Failed::Hopeless;
            }
            // It has been waited for long enough: the first failure of the one in its place tells.
            due.remove(&retry.target);
            match retry.effect {
                Effect::Invalidate => due.only_everything(attempts),
                // Which covers it.
                Effect::Expire if due.of(&Target::all()).is_some_and(|all| all.effect == Effect::Invalidate) => {}
                Effect::Expire => due.put(Target::all(), Effect::Expire, attempts),
            }
            Failed::Replaced
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until none is due.
    pub(crate) async fn until_empty(&self) {
        loop {
            // Made before the look, so that none is missed in between.
            let emptied = self.emptied.notified();
            if self.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    fn change<T>(&self, work: impl FnOnce(&mut Due) -> T) -> T {
        let mut due = lock(&self.due);
        let outcome = work(&mut due);
        self.left.store(due.by_target.len(), Ordering::Relaxed);
        if due.by_target.is_empty() {
            self.emptied.notify_waiters();
        }
        outcome
    }
}

impl Due {
    fn of(&self, target: &Target) -> Option<&Retry> {
        self.by_target.get(target)
    }

    /// Unless it has failed again on its way, which gave it another turn.
    fn still_has(&self, retry: &Retry) -> bool {
        has_turn(&self.by_target, retry.turn, &retry.target)
    }

    fn next(&mut self) -> Option<&Retry> {
        while self.turns.front().is_some_and(|(turn, target)| !has_turn(&self.by_target, *turn, target)) {
            self.turns.pop_front();
        }
        self.of(&self.turns.front()?.1)
    }

    /// At the end.
    fn put(&mut self, target: Target, effect: Effect, attempts: u32) {
        self.last += 1;
        let turn = self.last;
        self.turns.push_back((turn, target.clone()));
        self.by_target.insert(target.clone(), Retry { target, effect, turn, attempts });
        // Former turns are no more than there are targets, whatever fails how often.
        if self.turns.len() > 2 * self.by_target.len() + 16 {
            self.turns.retain(|(turn, target)| has_turn(&self.by_target, *turn, target));
        }
    }

    fn remove(&mut self, target: &Target) {
        self.by_target.remove(target);
    }

    fn only_everything(&mut self, attempts: u32) {
        self.by_target.clear();
        self.turns.clear();
        self.put(Target::all(), Effect::Invalidate, attempts);
    }
}

fn has_turn(by_target: &HashMap<Target, Retry>, turn: u64, target: &Target) -> bool {
    by_target.get(target).is_some_and(|retry| retry.turn == turn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(retries: &Retries) -> Option<Retry> {
        retries.next(u64::MAX)
    }

    #[test]
    fn what_is_put_in_the_place_of_an_expiry_weakens_nothing() {
        for everything_first in [false, true] {
            let retries = Retries::new(10, 8);
            let group = Target::group("a");
            let expiry = |retries: &Retries| std::iter::from_fn(|| retries.next(u64::MAX)).next().unwrap();
            retries.add(&group, Effect::Expire);
            for _ in 1..8 {
                assert_eq!(retries.failed(&expiry(&retries)), Failed::Kept);
            }
            let last = expiry(&retries);
            if everything_first {
                retries.add(&Target::all(), Effect::Invalidate);
            }
            assert_eq!(retries.failed(&last), Failed::Replaced);
            if !everything_first {
                retries.add(&Target::all(), Effect::Invalidate);
            }
            let left = any(&retries).unwrap();
            assert_eq!((left.target, left.effect, retries.len()), (Target::all(), Effect::Invalidate, 1));
        }
    }

    #[test]
    fn a_target_is_kept_once_with_the_stronger_effect() {
        let retries = Retries::new(10, 8);
        for effect in [Effect::Expire, Effect::Invalidate, Effect::Expire] {
            retries.add(&Target::group("a"), effect);
        }
        assert_eq!(retries.len(), 1);
        assert_eq!(any(&retries).map(|retry| retry.effect), Some(Effect::Invalidate));
    }

    #[test]
    fn one_that_fails_again_on_its_way_stays() {
        let retries = Retries::new(10, 8);
        retries.add(&Target::group("a"), Effect::Invalidate);
        let on_its_way = any(&retries).expect("one");
        retries.add(&Target::group("a"), Effect::Invalidate);
        retries.done(&on_its_way);
        assert_eq!(retries.failed(&on_its_way), Failed::Kept);
        assert_eq!(retries.len(), 1);
        retries.done(&any(&retries).expect("one"));
        assert!(retries.is_empty());
    }

    #[test]
    fn one_that_fails_time_and_again_leaves_nothing_behind() {
        let retries = Retries::new(10, 8);
        for _ in 0..1_000 {
            retries.add(&Target::group("a"), Effect::Invalidate);
        }
        let turns = lock(&retries.due).turns.len();
        assert!(turns <= 20, "{turns}");
    }

    #[test]
    fn too_many_become_one_that_invalidates_everything() {
        let retries = Retries::new(10, 8);
        for group in 0..10 {
            retries.add(&Target::group(group.to_string()), Effect::Expire);
        }
        assert_eq!(retries.len(), 10);
        retries.add(&Target::group("10"), Effect::Expire);
        retries.add(&Target::group("11"), Effect::Expire);
        assert_eq!(retries.len(), 1);
        let all = any(&retries).expect("one");
        assert_eq!((all.target, all.effect), (Target::all(), Effect::Invalidate));
    }

    #[test]
    fn one_that_fails_goes_to_the_end_and_each_has_its_turn_once_in_a_round() {
        let retries = Retries::new(10, 8);
        for group in ["a", "b", "c"] {
            retries.add(&Target::group(group), Effect::Invalidate);
        }
        for _ in 0..2 {
            let (last, mut round) = (retries.last(), Vec::new());
            while let Some(retry) = retries.next(last) {
                assert_eq!(retries.failed(&retry), Failed::Kept);
                round.push(retry.target);
            }
            assert_eq!(round, ["a", "b", "c"].map(Target::group));
        }
    }

    /// Fails until something else than waiting comes of it, and gives that, and how often it failed.
    fn fails(retries: &Retries, target: &Target) -> (Failed, u32) {
        for times in 1.. {
            let retry = any(retries).filter(|retry| retry.target == *target).expect("its turn");
            let failed = retries.failed(&retry);
            if failed != Failed::Kept {
                return (failed, times);
            }
        }
        unreachable!()
    }

    #[test]
    fn what_never_succeeds_becomes_everything_and_where_that_fails_too_there_is_no_hope() {
        for effect in [Effect::Invalidate, Effect::Expire] {
            let (retries, poison) = (Retries::new(10, 8), Target::group("poison"));
            retries.add(&poison, effect);
            assert_eq!(fails(&retries, &poison), (Failed::Replaced, 8));
            let all = any(&retries).expect("one");
            assert_eq!((retries.len(), &all.target, all.effect), (1, &Target::all(), effect));
            assert_eq!(fails(&retries, &Target::all()), (Failed::Hopeless, 1));
            // What comes then is in good hands with it, and it goes on being tried.
            retries.add(&Target::all(), Effect::Invalidate);
            retries.add(&Target::group("a"), Effect::Invalidate);
            assert_eq!(fails(&retries, &Target::all()), (Failed::Hopeless, 1));
            retries.done(&any(&retries).expect("one"));
            assert!(retries.is_empty());
        }
    }

    #[test]
    fn everything_that_an_author_invalidates_has_as_many_attempts() {
        let retries = Retries::new(10, 8);
        retries.add(&Target::all(), Effect::Invalidate);
        assert_eq!(fails(&retries, &Target::all()), (Failed::Hopeless, 8));
    }
}
