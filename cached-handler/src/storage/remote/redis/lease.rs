//! A lease on the epochs of a namespace in Redis: while it runs, an invalidation anywhere waits until this process knows of it, so
//! that a copy in memory can be used without asking.
//!
//! Gray and Cheriton, "Leases", SOSP 1989. What is promised, and why it holds: `machine` for the holder, `wait` for the one that
//! invalidates; both are explored in `tests`.

mod channel;
mod machine;
mod message;
mod settle;
#[cfg(test)]
#[cfg(not(shuttle))]
mod tests;
mod wait;

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use ::redis::Client;
use tokio::sync::Notify;

pub(crate) use self::machine::{Generation, LENGTHS};
pub(super) use self::wait::{Advanced, Holders, Renewal, Wait};
use self::{
    channel::{Channel, NO_RIGHTS, Why},
    machine::{Event, Holder, Line, Micros},
    message::MirrorMark,
    wait::Invalidator,
};
use super::{
    Lasting,
    keys::{Keys, digits_of_group, place_of_path},
    link::lines::Lines,
};
use crate::{
    epoch::{
        Effect, Scopes, Stamp,
        in_process::{InProcessEpochs, Marks},
        target::Mark,
    },
    observe::LeaseMeters,
    util::{boot_clock::BootClock, lock::lock, random::random},
};

/// How long a lease is, unless something else is said.
pub(crate) const DEFAULT_LENGTH: Duration = Duration::from_millis(500);

/// The lease of this process, and the mirror of epochs that goes with it.
pub(crate) struct Lease {
    state: Arc<State>,
    channel: Channel,
}

/// What the connection writes, and requests read.
struct State {
    clock: BootClock,
    /// When the lease ends; 0 without one.
    until: AtomicU64,
    generation: AtomicU64,
    machine: Mutex<Holder>,
    length: Micros,
    mirror: InProcessEpochs,
    /// Among the holders.
    id: u64,
    acknowledges: Notify,
    renews: Notify,
    lines: Lines,
    was_ever_held: AtomicBool,
    meters: LeaseMeters,
}

impl Lease {
    /// Held from now on, as long as Redis is there.
    pub(super) fn new(length: Duration, client: Client, keys: Keys, lasting: Lasting) -> Self {
        let state = Arc::new(State::new(length, BootClock::System));
        Self { channel: Channel::new(Arc::clone(&state), client, keys, lasting), state }
    }

    /// The generation, while the lease runs: what was read in it is usable unless the [mirror](Self::epochs) says otherwise. It has
    /// to be asked for before the mirror is looked at, with each request anew.
    #[inline]
    pub(crate) fn now(&self) -> Option<Generation> {
        let now = self.state.now();
        if now.is_none() {
            self.channel.ensure();
        }
        now
    }

    /// Whether a copy is as good as it was as of this time of the clock, when its epochs were read last, in this generation. Both are to be
    /// noted of a reading only if [`now`](Self::now) gave this generation before the epochs were sent for, and gives it still when
    /// they are here: an invalidation in between is in the mirror then.
    #[inline]
    pub(crate) fn allows(&self, generation: Generation, marks: &Marks, as_of: u64) -> bool {
        // In this order: whoever is renewed in between has heard of each invalidation by then.
        self.now() == Some(generation) && self.state.mirror.expired(marks) <= as_of
    }

    /// This process has itself invalidated: the mirror knows before anybody is told that it is done.
    pub(super) fn advanced(&self, stamp: Stamp, mark: Option<(Mark<'_>, Effect)>) {
        let digits = match mark {
            Some((Mark::Group(name), _)) => digits_of_group(name),
            _ => String::new(),
        };
        let moves = mark.map(|(mark, effect)| {
            let mark = match mark {
                Mark::Path(number) => Mark::Path(u64::from(place_of_path(number, stamp.incarnation))),
                Mark::Group(_) => Mark::Group(&digits),
                Mark::All | Mark::Handler(_) => mark,
            };
            (MirrorMark(mark), effect)
        });
        self.state.on(Event::Advanced(stamp), moves);
    }

    /// Among the holders.
    pub(super) fn id(&self) -> u64 {
        self.state.id
    }

    /// The epochs of one response in the mirror, for a copy that was stamped in this incarnation.
    pub(crate) fn marks(&self, scopes: &Scopes<'_>, incarnation: u64) -> Marks {
        self.state.marks(scopes, incarnation)
    }
}

/// What this process knows of leases where it invalidates, whether or not it holds one.
#[derive(Debug)]
pub(super) struct Invalidating {
    machine: Mutex<Invalidator>,
    clock: BootClock,
}

impl Invalidating {
    pub(super) fn new(length: Duration) -> Self {
        Self { machine: Mutex::new(Invalidator::new(micros(length))), clock: BootClock::System }
    }

