//! The health of a remote backend as a state machine: its circuit breaker, and the invalidations that have still to reach it.
//!
//! ```text
//!   Closed ── too many calls failed ─────────▶ Open ◀── a probe or a retry failed ──┐
//!     ▲ │                                        └────── the next probe is due ───▶ HalfOpen
//!     │ └─ everything cannot be invalidated ─▶ Quarantined ◀────────────────────────┤
//!     │                                          │                                  │
//!     └──────────────────────────────────────────┴── a probe succeeded, and the retry queue is empty
//! ```
//!
//! [`Machine::on`] is pure: no I/O, and the time is an argument. The guard tells it what has happened, and executes the
//! [`Actions`]. `tests.rs` explores it with all short sequences of events.

mod report;
mod retry_queue;
#[cfg(all(test, shuttle))]
mod shuttle_tests;
#[cfg(all(test, not(shuttle)))]
mod tests;
mod window;

use self::{
    report::Report,
    retry_queue::{Failed, RetryQueue},
    window::Window,
};
pub(super) use self::{
    report::{Line, Operation},
    retry_queue::Retry,
};
use super::within::STARVED;
use crate::{
    epoch::{Effect, target::Target},
    error::Fault,
    storage::remote::guard::limits::BackendLimits,
    util::{
        clock::Millis,
        lock::explored::{AtomicU64, Mutex, Ordering, lock},
    },
};

/// The machine behind its lock, and the number that a call reads without it.
#[derive(Debug)]
pub(super) struct Health {
    machine: Mutex<Machine>,
    phase: AtomicU64,
}

/// Calls are made, and one that succeeds changes nothing.
const CALM: u64 = 0;
/// Calls are made, and the outcome of each counts.
const ALERT: u64 = 1;
/// No calls are made.
const REFUSING: u64 = 2;

impl Health {
    pub(super) fn new(limits: &BackendLimits) -> Self {
        Self { machine: Mutex::new(Machine::new(limits)), phase: AtomicU64::new(CALM) }
    }

    /// Whether the circuit breaker is closed.
    pub(super) fn allows_calls(&self) -> bool {
        self.phase.load(Ordering::Relaxed) != REFUSING
    }

    /// Whether the success of a call changes nothing. All that such a call looks at: no lock.
    pub(super) fn is_calm(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == CALM
    }

    /// `count` is told under the lock that the circuit breaker has opened or closed, so that each is counted in its turn.
    pub(super) fn on(&self, event: Event<'_>, now: Millis, count: impl FnOnce(bool)) -> Actions {
        let mut machine = lock(&self.machine);
        let actions = machine.on(event, now);
        // Under the lock as well: an earlier phase must not replace a later one.
        self.phase.store(machine.phase(), Ordering::Relaxed);
        if let Some(is_open) = actions.breaker {
            count(is_open);
        }
        actions
    }

