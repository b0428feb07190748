//! What stands between requests and a remote backend, so that its failures cost requests next to nothing (law L6): limits
//! of time and of concurrent calls, a circuit breaker, and retries of what could not be invalidated.
//!
//! The decisions are those of [`health`]; the guard makes the calls, and executes what they lead to.

mod health;
pub(crate) mod limits;
mod store;
mod within;
mod worker;

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::{Mutex, Notify, Semaphore, SemaphorePermit},
    time::Instant,
};

use self::{
    health::{Actions, Event, Health, Line, Operation, Step},
    within::{in_a_runtime, within},
};
use super::{Advancing, Answer, LookedUp, Put, Remote, Wakes, guard::limits::BackendLimits};
use crate::{
    epoch::{Effect, EpochSnapshot, Moved, Order, Scopes, Stamp, target::Target},
    error::{Error, Fault},
    key::storage_key::StoreKey,
    observe::{self, Watch, Why},
    util::{
        background::Background,
        clock::{Clock, millis},
        timer::timeout,
    },
};

/// A backend, guarded.
pub(crate) struct Guard<B>(Arc<Inner<B>>);

/// Generic, so that a program does not compile the backends that it does not use.
struct Inner<B> {
    name: Box<str>,
    backend: B,
    limits: BackendLimits,
    /// From here on the health's time is counted.
    began: Instant,
    health: Health,
    permits: Semaphore,
    /// Invalidations that are tried while the circuit breaker is open: one at a time.
    trials: Mutex<()>,
    watch: Watch,
    worker: Background,
    /// Ends the worker's pause.
    wakes: Arc<Notify>,
    /// The retry queue has become empty.
    drained: Notify,
}

impl<B: Remote + 'static> Guard<B> {
    pub(crate) fn new(name: &str, backend: B, limits: BackendLimits, watch: Watch) -> Self {
        let Wakes(wakes) = backend.wakes();
        Self(Arc::new(Inner {
            name: name.into(),
            backend,
            limits,
            began: Instant::now(),
            health: Health::new(&limits),
            permits: Semaphore::new(limits.calls.min(Semaphore::MAX_PERMITS)),
            trials: Mutex::default(),
            watch,
            worker: Background::new(),
            wakes: wakes.unwrap_or_default(),
            drained: Notify::new(),
        }))
    }
}

impl<B: Remote + 'static> Remote for Guard<B> {
    fn look_up<'a>(&'a self, key: &'a StoreKey, scopes: &'a Scopes<'a>) -> Answer<'a, LookedUp> {
        Box::pin(self.0.ask(Operation::Read, self.0.read_limit(), || self.0.backend.look_up(key, scopes)))
    }

    fn look_up_now(&self, key: &StoreKey, scopes: &Scopes<'_>) -> Option<LookedUp> {
        // Where no call may be made, the one that awaits says why. One that takes no wait needs no permit and no runtime.
        if !self.0.health.allows_calls() {
            return None;
        }
        let began = Instant::now();
        let found = self.0.backend.look_up_now(key, scopes)?;
        self.0.note(Operation::Read, began, None, None);
        Some(found)
    }

    fn get<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, Option<Bytes>> {
        Box::pin(self.0.ask(Operation::Read, self.0.read_limit(), || self.0.backend.get(key)))
    }

    fn read<'a>(&'a self, scopes: &'a Scopes<'a>) -> Answer<'a, EpochSnapshot> {
        Box::pin(self.0.ask(Operation::Read, self.0.read_limit(), || self.0.backend.read(scopes)))
    }

    fn read_each<'a>(&'a self, scopes: &'a [Scopes<'a>]) -> Answer<'a, Vec<EpochSnapshot>> {
        Box::pin(self.0.ask(Operation::Read, self.0.read_limit(), || self.0.backend.read_each(scopes)))
    }

    fn put<'a>(
        &'a self,
        key: &'a StoreKey,
        bytes: Bytes,
        keep_for: Duration,
        scopes: &'a [Scopes<'a>],
        unless_after: Option<Order>,
    ) -> Answer<'a, Put> {
        Box::pin(async move {
            let began = Instant::now();
            let outcome = self.0.put(key, bytes, keep_for, scopes, unless_after).await;
            self.0.note(Operation::Store, began, outcome.as_ref().err(), None);
            outcome
        })
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> Answer<'a, ()> {
        Box::pin(self.0.ask(Operation::Store, self.0.write_limit(), || self.0.backend.remove(key)))
    }

    fn advance<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, ()> {
        Box::pin(async move { self.advance_and_tell(target, effect).await.map(drop) })
    }

    fn advance_and_tell<'a>(&'a self, target: &'a Target, effect: Effect) -> Answer<'a, Option<Moved>> {
        if self.0.backend.has_clock_here() {
            return self.0.backend.advance_and_tell(target, effect);
        }
        Box::pin(async move {
            let began = Instant::now();
            let outcome = self.0.advance(target, effect, began).await;
            self.0.note(Operation::Invalidate, began, outcome.as_ref().err(), Some((target, effect)));
            outcome
        })
    }

    fn probe(&self) -> Answer<'_, ()> {
        self.0.backend.probe()
    }

    fn known(&self) -> Option<Stamp> {
        self.0.backend.known()
    }

    /// Nothing that it says counts while its circuit breaker is open.
    fn settled_clock(&self) -> Option<Stamp> {
        if self.0.health.allows_calls() { self.0.backend.settled_clock() } else { None }
    }

    fn has_clock_here(&self) -> bool {
        self.0.backend.has_clock_here()
    }

    fn wall(&self, clock: &Clock) -> std::time::SystemTime {
        self.0.backend.wall(clock)
    }

    #[cfg(feature = "redis")]
    /// Nothing that it says counts while its circuit breaker is open.
    fn lease(&self) -> Option<&super::redis::lease::Lease> {
        if self.0.health.allows_calls() { self.0.backend.lease() } else { None }
    }

    fn retries(&self) -> usize {
        self.0.health.see(|machine| machine.queue.len())
    }

    fn drain_retries(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.on(Event::DrainWanted, None);
        Box::pin(async {
            loop {
                // Made before the look, so that no signal is missed in between.
                let drained = self.0.drained.notified();
                if self.0.health.see(|machine| machine.queue.is_empty()) {
                    return;
                }
                drained.await;
            }
        })
    }
}

