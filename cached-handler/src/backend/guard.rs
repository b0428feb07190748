//! What stands between requests and a backend that has to be waited for, so that its faults cost them next to nothing
//! (law L6): limits of time, a limit of calls at a time, a breaker, and retries of what could not be invalidated.

use std::{
    fmt,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::Semaphore,
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{
    Answer, Backend, Effect, Moved, Reading, Scopes, Stamp, StoreKey, Wakes,
    breaker::{Breaker, Change, chance, pause},
    notices::{Errand, Notices},
    retries::Retries,
};
use crate::{
    clock::Clock,
    error::{Error, Fault},
    events::Watch,
    invalidate::Target,
    sync::lock,
    tasks,
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
    /// Probes and retries, as long as there is something to be seen to.
    nurse: Mutex<Option<JoinHandle<()>>>,
}

impl Guard {
    pub(crate) fn new(name: &str, backend: impl Backend + 'static, watch: Watch) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            backend: Box::new(backend),
            breaker: Breaker::default(),
            counted_open: Mutex::default(),
            places: Semaphore::new(MOST_CALLS),
            retries: Retries::new(MOST_RETRIES),
            notices: Notices::default(),
            watch,
            nurse: Mutex::default(),
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
            let outcome = self.0.ask(Errand::Invalidate, ADVANCE_LIMIT, || self.0.backend.advance_and_tell(target, effect)).await;
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
}

impl Inner {
    /// Asks the backend, if it is not left alone, and notes how it went.
    async fn ask<'a, T>(self: &'a Arc<Self>, errand: Errand, limit: Duration, call: impl FnOnce() -> Answer<'a, T>) -> Result<T, Error> {
        let outcome = self.watch.over(errand.word(), self.try_to_ask(limit, call)).await;
        match &outcome {
            Ok(_) => self.went_well(errand),
            Err(error) => self.failed(errand, error),
        }
        outcome
    }

    async fn try_to_ask<'a, T>(self: &'a Arc<Self>, limit: Duration, call: impl FnOnce() -> Answer<'a, T>) -> Result<T, Error> {
        if self.breaker.is_open() {
            self.see_to_it();
            return Err(Error::fault(Fault::Spared("open"), "the backend failed too often, and is left alone until it answers a probe"));
        }
        let Ok(_place) = self.places.try_acquire() else {
            return Err(Error::fault(Fault::Spared("busy"), "1 024 calls of the backend are under way, and no further one is made"));
        };
        within(limit, call()).await
    }

    fn went_well(&self, errand: Errand) {
        self.breaker.succeeded();
        self.say_that_it_is_well(errand);
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
            self.count_the_breaker();
            self.say_that_it_is_left_alone();
            self.see_to_it();
        }
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

    /// Has a task of this runtime probe and retry, unless one does so already. A runtime that has ended took its task
    /// with it.
    fn see_to_it(self: &Arc<Self>) {
        let mut nurse = lock(&self.nurse);
        if nurse.as_ref().is_none_or(JoinHandle::is_finished)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            *nurse = Some(tasks::spawn(&runtime, nurse_until_well(Arc::downgrade(self), self.backend.wakes())));
        }
    }

    /// Whether the backend is well, and nothing is overdue. What could not be invalidated comes first, so that nothing
    /// is read that ought to be gone.
    async fn is_mended(&self) -> bool {
        if self.breaker.is_open() && within(PROBE_LIMIT, self.backend.probe()).await.is_err() {
            return false;
        }
        while let Some(retry) = self.retries.next() {
            if let Err(error) = within(ADVANCE_LIMIT, self.backend.advance(&retry.target, retry.effect)).await {
                tracing::debug!(target: "cached_handler", backend = &*self.name, error = ?error, "an invalidation failed once more, and is kept");
                return false;
            }
            self.retries.done(&retry);
            self.say_that_it_is_well(Errand::Invalidate);
        }
        true
    }
}

/// Tries again and again, with pauses; where the backend says that it has come back, at once.
async fn nurse_until_well(guard: Weak<Inner>, wakes: Wakes) {
    let mut attempt = 0;
    loop {
        let open = match guard.upgrade() {
            Some(guard) => guard.breaker.is_open(),
            None => return,
        };
        let (shortest, longest) = if open { PROBES } else { RETRIES };
        // As long as it is to the next try, or until the backend says that it has come back.
        _ = timeout(pause(attempt, shortest, longest, chance()), wakes.wait()).await;
        attempt += 1;
        let Some(guard) = guard.upgrade() else { return };
        if !guard.is_mended().await {
            if guard.breaker.is_open() {
                guard.say_that_it_is_left_alone();
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
        // Under the lock: what fails from here on finds no task, and starts one.
        let mut nurse = lock(&guard.nurse);
        if !guard.needs_care() {
            *nurse = None;
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
