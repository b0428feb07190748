//! What stands between requests and a backend that has to be waited for, so that its faults cost them next to nothing
//! (law L6): limits of time, a limit of calls at a time, a breaker, and retries of what could not be invalidated.
//!
//! One that is left alone is read again once it has answered a probe and all that was overdue is invalidated. While it is
//! not left alone, a single invalidation that failed keeps nobody from reading: its caller was told, and it is tried again.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    runtime::Handle,
    sync::{Notify, Semaphore},
    time::{Instant, timeout},
};

use super::{
    Answer, Backend, Effect, Moved, Reading, Scopes, Stamp, StoreKey, Wakes,
    background::Background,
    breaker::{Breaker, Change, chance, pause},
    notices::{Errand, Notices},
    pass::Pass,
    retries::{Failed, Retries, Retry},
};
use crate::{
    clock::Clock,
    error::{Error, Fault},
    events::Watch,
    invalidate::Target,
    sync::lock,
};

/// How long a backend may take to read, and to write.
const READ_LIMIT: Duration = Duration::from_millis(50);
const WRITE_LIMIT: Duration = Duration::from_millis(100);
/// How long it may take to invalidate: the caller waits for it to be true, but not for ever.
const ADVANCE_LIMIT: Duration = Duration::from_secs(1);
/// How long it may take to answer a probe, for which nobody waits.
const PROBE_LIMIT: Duration = Duration::from_secs(1);
/// Most calls at a time.
const MOST_CALLS: usize = 1024;
/// Most invalidations kept to be tried again.
const MOST_RETRIES: usize = 10_000;
/// How long a round of them may go on after failures. The others have their turn first in the next.
const ROUND: Duration = Duration::from_secs(1);
/// Pauses between probes of a backend that is left alone, and between retries where it is not.
const PROBES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
const RETRIES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// A backend, guarded.
pub(crate) struct Guard(Arc<Inner>);

struct Inner {
    name: Box<str>,
    backend: Box<dyn Backend>,
    breaker: Breaker,
    /// Whether it was last counted as open.
    counted_open: Mutex<bool>,
    places: Semaphore,
    retries: Retries,
    notices: Notices,
    watch: Watch,
    pass: Pass,
    /// Probes and retries, as long as there is something to be seen to.
    nurse: Background,
    /// Calls the nurse before its time.
    calls: Arc<Notify>,
}

impl Guard {
    pub(crate) fn new(name: &str, backend: impl Backend + 'static, watch: Watch) -> Self {
        let Wakes(wakes) = backend.wakes();
        Self(Arc::new(Inner {
            name: name.into(),
            backend: Box::new(backend),
            breaker: Breaker::default(),
            counted_open: Mutex::default(),
            places: Semaphore::new(MOST_CALLS),
            retries: Retries::new(MOST_RETRIES),
            notices: Notices::default(),
            watch,
            pass: Pass::default(),
            nurse: Background::new(),
            calls: wakes.unwrap_or_default(),
        }))
    }
}

impl Backend for Guard {
    fn look_up<'a>(&'a self, key: &'a StoreKey, scopes: &'a Scopes<'a>) -> Answer<'a, (Option<Bytes>, Reading)> {
        Box::pin(self.0.ask(Errand::Read, READ_LIMIT, || self.0.backend.look_up(key, scopes)))
    }

    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Bytes>> {
        Box::pin(self.0.ask(Errand::Read, READ_LIMIT, || self.0.backend.get(key)))
    }

