//! Invalidations that failed, kept until they are done.

use std::{collections::HashMap, sync::Mutex};

use super::Effect;
use crate::{invalidate::Target, sync::lock};

/// What is still to be invalidated: each target once, with the stronger of its effects.
#[derive(Debug)]
pub(crate) struct Retries {
    due: Mutex<Due>,
    most: usize,
}

#[derive(Debug, Default)]
struct Due {
    /// With a number that tells a target's later failure from its earlier one.
    targets: HashMap<Target, (Effect, u64)>,
    next: u64,
}

/// One of them, on its way.
#[derive(Debug)]
pub(crate) struct Retry {
    pub(crate) target: Target,
    pub(crate) effect: Effect,
    number: u64,
}

impl Retries {
    /// Keeps at most so many. One more, and everything is to be invalidated instead: nothing is forgotten.
    pub(crate) fn new(most: usize) -> Self {
        Self { due: Mutex::default(), most }
    }

    pub(crate) fn add(&self, target: &Target, effect: Effect) {
        let mut due = lock(&self.due);
        due.next += 1;
        let number = due.next;
        let full = due.targets.len() >= self.most && !due.targets.contains_key(target);
        if full || due.targets.get(&Target::all()).is_some_and(|(effect, _)| *effect == Effect::Invalidate) {
            due.targets.clear();
            due.targets.insert(Target::all(), (Effect::Invalidate, number));
            return;
        }
        let effect = match due.targets.get(target) {
            Some((Effect::Invalidate, _)) => Effect::Invalidate,
            _ => effect,
        };
        due.targets.insert(target.clone(), (effect, number));
    }

    /// Any of them; it stays until it is [`done`](Self::done).
    pub(crate) fn next(&self) -> Option<Retry> {
        let due = lock(&self.due);
        let (target, (effect, number)) = due.targets.iter().next()?;
        Some(Retry { target: target.clone(), effect: *effect, number: *number })
    }

    /// It was carried out; unless it has failed once more in the meantime.
    pub(crate) fn done(&self, retry: &Retry) {
        let mut due = lock(&self.due);
        if due.targets.get(&retry.target).is_some_and(|(_, number)| *number == retry.number) {
            due.targets.remove(&retry.target);
        }
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.due).targets.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_kept_once_with_the_stronger_effect() {
        let retries = Retries::new(10);
        for effect in [Effect::Expire, Effect::Invalidate, Effect::Expire] {
            retries.add(&Target::group("a"), effect);
        }
        assert_eq!(retries.len(), 1);
        assert_eq!(retries.next().map(|retry| retry.effect), Some(Effect::Invalidate));
    }

    #[test]
    fn one_that_fails_again_on_its_way_stays() {
        let retries = Retries::new(10);
        retries.add(&Target::group("a"), Effect::Invalidate);
        let on_its_way = retries.next().expect("one");
        retries.add(&Target::group("a"), Effect::Invalidate);
        retries.done(&on_its_way);
        assert_eq!(retries.len(), 1);
        retries.done(&retries.next().expect("one"));
        assert!(retries.is_empty());
    }

    #[test]
    fn too_many_become_one_that_invalidates_everything() {
        let retries = Retries::new(10);
        for group in 0..10 {
            retries.add(&Target::group(group.to_string()), Effect::Expire);
        }
        assert_eq!(retries.len(), 10);
        retries.add(&Target::group("10"), Effect::Expire);
        retries.add(&Target::group("11"), Effect::Expire);
        assert_eq!(retries.len(), 1);
        let all = retries.next().expect("one");
        assert_eq!((all.target, all.effect), (Target::all(), Effect::Invalidate));
    }
}
