//! Invalidating once more after a while, for sources that lag behind their writes.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;

use super::Cache;
use crate::{
    epoch::{Effect, target::Target},
    error::Error,
    util::{home::spawn_here, lock::lock, tasks::Owed, timer::sleep_until},
};

/// What is to be invalidated once more, and when.
#[derive(Debug)]
pub(crate) struct Settle {
    after: Duration,
    due: Arc<Mutex<Due>>,
}

/// A thousand at most, to look at each of which takes less than what they wait for.
type Due = Vec<(What, When)>;
type What = (Target, Effect);

#[derive(Debug, Clone, Copy)]
struct When {
    at: Instant,
    /// Which task waits for it: one that was replaced, as it was late, may come back.
    task: u64,
}

/// Most targets that wait; beyond them, everything is invalidated once more in their place.
const MOST: usize = 1_000;
/// A task that is later than this is replaced: nobody drives its runtime.
const GRACE: Duration = Duration::from_secs(5);
/// For a time that is further off than can be said.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Settle {
    pub(crate) fn new(after: Duration) -> Self {
        Self { after, due: Arc::default() }
    }

    /// Does so for `target`, some time after the last of several invalidations of it.
    pub(crate) fn again(&self, cache: &Cache, target: &Target, effect: Effect) {
        let now = Instant::now();
        let at = now.checked_add(self.after).unwrap_or(now + FAR);
        let mut due = lock(&self.due);
        let mut what = (target.clone(), effect);
        if due.len() >= MOST && !due.iter().any(|(known, _)| *known == what) {
            what = (Target::all(), Effect::Invalidate);
        }
        let (task, is_lost) = if let Some((_, waiting)) = due.iter_mut().find(|(known, _)| *known == what) {
            let is_lost = now.saturating_duration_since(waiting.at) > GRACE;
            *waiting = When { at, task: waiting.task + u64::from(is_lost) };
            if !is_lost {
                return;
            }
            (waiting.task, is_lost)
        } else {
            due.push((what.clone(), When { at, task: 0 }));
            (0, false)
        };
        drop(due);
        // Only what others may see is worth the end of a process.
        let owed = cache.has_backends().then(|| cache.inner().tasks.owe());
        let waiting = Arc::new(Waiting { cache: cache.clone(), what, task, due: Arc::clone(&self.due), _owed: owed });
        let wait = || once_more(Arc::clone(&waiting));
        let begun = if is_lost { spawn_here(wait()) } else { cache.inner().tasks.spawn(wait) };
        if begun.is_none() && waiting.takes().is_some() {
            cache.inner().observer.nowhere_to_invalidate_again();
        }
    }
}

/// One task that waits, with its place among those that are due.
struct Waiting {
    cache: Cache,
    what: What,
    task: u64,
    due: Arc<Mutex<Due>>,
    _owed: Option<Owed>,
}

impl Waiting {
    fn at(&self) -> Option<Instant> {
        lock(&self.due).iter().find(|due| self.is_this(due)).map(|(_, when)| when.at)
    }

    /// Gives up the place, where it still is this one's.
    fn takes(&self) -> Option<When> {
        let mut due = lock(&self.due);
        let at = due.iter().position(|due| self.is_this(due))?;
        Some(due.swap_remove(at).1)
    }

    fn is_this(&self, (what, when): &(What, When)) -> bool {
        when.task == self.task && *what == self.what
    }
}

impl Drop for Waiting {
    /// Its runtime has ended: the next invalidation begins another.
    fn drop(&mut self) {
        if self.takes().is_some() {
            self.cache.inner().observer.not_invalidated_again(&Error::backend("its runtime has ended before"));
        }
    }
}

async fn once_more(waiting: Arc<Waiting>) {
    while let Some(at) = waiting.at().filter(|at| Instant::now() < *at) {
        sleep_until(at).await;
    }
    // Another has taken the place of one that was late.
    if waiting.takes().is_none() {
        return;
    }
    let (target, effect) = &waiting.what;
    if let Err(error) = waiting.cache.advance(target, *effect, None).await {
        waiting.cache.inner().observer.not_invalidated_again(&error);
    }
}