    fn read<'a>(&'a self, scopes: &'a Scopes<'a>) -> Answer<'a, Reading> {
        Box::pin(self.0.ask(Errand::Read, READ_LIMIT, || self.0.backend.read(scopes)))
    }

    fn put<'a>(&'a self, key: &'a StoreKey, bytes: Bytes, keep_for: Duration, scopes: &'a Scopes<'a>) -> Answer<'a, ()> {
        Box::pin(self.0.ask(Errand::Store, WRITE_LIMIT, move || self.0.backend.put(key, bytes, keep_for, scopes)))
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Box::pin(self.0.ask(Errand::Store, WRITE_LIMIT, || self.0.backend.remove(key)))
    }

    fn advance<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, ()> {
        if self.0.backend.has_clock_here() {
            return self.0.backend.advance(target, effect);
        }
        Box::pin(async move { self.advance_and_tell(target, effect).await.map(drop) })
    }

    fn advance_and_tell<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, Option<Moved>> {
        if self.0.backend.has_clock_here() {
            return self.0.backend.advance_and_tell(target, effect);
        }
        Box::pin(async move {
            let outcome = self.0.noted(Errand::Invalidate, self.0.advance(target, effect)).await;
            if outcome.is_err() {
                self.0.retries.add(target, effect);
                self.0.see_to_it();
            }
            outcome
        })
    }

    fn probe(&self) -> Answer<'_, ()> {
        self.0.backend.probe()
    }

    fn known(&self) -> Option<Stamp> {
        self.0.backend.known()
    }

    fn wall(&self, clock: &Clock) -> std::time::SystemTime {
        self.0.backend.wall(clock)
    }

    fn due(&self) -> usize {
        self.0.retries.len()
    }

    fn until_none_is_due(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        if !self.0.retries.is_empty() {
            self.0.see_to_it();
            self.0.calls.notify_one();
        }
        Box::pin(self.0.retries.until_empty())
    }
}

