//! A backend and a worker around the machine, and the rules that hold whatever happens to them.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::super::{
    Actions, CALM, Event, Machine, REFUSING, Retry, Round, State, Step,
    report::{Line, Operation, Report},
    retry_queue::RetryQueue,
};
use crate::{
    epoch::{Effect, target::Target},
    error::Fault,
    storage::remote::guard::{limits::BackendLimits, within::STARVED},
    util::clock::Millis,
};

/// What can happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// A call ends that was made before, if need be before the circuit breaker opened.
    Succeeds,
    Fails,
    Starves,
    /// A call is not made, as the circuit breaker is open.
    Refused,
    /// An invalidation fails that was begun before.
    FailsToInvalidate(usize),
    /// An invalidation is begun while the circuit breaker is open.
    WantsTrial,
    TrialSucceeds,
    TrialFails(usize),
    WantsDrain,
    /// The worker's pause is over.
    ProbeDue,
    WorkSucceeds,
    WorkFails,
    /// The runtime of the worker is not driven any more, or has ended.
    WorkerIsLate,
    LateWorkSucceeds,
    LateWorkFails,
    TenSecondsPass,
}

const SICK: Fault = Fault::Sick("slow");

fn targets() -> [(Target, Effect); 2] {
    [(Target::group("a"), Effect::Expire), (Target::group("b"), Effect::Invalidate)]
}

/// The mistake that the sequences have to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    None,
    /// A failed invalidation does not get into the retry queue.
    Forgets,
    /// The circuit breaker closes when a probe succeeds, whatever is to be retried.
    ClosesEarly,
    /// Each invalidation may be tried while the circuit breaker is open.
    AllowsAll,
    /// No worker is asked for.
    NobodyWorks,
    /// What was logged is forgotten, so that its end is not.
    ForgetsItsLines,
}

#[derive(Debug, Clone)]
enum Worker {
    None,
    Pauses,
    Probes,
    /// And how many invalidations had failed when it began.
    Retries(Retry, Round, usize),
}

/// The machine, and what is true of the world around it.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) machine: Machine,
    now: Millis,
    worker: Worker,
    /// One that was replaced, as its runtime was not driven, and may come back.
    late: Worker,
    /// A trial is under way; and how many were allowed since the last that a probe, an opening or a success allowed.
    tries: bool,
    tried: u32,
    counted_open: bool,
    /// Invalidations that failed and have not been made since.
    undone: Vec<(Target, Effect)>,
    /// When the circuit breaker was logged as open, and whether that line was the last.
    logged_open: (Option<Millis>, bool),
    /// Operations that were logged as failing last.
    logged_failing: Vec<Operation>,
    logged_quarantine: bool,
}

impl World {
    pub(super) fn new(room: u32) -> Self {
        let limits = BackendLimits::new().failures(2, 3).max_retries(room as usize).max_attempts(room);
        Self {
            machine: Machine::new(&limits),
            now: 0,
            worker: Worker::None,
            late: Worker::None,
            tries: false,
            tried: 0,
            counted_open: false,
            undone: Vec::new(),
            logged_open: (None, false),
            logged_failing: Vec::new(),
            logged_quarantine: false,
        }
    }

    /// Two worlds of which this is the same have the same future.
    pub(super) fn key(&self) -> u64 {
        let Machine { state, window, in_doubt, starved, may_try, queue, report } = &self.machine;
        let retries: Vec<_> = queue.order().collect();
        let of_worker = |worker: &Worker| match worker {
            Worker::None => (0, None),
            Worker::Pauses => (1, None),
            Worker::Probes => (2, None),
            Worker::Retries(Retry { target, effect, turn, .. }, round, known) => {
                let left = retries.iter().filter(|retry| retry.turn <= round.last).count();
                let is_current = retries.iter().any(|other| other.turn == *turn);
                (3, Some((target.clone(), *effect, is_current, left, round.began, round.has_failed, *known)))
            }
        };
        let machine = (state, window, in_doubt, starved, may_try, report.lines());
        let workers = (of_worker(&self.worker), of_worker(&self.late));
        let logged = (self.logged_open, &self.logged_failing, self.logged_quarantine);
        let world = (self.now, self.tries, self.tried, &self.undone, logged);
        let retries: Vec<_> = queue.order().map(|retry| (&retry.target, retry.effect, retry.attempts)).collect();
        BuildHasherDefault::<DefaultHasher>::default().hash_one((machine, retries, workers, world))
    }

