//! One run of a handler: counted when it begins, timed until it ends, however it does.

use std::{sync::atomic::Ordering, time::Duration};

use super::{Forward, NotStored, forwarded, settled};
use crate::{cache::Cache, handler::Handler, outcome::Kept};

/// A run under way. Dropped before its end, it went with the request that it lived in, or it panicked.
#[derive(Debug)]
pub(crate) struct Running {
    cache: Cache,
    handler: &'static Handler,
    why: Forward,
    began: Duration,
    ended: bool,
}

impl Running {
    pub(crate) fn begin(cache: &Cache, handler: &'static Handler, why: Forward) -> Self {
        let inner = cache.inner();
        inner.counts.runs.fetch_add(1, Ordering::Relaxed);
        inner.counts.running.fetch_add(1, Ordering::Relaxed);
        handler.meters.run_begins(handler);
        Self { cache: cache.clone(), handler, why, began: inner.clock.precise(), ended: false }
    }

    /// It has come to an end of its own; what became of that is told by others.
    pub(crate) fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let inner = self.cache.inner();
        inner.counts.running.fetch_sub(1, Ordering::Relaxed);
        self.handler.meters.run_ends(self.handler, inner.clock.precise().saturating_sub(self.began));
        if self.ended {
            return;
        }
        if std::thread::panicking() {
            // It unwinds to the server, and nobody else tells of it.
            forwarded(&self.cache, self.handler, self.why, false);
            settled(&self.cache, self.handler, &Kept::Not(NotStored::Panicked));
        } else {
            inner.counts.abandoned.fetch_add(1, Ordering::Relaxed);
            self.handler.meters.abandoned(self.handler);
        }
    }
}
