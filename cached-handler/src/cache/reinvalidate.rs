//! Repeats invalidations after some time, for data sources that lag behind their writes.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;

use super::Cache;
use crate::{
    epoch::{Effect, target::Target},
    error::Error,
    util::{home::spawn_here, lock::lock, tasks::PendingInvalidation, timer::sleep_until},
};

/// The targets that will be invalidated again, and the time of each.
#[derive(Debug)]
pub(crate) struct Reinvalidate {
    after: Duration,
    waiting: Arc<Mutex<Waiting>>,
}

/// At most [`MOST`]; a linear scan is cheap.
type Waiting = Vec<(What, When)>;
type What = (Target, Effect);

#[derive(Debug, Clone, Copy)]
struct When {
    at: Instant,
    /// The number of the task that waits for this time. A late task that was replaced may still come back, with another number.
    task: u64,
}

/// The most targets that wait; beyond this number, everything is invalidated again instead.
const MOST: usize = 1_000;
/// A task that is later than this is replaced, as its runtime is most likely not driven.
const GRACE: Duration = Duration::from_secs(5);
/// The delay if the time of the reinvalidation cannot be represented.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Reinvalidate {
    pub(crate) fn new(after: Duration) -> Self {
        Self { after, waiting: Arc::default() }
    }

    /// Schedules the reinvalidation of `target`. Several invalidations are followed by one, some time after the last of them.
    pub(crate) fn again(&self, cache: &Cache, target: &Target, effect: Effect) {
        let now = Instant::now();
        let at = now.checked_add(self.after).unwrap_or(now + FAR);
        let mut waiting = lock(&self.waiting);
        let mut what = (target.clone(), effect);
        if waiting.len() >= MOST && !waiting.iter().any(|(known, _)| *known == what) {
            what = (Target::all(), Effect::Invalidate);
        }
        let (number, is_lost) = if let Some((_, known)) = waiting.iter_mut().find(|(known, _)| *known == what) {
            let is_lost = now.saturating_duration_since(known.at) > GRACE;
            *known = When { at, task: known.task + u64::from(is_lost) };
            if !is_lost {
                return;
            }
            (known.task, is_lost)
        } else {
            waiting.push((what.clone(), When { at, task: 0 }));
            (0, false)
        };
        drop(waiting);
        // `drain` waits for it only if other processes can see the stored responses.
        let pending = cache.has_backends().then(|| cache.inner().tasks.pending_invalidation());
        let task = Task { cache: cache.clone(), what, number, waiting: Arc::clone(&self.waiting), _pending: pending };
        let task = Arc::new(task);
        let wait = || once_more(Arc::clone(&task));
        let begun = if is_lost { spawn_here(wait()) } else { cache.inner().tasks.spawn(wait) };
        if begun.is_none() && task.takes().is_some() {
            cache.inner().observer.nowhere_to_invalidate_again();
        }
    }
}

/// A task that waits, with its entry in the list.
struct Task {
    cache: Cache,
    what: What,
    number: u64,
    waiting: Arc<Mutex<Waiting>>,
    _pending: Option<PendingInvalidation>,
}

impl Task {
    fn at(&self) -> Option<Instant> {
        lock(&self.waiting).iter().find(|entry| self.is_this(entry)).map(|(_, when)| when.at)
    }

    /// Removes the entry, if it is still that of this task.
    fn takes(&self) -> Option<When> {
        let mut waiting = lock(&self.waiting);
        let at = waiting.iter().position(|entry| self.is_this(entry))?;
        Some(waiting.swap_remove(at).1)
    }

    fn is_this(&self, (what, when): &(What, When)) -> bool {
        when.task == self.number && *what == self.what
    }
}

impl Drop for Task {
    /// Reports that the runtime ended before the reinvalidation. The next invalidation starts another task.
    fn drop(&mut self) {
        if self.takes().is_some() {
            self.cache.inner().observer.not_invalidated_again(&Error::backend("its runtime has ended before"));
        }
    }
}

async fn once_more(task: Arc<Task>) {
    while let Some(at) = task.at().filter(|at| Instant::now() < *at) {
        sleep_until(at).await;
    }
    // This task was late, and another has replaced it.
    if task.takes().is_none() {
        return;
    }
    let (target, effect) = &task.what;
    if let Err(error) = task.cache.advance(target, *effect, None).await {
        task.cache.inner().observer.not_invalidated_again(&error);
    }
}