    pub(super) fn see<T>(&self, look: impl FnOnce(&Machine) -> T) -> T {
        look(&lock(&self.machine))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum State {
    /// Calls are made.
    Closed,
    /// The backend failed too often. No calls are made, except one invalidation between two probes.
    Open,
    /// The same, while the backend is probed and the retry queue is worked off.
    HalfOpen,
    /// The backend answers probes, and not even everything can be invalidated in it. What it holds could not be taken back, so
    /// nothing is read before the retry queue is empty, however well reads go (law L4 before speed).
    Quarantined,
}

#[derive(Debug)]
pub(super) enum Event<'a> {
    /// A call succeeded.
    Succeeded(Operation),
    /// A call failed, or was not made; an invalidation says what is to be retried.
    Failed(Operation, Fault, Option<(&'a Target, Effect)>),
    /// Asks for [`Actions::allows_trial`].
    TrialWanted,
    /// An invalidation succeeded that was let past the open circuit breaker.
    TrialSucceeded,
    /// Somebody waits until the retry queue is empty.
    DrainWanted,
    /// The worker is to probe.
    ProbeDue,
    ProbeEnded(Result<(), Fault>),
    RetryEnded(Retry, Round, Result<(), Fault>),
}

/// What the guard has to do.
#[derive(Debug, Default)]
pub(super) struct Actions {
    /// To be logged, in this order.
    pub(super) lines: Vec<Line>,
    /// The circuit breaker has opened (`true`) or closed.
    pub(super) breaker: Option<bool>,
    /// A worker has to exist: it probes and retries.
    pub(super) worker: bool,
    /// The worker is to end its pause.
    pub(super) wake: bool,
    /// The retry queue has become empty.
    pub(super) drained: bool,
    /// An invalidation may be made.
    pub(super) allows_trial: bool,
    /// What the worker does next.
    pub(super) next: Step,
}

#[derive(Debug, Default)]
pub(super) enum Step {
    Probe,
    Retry(Retry, Round),
    /// Pause, and end if no worker is needed any more.
    #[default]
    Rest,
}

/// The worker tries each invalidation once in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Round {
    /// The turn of the last invalidation that belongs to it.
    last: u64,
    began: Millis,
    has_failed: bool,
}

/// How long a round goes on after a failure. What was not tried comes first in the next.
const ROUND: Millis = 1000;

/// After so many calls and probes in a row whose answers this process was too busy to hear, one counts as a failure of the
/// backend: each is expensive, also when the process is at fault.
const STARVED_IN_A_ROW: u32 = 3;

#[derive(Debug, Clone)]
pub(super) struct Machine {
    state: State,
    window: Window,
    /// A call was given up while this process was busy. A probe, which nobody waits for, tells whether the backend is at fault.
    in_doubt: bool,
    /// Calls and probes given up like that since the last answer.
    starved: u32,
    /// While the circuit breaker is open, whether the next invalidation may be tried.
    may_try: bool,
    queue: RetryQueue,
    report: Report,
}

impl Machine {
    pub(super) fn new(limits: &BackendLimits) -> Self {
        Self {
            state: State::Closed,
            window: Window::new(limits.in_a_row, limits.of_twenty),
            in_doubt: false,
            starved: 0,
            may_try: false,
            queue: RetryQueue::new(limits.retries, limits.attempts),
            report: Report::default(),
        }
    }

    pub(super) fn on(&mut self, event: Event<'_>, now: Millis) -> Actions {
        let mut actions = Actions::default();
        match event {
            Event::ProbeDue => {
                if self.state == State::Open {
                    self.state = State::HalfOpen;
                }
                // First in each round: on a connection whose answers stay out no retry would succeed, and a probe gives it up.
                actions.next = Step::Probe;
                return actions;
            }
            Event::ProbeEnded(outcome) => {
                self.probe_ended(outcome, now, &mut actions);
                return actions;
            }
            Event::RetryEnded(retry, round, outcome) => {
                self.retry_ended(&retry, round, outcome, now, &mut actions);
                return actions;
            }
            Event::Succeeded(operation) => {
                self.starved = 0;
                // A call that began before the circuit breaker opened, and ends late, does not close it.
                if self.state == State::Closed {
                    self.window.succeeded();
                }
                self.recovered(operation, &mut actions);
            }
            Event::Failed(operation, fault, retry) => {
                if let Some((target, effect)) = retry {
                    self.queue.add(target, effect);
                }
                self.failed(operation, fault, now, &mut actions);
            }
            Event::TrialWanted => {
                actions.allows_trial = std::mem::take(&mut self.may_try) || self.state == State::Closed;
            }
            Event::TrialSucceeded => {
                self.may_try = true;
                // As good as a probe: the retry queue is next.
                actions.wake = self.state != State::Closed;
            }
            Event::DrainWanted => actions.wake = !self.queue.is_empty(),
        }
        actions.worker = self.needs_worker();
        actions
    }

    pub(super) fn needs_worker(&self) -> bool {
        self.state != State::Closed || self.in_doubt || !self.queue.is_empty()
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// How many invalidations are to be retried.
    pub(super) fn retries(&self) -> usize {
        self.queue.len()
    }

    /// How often each operation failed, by the word of the reason.
    pub(super) fn failures(&self) -> Vec<(Operation, &'static str, u64)> {
        self.report.failures()
    }

    fn phase(&self) -> u64 {
        let is_calm = self.window.is_clear() && self.starved == 0 && !self.needs_worker() && self.report.is_clear();
        match self.state {
            State::Closed if is_calm => CALM,
            State::Closed => ALERT,
            State::Open | State::HalfOpen | State::Quarantined => REFUSING,
        }
    }

    fn recovered(&mut self, operation: Operation, actions: &mut Actions) {
        if self.report.recovered(operation) {
            actions.lines.push(Line::Recovered(operation));
        }
    }

    fn failed(&mut self, operation: Operation, fault: Fault, now: Millis, actions: &mut Actions) {
        if self.report.failed(operation, fault, now) {
            actions.lines.push(Line::Failing(operation, fault));
        }
        self.in_doubt |= fault == STARVED;
        if self.counts(fault) && self.state == State::Closed && self.window.failed() {
            self.open(State::Open, now, actions);
        }
    }

    /// Whether this failure is the backend's.
    fn counts(&mut self, fault: Fault) -> bool {
        if fault == STARVED {
            self.starved = self.starved.saturating_add(1);
            return self.starved.is_multiple_of(STARVED_IN_A_ROW);
        }
        matches!(fault, Fault::Sick(_))
    }

    fn open(&mut self, state: State, now: Millis, actions: &mut Actions) {
        if self.state == State::Closed {
            actions.breaker = Some(true);
            self.may_try = true;
        }
        self.state = state;
        self.report_open(now, actions);
    }

    /// Asked when the circuit breaker opens, and again as long as it is open: too soon after the last such line none is written.
    fn report_open(&mut self, now: Millis, actions: &mut Actions) {
        if self.state != State::Closed && self.report.opened(now) {
            actions.lines.push(Line::Opened);
        }
    }

    fn probe_ended(&mut self, outcome: Result<(), Fault>, now: Millis, actions: &mut Actions) {
        match outcome {
            Ok(()) => {
                self.in_doubt = false;
                self.starved = 0;
                self.begin_round(now, actions);
            }
            Err(fault) => {
                // It was the backend after all.
                if self.counts(fault) && std::mem::take(&mut self.in_doubt) && self.state == State::Closed {
                    self.open(State::Open, now, actions);
                }
                self.end_round(now, actions);
            }
        }
    }

    fn retry_ended(&mut self, retry: &Retry, round: Round, outcome: Result<(), Fault>, now: Millis, actions: &mut Actions) {
        if outcome.is_ok() {
            self.queue.done(retry);
            actions.drained = self.queue.is_empty();
            self.recovered(Operation::Invalidate, actions);
            return self.go_on(round, now, actions);
        }
        actions.lines.push(Line::RetryFailed);
        match self.queue.failed(retry) {
            Failed::Kept if now.saturating_sub(round.began) < ROUND => self.go_on(Round { has_failed: true, ..round }, now, actions),
            Failed::Kept => self.end_round(now, actions),
            // Everything is next.
            Failed::Replaced => {
                actions.lines.push(Line::Replaced);
                self.begin_round(now, actions);
            }
            Failed::Hopeless => {
                let is_new = self.state != State::Quarantined;
                self.open(State::Quarantined, now, actions);
                if is_new {
                    actions.lines.push(Line::Quarantined);
                }
                self.end_round(now, actions);
            }
        }
    }

    fn begin_round(&mut self, now: Millis, actions: &mut Actions) {
        if self.queue.is_empty() {
            return self.close(actions);
        }
        self.go_on(Round { last: self.queue.last(), began: now, has_failed: false }, now, actions);
    }

    fn go_on(&mut self, round: Round, now: Millis, actions: &mut Actions) {
        match self.queue.next(round.last) {
            Some(retry) => actions.next = Step::Retry(retry, round),
            None if round.has_failed => self.end_round(now, actions),
            // Others may have failed meanwhile.
            None => self.begin_round(now, actions),
        }
    }

    /// Not everything succeeded.
    fn end_round(&mut self, now: Millis, actions: &mut Actions) {
        self.may_try = true;
        if self.state == State::HalfOpen {
            self.state = State::Open;
        }
        self.report_open(now, actions);
    }

    fn close(&mut self, actions: &mut Actions) {
        if self.state == State::Closed {
            return;
        }
        self.state = State::Closed;
        self.window.clear();
        actions.breaker = Some(false);
        if self.report.closed() {
            actions.lines.push(Line::Closed);
        }
    }
}
