//! Counts and times a run of a handler, however it ends.

use std::{sync::atomic::Ordering, time::Duration};

use super::{Forward, NotStored, Observer, Subject};
use crate::outcome::Kept;

/// A run in progress. If it is dropped without [`end`](Self::end), the run was dropped with its request, or it panicked.
#[derive(Debug)]
pub(crate) struct Running {
    observer: Observer,
    subject: &'static Subject,
    why: Forward,
    began: Duration,
    ended: bool,
}

impl Running {
    pub(crate) fn begin(observer: &Observer, subject: &'static Subject, why: Forward) -> Self {
        observer.counts.runs.fetch_add(1, Ordering::Relaxed);
        observer.counts.running.fetch_add(1, Ordering::Relaxed);
        subject.meters.run_begins(subject);
        Self { observer: observer.clone(), subject, why, began: observer.clock.precise(), ended: false }
    }

    /// The run has completed; its caller reports the result.
    pub(crate) fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Self { observer, subject, .. } = &*self;
        observer.counts.running.fetch_sub(1, Ordering::Relaxed);
        subject.meters.run_ends(subject, observer.clock.precise().saturating_sub(self.began));
        if self.ended {
            return;
        }
        if std::thread::panicking() {
            // The panic unwinds to the server, so nothing else reports it.
            observer.forwarded(subject, self.why, false);
            observer.settled(subject, &Kept::Not(NotStored::Panicked));
        } else {
            observer.counts.abandoned.fetch_add(1, Ordering::Relaxed);
            subject.meters.abandoned(subject);
        }
    }
}
