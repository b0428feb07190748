//! What stands between requests and a backend that has to be waited for, so that its faults cost them next to nothing
//! (law L6): limits of time, a limit of calls at a time, a breaker, and retries of what could not be invalidated.
//!
//! One that is left alone is read again once it has answered a probe and all that was overdue is invalidated. While it is
//! not left alone, a single invalidation that failed keeps nobody from reading: its caller was told, and it is tried again.

pub(crate) mod background;
pub(crate) mod breaker;
pub(crate) mod limits;
mod long;
pub(crate) mod notices;
mod nurse;
pub(crate) mod pass;
pub(crate) mod retries;
mod unheard;
mod within;

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit},
    time::Instant,
};
use tracing::Level;

use self::{
    unheard::UNHEARD,
    within::{STARVED, in_a_runtime, within},
};
use super::{
    Answer, Backend, Put, Wakes,
    guard::{
        background::Background,
        breaker::{Breaker, Change},
        limits::BackendLimits,
        notices::{Errand, Notices},
        pass::Pass,
        retries::Retries,
    },
};
use crate::{
    epoch::{Effect, Moved, Order, Reading, Scopes, Stamp, target::Target},
    error::{Error, Fault},
    key::storage_key::StoreKey,
    observe::{self, Watch, Why},
    util::{clock::Clock, lock::lock, timer::timeout},
};

/// A backend, guarded.
pub(crate) struct Guard<B>(Arc<Inner<B>>);

/// Of one kind of backend, so that a program which has none of that kind does not build it.
struct Inner<B> {
    name: Box<str>,
    backend: B,
    limits: BackendLimits,
    breaker: Breaker,
    /// A call was given up while this process was busy: whether the backend is well, a probe shows that nobody waits for.
    is_in_doubt: AtomicBool,
    /// Calls and probes given up like that since the last answer.
    starved: AtomicU32,
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

impl<B: Backend + 'static> Guard<B> {
    pub(crate) fn new(name: &str, backend: B, limits: BackendLimits, watch: Watch) -> Self {
        let Wakes(wakes) = backend.wakes();
        Self(Arc::new(Inner {
            name: name.into(),
            backend,
            limits,
            breaker: Breaker::new(limits.in_a_row, limits.of_twenty),
            is_in_doubt: AtomicBool::new(false),
            starved: AtomicU32::new(0),
            counted_open: Mutex::default(),
            places: Semaphore::new(limits.calls.min(Semaphore::MAX_PERMITS)),
            retries: Retries::new(limits.retries, limits.attempts),
            notices: Notices::default(),
            watch,
            pass: Pass::default(),
            nurse: Background::new(),
            calls: wakes.unwrap_or_default(),
        }))
    }
}