    pub(super) fn learns(&self, incarnation: u64) {
        lock(&self.machine).learns(incarnation, self.clock.micros());
    }

    /// What the script is told: the incarnation and the set that are known for long, or nothing.
    pub(super) fn known_for_long(&self) -> (String, String) {
        let (incarnation, set) = lock(&self.machine).known_for_long(self.clock.micros());
        let text = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
        (text(incarnation), text(set))
    }

    fn advanced(&self, advanced: Advanced, own: Option<u64>) -> Wait {
        lock(&self.machine).advanced(advanced, own, self.clock.micros())
    }
}

fn micros(length: Duration) -> Micros {
    u64::try_from(length.as_micros()).unwrap_or(Micros::MAX).clamp(*LENGTHS.start(), *LENGTHS.end())
}

impl State {
    fn new(length: Duration, clock: BootClock) -> Self {
        Self {
            clock,
            until: AtomicU64::new(0),
            generation: AtomicU64::new(0),
            machine: Mutex::new(Holder::new(micros(length))),
            length: micros(length),
            mirror: InProcessEpochs::new(),
            id: random(),
            acknowledges: Notify::new(),
            renews: Notify::new(),
            lines: Lines::new(),
            was_ever_held: AtomicBool::new(false),
            meters: LeaseMeters::new(),
        }
    }

    #[inline]
    fn now(&self) -> Option<Generation> {
        // In this order: whoever sees a lease sees at least the generation that it was given in.
        let until = self.until.load(Ordering::SeqCst);
        let generation = self.generation.load(Ordering::SeqCst);
        (self.clock.micros() < until).then_some(Generation(generation))
    }

    fn marks(&self, scopes: &Scopes<'_>, incarnation: u64) -> Marks {
        let paths: Vec<_> = scopes.paths().iter().map(|path| u64::from(place_of_path(*path, incarnation))).collect();
        let groups: Vec<_> = scopes.groups().iter().map(|group| digits_of_group(group)).collect();
        self.mirror.marks(scopes.handler(), &paths, &groups)
    }

    /// An event and, if it is an invalidation, what it moves. The mirror is moved before anything is acknowledged or said of the lease.
    fn on(&self, event: Event, moves: Option<(MirrorMark<'_>, Effect)>) {
        let mut machine = lock(&self.machine);
        let actions = machine.on(event, self.clock.micros());
        let generation = machine.generation();
        if generation != self.generation.load(Ordering::SeqCst) {
            self.generation.store(generation, Ordering::SeqCst);
        }
        if let (Some(time), Some((mark, effect))) = (actions.apply, moves) {
            self.mirror.move_to(mark.0, time, effect);
        }
        self.until.store(machine.until(), Ordering::SeqCst);
        if actions.acknowledge.is_some() {
            self.acknowledges.notify_one();
        }
        if actions.renew {
            self.renews.notify_one();
        }
        self.meters.is(machine.was_held(), generation);
        drop(machine);
        self.say(actions.line);
    }

    fn say(&self, line: Option<Line>) {
        match line {
            Some(Line::Lost(reason)) if self.lines.may_say("lost") => {
                self.lines.is_down();
                tracing::warn!(target: "cached_handler", reason, "lease lost: near copies are validated in Redis until it returns; logged once");
            }
            Some(Line::Returned) if self.lines.is_up(!self.was_ever_held.swap(true, Ordering::Relaxed)) => {
                tracing::info!(target: "cached_handler", "lease held: near copies of Redis are used without asking it");
            }
            _ => {}
        }
    }

    /// There is no lease, for this reason.
    fn is_without(&self, (reason, what): Why) {
        if reason == NO_RIGHTS && self.lines.may_say(reason) {
            tracing::warn!(target: "cached_handler", reason, "{what}; without it near copies are validated in Redis; logged once");
        } else {
            tracing::debug!(target: "cached_handler", reason, "no lease: {what}");
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("generation", &self.state.now()).finish_non_exhaustive()
    }
}
