//! Invalidating once more after a while, for sources that lag behind their writes.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::Cache;
use crate::{backend::Effect, events, invalidate::Target, sync::lock, tasks};

/// What is to be invalidated once more, and when.
#[derive(Debug)]
pub(crate) struct Settle {
    after: Duration,
    due: Arc<Mutex<HashMap<(Target, Effect), Instant>>>,
}

/// Most targets that wait; beyond them, everything is invalidated once more in their place.
const MOST: usize = 1_000;

impl Settle {
    pub(crate) fn new(after: Duration) -> Self {
        Self { after, due: Arc::default() }
    }

    /// Does so for `target`, some time after the last of several invalidations of it.
    pub(crate) fn again(&self, cache: &Cache, target: &Target, effect: Effect) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            events::nowhere_to_invalidate_again(cache);
            return;
        };
        let when = Instant::now() + self.after;
        let mut due = lock(&self.due);
        let is_known = due.contains_key(&(target.clone(), effect));
        let what = if is_known || due.len() < MOST { (target.clone(), effect) } else { (Target::all(), Effect::Invalidate) };
        match due.entry(what) {
            Entry::Occupied(mut waiting) => {
                waiting.insert(when);
            }
            Entry::Vacant(free) => {
                let what = free.key().clone();
                free.insert(when);
                tasks::spawn(&runtime, once_more(cache.clone(), what, Arc::clone(&self.due)));
            }
        }
    }
}

async fn once_more(cache: Cache, what: (Target, Effect), due: Arc<Mutex<HashMap<(Target, Effect), Instant>>>) {
    loop {
        let when = lock(&due).get(&what).copied();
        match when {
            Some(when) if Instant::now() < when => sleep_until(when).await,
            _ => break,
        }
    }
    lock(&due).remove(&what);
    if let Err(error) = cache.advance(&what.0, what.1, None).await {
        events::not_invalidated_again(&cache, &error);
    }
}
