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

mod machine;
mod report;
mod retry_queue;
#[cfg(all(test, shuttle))]
mod shuttle_tests;
#[cfg(test)]
#[cfg(not(shuttle))]
mod tests;
mod window;

pub(super) use self::{
    machine::Machine,
    report::{Line, Operation},
    retry_queue::Retry,
};
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
    /// An invalidation asks to be let past the open circuit breaker.
    TrialWanted,
    /// An invalidation succeeded that was let past it.
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
    /// What the one who told the event does next.
    pub(super) next: Step,
}

#[derive(Debug, Default)]
pub(super) enum Step {
    Probe,
    Retry(Retry, Round),
    /// The invalidation is made.
    Try,
    /// The invalidation is not made; the worker pauses, or ends if it is not needed any more.
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