impl<B: Remote + 'static> Inner<B> {
    fn read_limit(&self) -> Duration {
        self.limits.to_read(self.backend.round_trip())
    }

    fn write_limit(&self) -> Duration {
        self.limits.to_write(self.backend.round_trip())
    }

    /// Makes a call if the circuit breaker is closed, and notes how it ended.
    async fn ask<'a, T>(
        self: &'a Arc<Self>,
        operation: Operation,
        limit: Duration,
        call: impl FnOnce() -> Answer<'a, T>,
    ) -> Result<T, Error> {
        let began = Instant::now();
        let outcome = match self.may_ask() {
            Ok(_permit) => within(limit, call()).await,
            Err(error) => Err(error),
        };
        self.note(operation, began, outcome.as_ref().err(), None);
        outcome
    }

    fn may_ask(&self) -> Result<SemaphorePermit<'_>, Error> {
        in_a_runtime()?;
        if !self.health.allows_calls() {
            return Err(is_open());
        }
        self.permit()
    }

    /// Invalidates. While the circuit breaker is open, one invalidation at a time is tried all the same: until it is made,
    /// other processes may serve what it is about, and so may this one's callers that wait for an answer.
    async fn advance(self: &Arc<Self>, target: &Target, effect: Effect, began: Instant) -> Result<Option<Moved>, Error> {
        in_a_runtime()?;
        let mut trial = None;
        if !self.health.allows_calls() {
            trial = Some(timeout(self.limits.invalidate, self.trials.lock()).await.map_err(|_| is_open())?);
            if !matches!(self.on(Event::TrialWanted, None).next, Step::Try) {
                return Err(is_open());
            }
        }
        // If it has closed meanwhile, the others need not wait any more.
        let mut trial = trial.filter(|_| !self.health.allows_calls());
        let limit = self.limits.invalidate.saturating_sub(began.elapsed());
        let permit = self.permit()?;
        let Advancing { moved, rest } = within(limit, self.backend.begin_to_advance(target, effect)).await?;
        drop(permit);
        if trial.take().is_some() {
            self.on(Event::TrialSucceeded, None);
        }
        if let Some(rest) = rest {
            rest.await;
        }
        Ok(moved)
    }

    /// One of the concurrent calls.
    fn permit(&self) -> Result<SemaphorePermit<'_>, Error> {
        let message = "as many calls of the backend are under way as its limits allow, and no further one is made";
        self.permits.try_acquire().map_err(|_| Error::fault(Fault::Spared("busy"), message))
    }

    /// A call has ended, or was not made. An invalidation that failed goes to the retry queue.
    fn note(self: &Arc<Self>, operation: Operation, began: Instant, error: Option<&Error>, retry: Option<(&Target, Effect)>) {
        self.watch.over(operation.word(), began.elapsed(), error);
        let event = match error {
            None if self.health.is_calm() => return,
            None => Event::Succeeded(operation),
            Some(error) => Event::Failed(operation, error.as_fault(), retry),
        };
        self.on(event, error);
    }

    fn on(self: &Arc<Self>, event: Event<'_>, error: Option<&Error>) -> Actions {
        let actions = self.health.on(event, millis(self.began.elapsed()), |is_open| self.watch.breaker(is_open));
        actions.lines.iter().for_each(|line| self.log(*line, error));
        if actions.worker {
            self.ensure_worker();
        }
        if actions.wake {
            self.wakes.notify_one();
        }
        if actions.drained {
            self.drained.notify_waiters();
        }
        actions
    }

    fn log(&self, line: Line, error: Option<&Error>) {
        let (operation, reason) = match line {
            Line::Failing(operation, fault) => (Some(operation.word()), Some(fault.word())),
            Line::Recovered(operation) => (Some(operation.word()), None),
            _ => (None, None),
        };
        observe::of_backend(line.level(), &self.name, line.text(), Why { operation, reason, error });
    }
}

fn is_open() -> Error {
    Error::fault(Fault::Spared("open"), "circuit breaker open: the backend failed too often, and is not asked until it answers a probe")
}

impl<B> Drop for Inner<B> {
    /// With its cache: the circuit breaker is counted as open no more.
    fn drop(&mut self) {
        if !self.health.allows_calls() {
            self.watch.breaker(false);
        }
    }
}

impl<B: Remote + 'static> fmt::Debug for Guard<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, retries, failures) = self.0.health.see(|machine| (machine.state, machine.queue.len(), machine.report.failures()));
        f.debug_struct("Guard")
            .field("name", &self.0.name)
            .field("backend", &self.0.backend)
            .field("circuit_breaker", &state)
            .field("retries", &retries)
            .field("failures", &failures)
            .finish_non_exhaustive()
    }
}
