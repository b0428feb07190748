//! The worker of a backend that failed: probes it, and retries what could not be invalidated.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use super::{
    Inner,
    health::{Event, Machine, Step},
    within::within,
};
use crate::{
    storage::remote::{Advancing, Remote},
    util::{
        backoff::{chance, pause},
        timer::timeout,
    },
};

/// How long a probe may take, for which nobody waits.
const PROBE_LIMIT: Duration = Duration::from_secs(1);
/// How long a call may take at most that nobody waits for, whatever the limits: one that is never answered would keep the
/// circuit breaker open.
const LONGEST: Duration = Duration::from_secs(30);

impl<B: Remote + 'static> Inner<B> {
    /// Starts a worker, unless there is one.
    pub(super) fn ensure_worker(self: &Arc<Self>) {
        self.worker.ensure(|number| work(Arc::downgrade(self), number));
    }

    /// Probes, and tries each invalidation of the retry queue once.
    async fn work_once(self: &Arc<Self>, number: u64) {
        let mut next = self.on(Event::ProbeDue, None).next;
        loop {
            next = match next {
                Step::Probe => {
                    let limit = self.read_limit().clamp(PROBE_LIMIT, LONGEST);
                    self.worker.back_within(number, limit);
                    let outcome = within(limit, self.backend.probe()).await;
                    let error = outcome.as_ref().err();
                    self.on(Event::ProbeEnded(error.map_or(Ok(()), |error| Err(error.as_fault()))), error).next
                }
                Step::Retry(retry, round) => {
                    let limit = self.limits.invalidate.min(LONGEST);
                    self.worker.back_within(number, limit);
                    let outcome = within(limit, self.backend.begin_to_advance(&retry.target, retry.effect)).await;
                    let outcome = match outcome {
                        Ok(Advancing { rest: Some(rest), .. }) => {
                            self.worker.back_within(number, LONGEST);
                            rest.await;
                            Ok(())
                        }
                        outcome => outcome.map(drop),
                    };
                    let error = outcome.as_ref().err();
                    self.on(Event::RetryEnded(retry, round, error.map_or(Ok(()), |error| Err(error.as_fault()))), error).next
                }
                Step::Rest | Step::Try => return,
            };
        }
    }
}

/// Works again and again, after pauses; at once when it is woken, and when the backend signals that it has come back.
async fn work<B: Remote + 'static>(guard: Weak<Inner<B>>, number: u64) {
    let mut attempt = 0;
    loop {
        let Some(alive) = guard.upgrade() else { return };
        let (shortest, longest) = if alive.health.allows_calls() { alive.limits.retry_pauses } else { alive.limits.probe_pauses };
        let until_next = pause(attempt, shortest, longest, chance());
        alive.worker.back_within(number, until_next);
        let wakes = Arc::clone(&alive.wakes);
        drop(alive);
        let is_woken = timeout(until_next, wakes.notified()).await.is_ok();
        attempt = if is_woken { 0 } else { attempt + 1 };
        let Some(alive) = guard.upgrade() else { return };
        alive.work_once(number).await;
        if alive.worker.may_stop(number, || !alive.health.see(Machine::needs_worker)) {
            return;
        }
    }
}
