//! The transitions.

use super::{
    ALERT, Actions, CALM, Event, REFUSING, Round, State, Step,
    report::{Line, Operation, Report},
    retry_queue::{Failed, Retry, RetryQueue},
    window::Window,
};
use crate::{
    error::Fault,
    storage::remote::guard::{limits::BackendLimits, within::STARVED},
    util::clock::Millis,
};

/// How long a round goes on after a failure. What was not tried comes first in the next.
const ROUND: Millis = 1000;

/// After so many calls and probes in a row whose answers this process was too busy to hear, one counts as a failure of the
/// backend: each is expensive, also when the process is at fault.
const STARVED_IN_A_ROW: u32 = 3;

#[derive(Debug, Clone)]
pub(in super::super) struct Machine {
    pub(in super::super) state: State,
    pub(super) window: Window,
    /// A call was given up while this process was busy. A probe, which nobody waits for, tells whether the backend is at fault.
    pub(super) in_doubt: bool,
    /// Calls and probes given up like that since the last answer.
    pub(super) starved: u32,
    /// While the circuit breaker is open, whether the next invalidation may be tried.
    pub(super) may_try: bool,
    pub(in super::super) queue: RetryQueue,
    pub(in super::super) report: Report,
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
                if std::mem::take(&mut self.may_try) || self.state == State::Closed {
                    actions.next = Step::Try;
                }
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

    /// Whether there is something to probe or to retry.
    pub(in super::super) fn needs_worker(&self) -> bool {
        self.state != State::Closed || self.in_doubt || !self.queue.is_empty()
    }

    pub(super) fn phase(&self) -> u64 {
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
            self.open(now, actions);
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

    fn open(&mut self, now: Millis, actions: &mut Actions) {
        if self.state == State::Closed {
            self.state = State::Open;
            self.may_try = true;
            actions.breaker = Some(true);
            self.report_open(now, actions);
        }
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
                if self.counts(fault) && std::mem::take(&mut self.in_doubt) {
                    self.open(now, actions);
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
                self.open(now, actions);
                if std::mem::replace(&mut self.state, State::Quarantined) != State::Quarantined {
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