impl<B: Backend + 'static> Backend for Guard<B> {
    fn look_up<'a>(&'a self, key: &'a StoreKey, scopes: &'a Scopes<'a>) -> Answer<'a, (Option<Bytes>, Reading)> {
        Box::pin(self.0.ask(Errand::Read, self.0.read_limit(), || self.0.backend.look_up(key, scopes)))
    }

    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Bytes>> {
        Box::pin(self.0.ask(Errand::Read, self.0.read_limit(), || self.0.backend.get(key)))
    }

    fn read<'a>(&'a self, scopes: &'a Scopes<'a>) -> Answer<'a, Reading> {
        Box::pin(self.0.ask(Errand::Read, self.0.read_limit(), || self.0.backend.read(scopes)))
    }

    fn read_each<'a>(&'a self, scopes: &'a [Scopes<'a>]) -> Answer<'a, Vec<Reading>> {
        Box::pin(self.0.ask(Errand::Read, self.0.read_limit(), || self.0.backend.read_each(scopes)))
    }

    fn put<'a>(
        &'a self,
        key: &'a StoreKey,
        bytes: Bytes,
        keep_for: Duration,
        scopes: &'a [Scopes<'a>],
        unless_after: Option<Order>,
    ) -> Answer<'a, Put> {
        Box::pin(self.0.put(key, bytes, keep_for, scopes, unless_after))
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Box::pin(self.0.ask(Errand::Store, self.0.write_limit(), || self.0.backend.remove(key)))
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
            let began = Instant::now();
            let outcome = self.0.advance(target, effect, began).await;
            self.0.note(Errand::Invalidate, began, outcome.as_ref().err());
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

    fn has_clock_here(&self) -> bool {
        self.0.backend.has_clock_here()
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

impl<B: Backend + 'static> Inner<B> {
    fn read_limit(&self) -> Duration {
        self.limits.to_read(self.backend.round_trip())
    }

    fn write_limit(&self) -> Duration {
        self.limits.to_write(self.backend.round_trip())
    }

    /// Asks the backend, if it is not left alone, and notes how it went.
    async fn ask<'a, T>(self: &'a Arc<Self>, errand: Errand, limit: Duration, call: impl FnOnce() -> Answer<'a, T>) -> Result<T, Error> {
        let began = Instant::now();
        let outcome = match self.may_ask() {
            Ok(_place) => within(limit, call()).await,
            Err(error) => Err(error),
        };
        self.note(errand, began, outcome.as_ref().err());
        outcome
    }

    fn may_ask(self: &Arc<Self>) -> Result<SemaphorePermit<'_>, Error> {
        in_a_runtime()?;
        if self.breaker.is_open() {
            return Err(self.left_alone());
        }
        self.place()
    }

    /// Invalidates. While the backend is left alone, one invalidation at a time is tried all the same: what it is about
    /// may be served by other processes, and by this one's callers who wait for an answer, as long as it is not made.
    async fn advance(self: &Arc<Self>, target: &Target, effect: Effect, began: Instant) -> Result<Option<Moved>, Error> {
        in_a_runtime()?;
        let mut turn = None;
        if self.breaker.is_open() {
            turn = Some(timeout(self.limits.invalidate, self.pass.turn()).await.map_err(|_| self.left_alone())?);
        }
        // Where it is well again by now nobody has to wait any more.
        let turn = turn.filter(|_| self.breaker.is_open());
        if turn.is_some() && !self.pass.take() {
            return Err(self.left_alone());
        }
        let limit = self.limits.invalidate.saturating_sub(began.elapsed());
        let place = self.place()?;
        let moved = within(limit, self.backend.advance_and_tell(target, effect)).await?;
        drop(place);
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

    /// One of the calls at a time.
    fn place(&self) -> Result<SemaphorePermit<'_>, Error> {
        let busy = |_| {
            Error::fault(
                Fault::Spared("busy"),
                "as many calls of the backend are under way as its limits allow, and no further one is made",
            )
        };
        self.places.try_acquire().map_err(busy)
    }

    /// What a call that has ended says of the backend.
    fn note(self: &Arc<Self>, errand: Errand, began: Instant, error: Option<&Error>) {
        self.watch.over(errand.word(), began.elapsed(), error);
        let Some(error) = error else {
            self.breaker.succeeded();
            self.has_answered();
            self.say_that_it_is_well(errand);
            if !self.retries.is_empty() {
                self.see_to_it();
            }
            return;
        };
        let fault = error.as_fault();
        if self.notices.failed(errand, fault, Instant::now()) {
            let why = Why { errand: Some(errand.word()), reason: Some(fault.word()), error: Some(error) };
            let what = if fault == STARVED { UNHEARD } else { errand.failure() };
            self.say(Level::WARN, what, why);
        }
        let counts = matches!(fault, Fault::Sick(_)) || (fault == STARVED && self.is_unheard_again());
        if counts && self.breaker.failed() == Change::Opened {
            self.has_opened();
            self.see_to_it();
        }
        if fault == STARVED {
            self.is_in_doubt.store(true, Ordering::Relaxed);
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

    fn say_that_it_is_well(&self, errand: Errand) {
        if self.notices.succeeded(errand) {
            self.say(Level::INFO, "a backend is well again", Why { errand: Some(errand.word()), ..Why::default() });
        }
    }

    fn say_that_it_is_left_alone(&self) {
        if self.notices.left_alone(Instant::now()) {
            self.say(Level::WARN, "a backend is left alone until it answers a probe", Why::default());
        }
    }

    fn say(&self, level: Level, what: &str, why: Why<'_>) {
        observe::of_backend(level, &self.name, what, why);
    }
}

impl<B> Drop for Inner<B> {
    /// With its cache: nobody leaves the backend alone any more.
    fn drop(&mut self) {
        if *lock(&self.counted_open) {
            self.watch.breaker(false);
        }
    }
}

impl<B: Backend + 'static> fmt::Debug for Guard<B> {
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