    /// What follows, if it can happen.
    pub(super) fn after(&self, next: Move, mistake: Mistake) -> Option<Self> {
        let mut world = self.clone();
        let is_open = !world.allows_calls();
        match next {
            Move::Succeeds => _ = world.on(Event::Succeeded(Operation::Read), mistake),
            Move::Fails => _ = world.on(Event::Failed(Operation::Read, SICK, None), mistake),
            Move::Starves => _ = world.on(Event::Failed(Operation::Read, STARVED, None), mistake),
            Move::Refused if is_open => _ = world.on(Event::Failed(Operation::Read, Fault::Spared("open"), None), mistake),
            Move::FailsToInvalidate(which) => world.fails_to_invalidate(which, SICK, mistake),
            Move::WantsTrial if is_open && !world.tries => {
                world.tries = matches!(world.on(Event::TrialWanted, mistake).next, Step::Try);
                if world.tries {
                    world.tried += 1;
                    assert!(world.tried <= 1, "one invalidation is tried between two probes");
                } else {
                    world.fails_to_invalidate(0, Fault::Spared("open"), mistake);
                }
            }
            Move::TrialSucceeds if world.tries => {
                (world.tries, world.tried) = (false, 0);
                world.on(Event::TrialSucceeded, mistake);
                world.on(Event::Succeeded(Operation::Invalidate), mistake);
            }
            Move::TrialFails(which) if world.tries => {
                world.tries = false;
                world.fails_to_invalidate(which, SICK, mistake);
            }
            Move::WantsDrain => {
                let actions = world.on(Event::DrainWanted, mistake);
                assert!(actions.wake || world.undone.is_empty(), "somebody waits, and the worker goes on pausing");
            }
            Move::ProbeDue if matches!(world.worker, Worker::Pauses) => {
                let next = world.on(Event::ProbeDue, mistake).next;
                assert!(matches!(next, Step::Probe), "each round begins with a probe");
                world.worker = Worker::Probes;
            }
            Move::WorkSucceeds => world.worker = world.works(world.worker.clone(), Ok(()), mistake)?,
            Move::WorkFails => world.worker = world.works(world.worker.clone(), Err(SICK), mistake)?,
            Move::WorkerIsLate if !matches!(world.worker, Worker::None) => {
                world.late = std::mem::replace(&mut world.worker, Worker::None);
            }
            Move::LateWorkSucceeds => world.late = world.works(world.late.clone(), Ok(()), mistake)?,
            Move::LateWorkFails => world.late = world.works(world.late.clone(), Err(SICK), mistake)?,
            Move::TenSecondsPass => world.now += 10_000,
            _ => return None,
        }
        world.holds();
        Some(world)
    }

    fn allows_calls(&self) -> bool {
        self.machine.phase() != REFUSING
    }

    fn fails_to_invalidate(&mut self, which: usize, fault: Fault, mistake: Mistake) {
        let (target, effect) = targets()[which].clone();
        self.undone.push((target.clone(), effect));
        let retry = (mistake != Mistake::Forgets).then_some((&target, effect));
        self.on(Event::Failed(Operation::Invalidate, fault, retry), mistake);
    }

    /// What the worker waits for has ended. Gives what it does next.
    fn works(&mut self, worker: Worker, outcome: Result<(), Fault>, mistake: Mistake) -> Option<Worker> {
        let event = match worker {
            Worker::Probes => Event::ProbeEnded(outcome),
            Worker::Retries(retry, round, known) => {
                if outcome.is_ok() {
                    let mut at = 0;
                    self.undone.retain(|undone| {
                        at += 1;
                        // What failed since the retry began is not made by it.
                        at > known || !covers(&retry, undone)
                    });
                }
                Event::RetryEnded(retry, round, outcome)
            }
            Worker::None | Worker::Pauses => return None,
        };
        Some(match self.on(event, mistake).next {
            Step::Probe | Step::Try => panic!("one probe in a round"),
            Step::Retry(retry, round) => Worker::Retries(retry, round, self.undone.len()),
            Step::Rest if self.machine.needs_worker() => Worker::Pauses,
            Step::Rest => Worker::None,
        })
    }

