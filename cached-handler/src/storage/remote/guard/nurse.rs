//! Who looks after a backend that failed: probes it while it is left alone, and invalidates what could not be.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;
use tracing::Level;

use super::{Inner, STARVED, within};
use crate::{
    error::{Error, Fault},
    observe::Why,
    storage::remote::{
        Backend,
        guard::{
            breaker::{Change, chance, pause},
            notices::Errand,
            retries::{Failed, Retry},
        },
    },
    util::timer::timeout,
};

/// How long it may take to answer a probe, for which nobody waits.
const PROBE_LIMIT: Duration = Duration::from_secs(1);
/// How long a call that nobody waits for may take at most, whatever the limits: one that is never answered would keep the
/// backend from being used again.
const UNWATCHED: Duration = Duration::from_secs(30);
/// How long a round of invalidations may go on after failures. The others have their turn first in the next.
const ROUND: Duration = Duration::from_secs(1);

impl<B: Backend + 'static> Inner<B> {
    fn needs_care(&self) -> bool {
        self.breaker.is_open() || !self.retries.is_empty() || self.is_in_doubt.load(Ordering::Relaxed)
    }

    /// Has a task in the background probe and retry, unless one does so already.
    pub(super) fn see_to_it(self: &Arc<Self>) {
        self.nurse.begin(|number| nurse_until_well(Arc::downgrade(self), number));
    }

    /// Whether the backend is well, and nothing is overdue. A probe comes first in any case: on a connection on which
    /// answers stay out nothing would ever be done, and a probe gives it up.
    async fn is_mended(&self, number: u64) -> bool {
        let limit = self.read_limit().clamp(PROBE_LIMIT, UNWATCHED);
        self.nurse.back_within(number, limit);
        if let Err(error) = within(limit, self.backend.probe()).await {
            // Calls were given up while this process was busy, and it was the backend after all, or nobody hears of it.
            let fault = error.as_fault();
            if (matches!(fault, Fault::Sick(_)) || (fault == STARVED && self.is_unheard_again()))
                && self.is_in_doubt.swap(false, Ordering::Relaxed)
                && self.breaker.open() == Change::Opened
            {
                self.has_opened();
            }
            return false;
        }
        self.is_in_doubt.store(false, Ordering::Relaxed);
        self.has_answered();
        while !self.retries.is_empty() {
            if !self.makes_up_for_all(number).await {
                return false;
            }
        }
        self.notices.takes_invalidations();
        true
    }

    /// Invalidates what could not be, each once. Whether none has failed again.
    async fn makes_up_for_all(&self, number: u64) -> bool {
        let limit = self.limits.invalidate.min(UNWATCHED);
        let (last, began, mut all_well) = (self.retries.last(), Instant::now(), true);
        while let Some(retry) = self.retries.next(last) {
            self.nurse.back_within(number, limit);
            match within(limit, self.backend.advance(&retry.target, retry.effect)).await {
                Ok(()) => {
                    self.retries.done(&retry);
                    self.say_that_it_is_well(Errand::Invalidate);
                }
                Err(error) => {
                    all_well = false;
                    match self.failed_again(&retry, &error) {
                        Failed::Kept if began.elapsed() < ROUND => {}
                        Failed::Kept | Failed::Hopeless => return false,
                        // Everything is next.
                        Failed::Replaced => return true,
                    }
                }
            }
        }
        all_well
    }

    fn failed_again(&self, retry: &Retry, error: &Error) -> Failed {
        let why = || Why { error: Some(error), ..Why::default() };
        self.say(Level::DEBUG, "an invalidation failed once more, and is kept", why());
        let failed = self.retries.failed(retry);
        match failed {
            Failed::Kept => {}
            Failed::Replaced => {
                let what = "an invalidation fails again and again, though the backend answers; everything is invalidated in its place";
                self.say(Level::WARN, what, why());
            }
            Failed::Hopeless => self.is_not_to_be_read(error),
        }
        failed
    }

    /// It answers, and nothing can be invalidated. Whatever it holds could not be taken back any more: not what is overdue,
    /// and nothing that changes from now on. So it is left alone until it can be, however well it reads (law L4 before
    /// speed): handlers run.
    fn is_not_to_be_read(&self, error: &Error) {
        if self.breaker.open() == Change::Opened {
            self.has_opened();
        }
        if self.notices.refuses_everything() {
            let what = "a backend answers, and nothing can be invalidated in it; it is left alone until everything is, said once";
            self.say(Level::ERROR, what, Why { error: Some(error), ..Why::default() });
        }
    }
}

/// Tries again and again, with pauses; when it is called, and where the backend says that it has come back, at once.
async fn nurse_until_well<B: Backend + 'static>(guard: Weak<Inner<B>>, number: u64) {
    let mut attempt = 0;
    loop {
        let (until_next, calls) = match guard.upgrade() {
            Some(guard) => {
                let (shortest, longest) = if guard.breaker.is_open() { guard.limits.probe_pauses } else { guard.limits.retry_pauses };
                let until_next = pause(attempt, shortest, longest, chance());
                guard.nurse.back_within(number, until_next);
                (until_next, Arc::clone(&guard.calls))
            }
            None => return,
        };
        let is_called = timeout(until_next, calls.notified()).await.is_ok();
        attempt = if is_called { 0 } else { attempt + 1 };
        let Some(guard) = guard.upgrade() else { return };
        if !guard.is_mended(number).await {
            guard.pass.renew();
            if guard.breaker.is_open() {
                guard.say_that_it_is_left_alone();
            }
            if guard.nurse.may_go(number, || false) {
                return;
            }
            continue;
        }
        if guard.breaker.is_open() {
            guard.breaker.close();
            guard.count_the_breaker();
            if guard.notices.used_again() {
                guard.say(Level::INFO, "a backend answers again, and is used again", Why::default());
            }
        }
        if guard.nurse.may_go(number, || !guard.needs_care()) {
            return;
        }
    }
}