impl Inner {
    /// Asks the backend, if it is not left alone, and notes how it went.
    async fn ask<'a, T>(self: &'a Arc<Self>, errand: Errand, limit: Duration, call: impl FnOnce() -> Answer<'a, T>) -> Result<T, Error> {
        self.noted(errand, self.try_to_ask(limit, call)).await
    }

    async fn noted<T>(self: &Arc<Self>, errand: Errand, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let outcome = self.watch.over(errand.word(), call).await;
        match &outcome {
            Ok(_) => self.went_well(errand),
            Err(error) => self.failed(errand, error),
        }
        outcome
    }

    async fn try_to_ask<'a, T>(self: &'a Arc<Self>, limit: Duration, call: impl FnOnce() -> Answer<'a, T>) -> Result<T, Error> {
        in_a_runtime()?;
        if self.breaker.is_open() {
            return Err(self.left_alone());
        }
        within(limit, self.in_its_place(call)).await
    }

    /// Invalidates. While the backend is left alone, one invalidation at a time is tried all the same: what it is about
    /// may be served by other processes, and by this one's callers who wait for an answer, as long as it is not made.
    async fn advance(self: &Arc<Self>, target: &Target, effect: Effect) -> Result<Option<Moved>, Error> {
        in_a_runtime()?;
        let began = Instant::now();
        let mut turn = None;
        if self.breaker.is_open() {
            turn = Some(timeout(ADVANCE_LIMIT, self.pass.turn()).await.map_err(|_| self.left_alone())?);
        }
        // Where it is well again by now nobody has to wait any more.
        let turn = turn.filter(|_| self.breaker.is_open());
        if turn.is_some() && !self.pass.take() {
            return Err(self.left_alone());
        }
        let limit = ADVANCE_LIMIT.saturating_sub(began.elapsed());
        let moved = within(limit, self.in_its_place(|| self.backend.advance_and_tell(target, effect))).await?;
        if turn.is_some() {
            // As good as a probe: what is overdue is next, and then it is read again.
            self.pass.renew();
            self.see_to_it();
            self.calls.notify_one();
        }
        Ok(moved)
    }

    fn left_alone(self: &Arc<Self>) -> Error {
        self.see_to_it();
        Error::fault(Fault::Spared("open"), "the backend failed too often, and is left alone until it answers a probe")
    }

    /// As one of the calls at a time.
    async fn in_its_place<'a, T>(&self, call: impl FnOnce() -> Answer<'a, T>) -> Result<T, Error> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err(Error::fault(Fault::Spared("busy"), "1 024 calls of the backend are under way, and no further one is made"));
        };
        call().await
    }

    fn went_well(self: &Arc<Self>, errand: Errand) {
        self.breaker.succeeded();
        self.say_that_it_is_well(errand);
        if !self.retries.is_empty() {
            self.see_to_it();
        }
    }

    fn say_that_it_is_well(&self, errand: Errand) {
        if self.notices.succeeded(errand) {
            tracing::info!(target: "cached_handler", backend = &*self.name, errand = errand.word(), "a backend is well again");
        }
    }

    fn failed(self: &Arc<Self>, errand: Errand, error: &Error) {
        let fault = error.as_fault();
        if self.notices.failed(errand, fault, Instant::now()) {
            tracing::warn!(target: "cached_handler", backend = &*self.name, errand = errand.word(), reason = fault.word(), error = ?error, "a backend fails; requests are answered by their handlers; said once");
        }
        if matches!(fault, Fault::Sick(_)) && self.breaker.failed() == Change::Opened {
            self.has_opened();
            self.see_to_it();
        }
    }

    fn has_opened(&self) {
        self.pass.renew();
        self.count_the_breaker();
        self.say_that_it_is_left_alone();
    }

    /// To be called after each change. Whoever opens it and whoever closes it come here in any order, so what is counted
    /// is how it is now.
    fn count_the_breaker(&self) {
        let mut counted = lock(&self.counted_open);
        let is_open = self.breaker.is_open();
        if *counted != is_open {
            *counted = is_open;
            self.watch.breaker(is_open);
        }
    }

    fn say_that_it_is_left_alone(&self) {
        if self.notices.left_alone(Instant::now()) {
            tracing::warn!(target: "cached_handler", backend = &*self.name, "a backend is left alone until it answers a probe");
        }
    }

    fn needs_care(&self) -> bool {
        self.breaker.is_open() || !self.retries.is_empty()
    }

    /// Has a task in the background probe and retry, unless one does so already.
    fn see_to_it(self: &Arc<Self>) {
        self.nurse.begin(|number| nurse_until_well(Arc::downgrade(self), number));
    }

    /// Whether the backend is well, and nothing is overdue. A probe comes first in any case: on a connection on which
    /// answers stay out nothing would ever be done, and a probe gives it up.
    async fn is_mended(&self, number: u64) -> bool {
        self.nurse.back_within(number, PROBE_LIMIT);
        if within(PROBE_LIMIT, self.backend.probe()).await.is_err() {
            return false;
        }
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
        let (last, began, mut all_well) = (self.retries.last(), Instant::now(), true);
        while let Some(retry) = self.retries.next(last) {
            self.nurse.back_within(number, ADVANCE_LIMIT);
            match within(ADVANCE_LIMIT, self.backend.advance(&retry.target, retry.effect)).await {
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
        tracing::debug!(target: "cached_handler", backend = &*self.name, ?error, "an invalidation failed once more, and is kept");
        let failed = self.retries.failed(retry);
        match failed {
            Failed::Kept => {}
            Failed::Replaced => {
                tracing::warn!(target: "cached_handler", backend = &*self.name, ?error, "an invalidation fails again and again, though the backend answers; everything is invalidated in its place");
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
            tracing::error!(target: "cached_handler", backend = &*self.name, ?error, "a backend answers, and nothing can be invalidated in it; it is left alone until everything is, said once");
        }
    }
}

/// Tries again and again, with pauses; when it is called, and where the backend says that it has come back, at once.
async fn nurse_until_well(guard: Weak<Inner>, number: u64) {
    let mut attempt = 0;
    loop {
        let (until_next, calls) = match guard.upgrade() {
            Some(guard) => {
                let (shortest, longest) = if guard.breaker.is_open() { PROBES } else { RETRIES };
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
                tracing::info!(target: "cached_handler", backend = &*guard.name, "a backend answers again, and is used again");
            }
        }
        if guard.nurse.may_go(number, || !guard.needs_care()) {
            return;
        }
    }
}

impl Drop for Inner {
    /// With its cache: nobody leaves the backend alone any more.
    fn drop(&mut self) {
        if *lock(&self.counted_open) {
            self.watch.breaker(false);
        }
    }
}

/// Limits of time need a runtime.
fn in_a_runtime() -> Result<(), Error> {
    let advice = "there is no runtime of tokio here, so the backend was not asked; run the program, or this call, in one";
    Handle::try_current().map(drop).map_err(|_| Error::fault(Fault::Spared("no-runtime"), advice))
}

/// Gives up after `limit`.
async fn within<T>(limit: Duration, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match timeout(limit, call).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::fault(Fault::Sick("slow"), format!("no answer within {} ms", limit.as_millis()))),
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("name", &self.0.name)
            .field("backend", &self.0.backend)
            .field("open", &self.0.breaker.is_open())
            .field("retries", &self.0.retries.len())
            .field("failures", &self.0.notices.failures())
            .finish_non_exhaustive()
    }
}