    fn on(&mut self, event: Event<'_>, mistake: Mistake) -> Actions {
        let (ends_round, before) = (matches!(event, Event::ProbeEnded(_) | Event::RetryEnded(..)), self.machine.state);
        let mut retries = None;
        match mistake {
            Mistake::AllowsAll => self.machine.may_try = true,
            Mistake::ForgetsItsLines => self.machine.report = Report::default(),
            Mistake::ClosesEarly if ends_round && before != State::Closed => {
                retries = Some(std::mem::replace(&mut self.machine.queue, RetryQueue::new(2, 2)));
            }
            _ => {}
        }
        let actions = self.machine.on(event, self.now);
        if let Some(retries) = retries {
            self.machine.queue = retries;
        }
        if let Some(is_open) = actions.breaker {
            assert_eq!(self.counted_open, !is_open, "each opening and closing is counted once");
            self.counted_open = is_open;
        }
        if before == State::Closed || matches!(actions.next, Step::Rest) && ends_round {
            self.tried = 0;
        }
        if actions.worker && mistake != Mistake::NobodyWorks && matches!(self.worker, Worker::None) {
            self.worker = Worker::Pauses;
        }
        actions.lines.iter().for_each(|line| self.logs(*line));
        if actions.breaker == Some(false) {
            assert!(self.undone.is_empty(), "what is to be retried is made before anything is read again");
            self.logged_quarantine = false;
        }
        actions
    }

    fn logs(&mut self, line: Line) {
        match line {
            Line::Opened => {
                let (last, is_open) = self.logged_open;
                let is_late = last.is_none_or(|last| self.now - last >= 10_000);
                assert!(!is_open && is_late, "an opening is logged once, and once in ten seconds");
                self.logged_open = (Some(self.now), true);
            }
            Line::Closed => assert!(std::mem::take(&mut self.logged_open.1), "a closing is logged if the opening was"),
            Line::Failing(operation, _) => {
                self.logged_failing.retain(|other| *other != operation);
                self.logged_failing.push(operation);
            }
            Line::Recovered(operation) => {
                assert!(self.logged_failing.contains(&operation), "a recovery is logged if the failure was");
                self.logged_failing.retain(|other| *other != operation);
            }
            Line::Quarantined => {
                assert!(!std::mem::replace(&mut self.logged_quarantine, true), "a quarantine is logged once");
            }
            Line::RetryFailed | Line::Replaced => {}
        }
    }

    /// What is true at any time.
    fn holds(&self) {
        let machine = &self.machine;
        assert_eq!(self.allows_calls(), machine.state == State::Closed, "nothing is read unless the circuit breaker is closed");
        assert_eq!(self.counted_open, machine.state != State::Closed, "what is counted is true");
        for undone in &self.undone {
            assert!(machine.queue.order().any(|retry| covers(retry, undone)), "an invalidation that failed is forgotten");
        }
        if machine.phase() == CALM {
            assert!(self.undone.is_empty() && self.logged_failing.is_empty(), "a success that is not looked at changes something");
        }
    }

    /// From now on all goes well, and requests come.
    pub(super) fn recovers(mut self, mistake: Mistake) {
        for next in [Move::Refused, Move::Succeeds, Move::ProbeDue].into_iter().chain([Move::WorkSucceeds; 6]).cycle().take(18) {
            self = self.after(next, mistake).unwrap_or(self);
        }
        assert!(self.allows_calls() && self.undone.is_empty(), "the circuit breaker closes when all is well: {self:?}");
        assert!(!self.logged_open.1 && self.logged_failing.is_empty(), "the last line is true: {self:?}");
    }
}

/// Whether the one makes the other, too.
fn covers(retry: &Retry, (target, effect): &(Target, Effect)) -> bool {
    (retry.target == Target::all() || retry.target == *target) && (retry.effect == Effect::Invalidate || *effect == Effect::Expire)
}
