//! The meters, with the feature `metrics`.
//!
//! A handler's meters are registered at its first request, with the recorder that the program has installed by then.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fmt,
    sync::{Mutex, OnceLock},
    time::Duration,
};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use super::names::describe;
use crate::{
    observe::Subject,
    outcome::Tier,
    util::{clock::Clock, lock::lock},
};

/// The meters of one handler.
pub(crate) struct HandlerMeters(OnceLock<Handles>);

struct Handles {
    hits: Counter,
    near_hits: OnceLock<Counter>,
    far_hits: OnceLock<Counter>,
    stale: Counter,
    forwards: Counter,
    collapsed: Counter,
    abandoned: Counter,
    running: Gauge,
    run_seconds: Histogram,
    hit_seconds: Histogram,
    /// A counter for each reason so far, by metric.
    by_reason: Mutex<BTreeMap<(&'static str, &'static str), Counter>>,
}

impl HandlerMeters {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    #[inline]
    fn handles(&self, subject: &'static Subject) -> &Handles {
        self.0.get_or_init(|| Handles::of(subject.label()))
    }

    #[inline]
    pub(crate) fn hit(&self, subject: &'static Subject) {
        self.handles(subject).hits.increment(1);
    }

    pub(crate) fn tier_hit(&self, subject: &'static Subject, tier: Tier) {
        let handles = self.handles(subject);
        let hits = if tier == Tier::Near { &handles.near_hits } else { &handles.far_hits };
        let register = || counter!("cached_handler_tier_hits_total", "handler" => subject.label(), "tier" => tier.as_str());
        hits.get_or_init(register).increment(1);
    }

    pub(crate) fn stale(&self, subject: &'static Subject, why: &'static str) {
        self.handles(subject).stale.increment(1);
        self.count(subject, ("cached_handler_stale_total", "reason"), why);
    }

    pub(crate) fn forward(&self, subject: &'static Subject, why: &'static str, collapsed: bool) {
        let handles = self.handles(subject);
        if collapsed { &handles.collapsed } else { &handles.forwards }.increment(1);
        self.count(subject, ("cached_handler_forwards_total", "reason"), why);
    }

    pub(crate) fn kept(&self, subject: &'static Subject, kept: &'static str) {
        self.count(subject, ("cached_handler_kept_total", "kept"), kept);
    }

    pub(crate) fn not_stored(&self, subject: &'static Subject, reason: &'static str) {
        self.count(subject, ("cached_handler_not_stored_total", "reason"), reason);
    }

    pub(crate) fn damaged(&self, subject: &'static Subject, damage: &'static str) {
        self.count(subject, ("cached_handler_damaged_total", "damage"), damage);
    }

    pub(crate) fn unused(&self, subject: &'static Subject, reason: &'static str) {
        self.count(subject, ("cached_handler_unused_total", "reason"), reason);
    }

    pub(crate) fn run_begins(&self, subject: &'static Subject) {
        self.handles(subject).running.increment(1.0);
    }

    pub(crate) fn run_ends(&self, subject: &'static Subject, took: Duration) {
        let handles = self.handles(subject);
        handles.running.decrement(1.0);
        handles.run_seconds.record(took);
    }

    pub(crate) fn abandoned(&self, subject: &'static Subject) {
        self.handles(subject).abandoned.increment(1);
    }

    fn count(&self, subject: &'static Subject, (name, label): (&'static str, &'static str), word: &'static str) {
        let mut by_reason = lock(&self.handles(subject).by_reason);
        let register = || counter!(name, "handler" => subject.label(), label => word);
        by_reason.entry((name, word)).or_insert_with(register).increment(1);
    }
}

impl Handles {
    fn of(handler: &'static str) -> Self {
        describe();
        let requests = |outcome: &'static str| counter!("cached_handler_requests_total", "handler" => handler, "outcome" => outcome);
        Self {
            hits: requests("hit"),
            near_hits: OnceLock::new(),
            far_hits: OnceLock::new(),
            stale: requests("stale"),
            forwards: requests("forward"),
            collapsed: requests("collapsed"),
            abandoned: counter!("cached_handler_abandoned_total", "handler" => handler),
            running: gauge!("cached_handler_running", "handler" => handler),
            run_seconds: histogram!("cached_handler_run_seconds", "handler" => handler),
            hit_seconds: histogram!("cached_handler_hit_seconds", "handler" => handler),
            by_reason: Mutex::default(),
        }
    }
}

/// One hit in this many is timed.
const SAMPLED: u32 = 64;

/// When a look-up began, if it is timed.
pub(crate) struct Sample(Option<Duration>);

thread_local! {
    /// The look-ups of this thread so far.
    static LOOK_UPS: Cell<u32> = const { Cell::new(0) };
}

impl Sample {
    #[inline]
    pub(crate) fn begin(clock: &Clock) -> Self {
        let look_ups = LOOK_UPS.try_with(|look_ups| look_ups.replace(look_ups.get().wrapping_add(1))).unwrap_or(1);
        Self(look_ups.is_multiple_of(SAMPLED).then(|| clock.precise()))
    }

    #[inline]
    pub(crate) fn hit(self, clock: &Clock, subject: &'static Subject) {
        if let Some(began) = self.0 {
            subject.meters.handles(subject).hit_seconds.record(clock.precise().saturating_sub(began));
        }
    }
}

/// The meters of one remote backend.
pub(crate) struct BackendMeters {
    name: Box<str>,
    operations: Mutex<BTreeMap<(&'static str, &'static str), Counter>>,
    seconds: Mutex<BTreeMap<&'static str, Histogram>>,
    breaker: OnceLock<Gauge>,
}

impl BackendMeters {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into(), operations: Mutex::default(), seconds: Mutex::default(), breaker: OnceLock::new() }
    }

    pub(crate) fn asked(&self, operation: &'static str, result: &'static str) {
        let register = || {
            describe();
            counter!("cached_handler_backend_operations_total", "backend" => self.name.to_string(), "operation" => operation, "result" => result)
        };
        lock(&self.operations).entry((operation, result)).or_insert_with(register).increment(1);
    }

    pub(crate) fn took(&self, operation: &'static str, time: Duration) {
        let register = || {
            describe();
            histogram!("cached_handler_backend_seconds", "backend" => self.name.to_string(), "operation" => operation)
        };
        lock(&self.seconds).entry(operation).or_insert_with(register).record(time);
    }

    pub(crate) fn breaker(&self, is_open: bool) {
        let register = || {
            describe();
            gauge!("cached_handler_breakers_open", "backend" => self.name.to_string())
        };
        let gauge = self.breaker.get_or_init(register);
        if is_open { gauge.increment(1.0) } else { gauge.decrement(1.0) }
    }
}

/// The meters of memory backends: the sum over all caches of the process.
pub(crate) struct MemoryMeters(OnceLock<MemoryHandles>);

struct MemoryHandles {
    bytes: Gauge,
    responses: Gauge,
    evictions: Counter,
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; exact up to 2^53")]
impl MemoryMeters {
    pub(crate) fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(crate) fn more(&self, bytes: u64, responses: u64) {
        let of = self.of();
        of.bytes.increment(bytes as f64);
        of.responses.increment(responses as f64);
    }

    pub(crate) fn less(&self, bytes: u64, responses: u64) {
        let of = self.of();
        of.bytes.decrement(bytes as f64);
        of.responses.decrement(responses as f64);
    }

    pub(crate) fn evicted(&self) {
        self.of().evictions.increment(1);
    }

    fn of(&self) -> &MemoryHandles {
        self.0.get_or_init(|| {
            describe();
            MemoryHandles {
                bytes: gauge!("cached_handler_memory_bytes"),
                responses: gauge!("cached_handler_memory_responses"),
                evictions: counter!("cached_handler_evictions_total"),
            }
        })
    }
}

/// The meters of the lease of a process in Redis.
#[cfg(feature = "redis")]
pub(crate) struct LeaseMeters(OnceLock<(Gauge, Gauge)>);

#[cfg(feature = "redis")]
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; exact up to 2^53")]
impl LeaseMeters {
    pub(crate) fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(crate) fn is(&self, is_held: bool, generation: u64) {
        let register = || {
            describe();
            (gauge!("cached_handler_lease_held"), gauge!("cached_handler_lease_generation"))
        };
        let (held, of_generation) = self.0.get_or_init(register);
        held.set(if is_held { 1.0 } else { 0.0 });
        of_generation.set(generation as f64);
    }
}

/// Counts an invalidation or expiration.
pub(crate) fn advanced(scope: &'static str, effect: &'static str, is_ok: bool) {
    describe();
    let result = if is_ok { "ok" } else { "error" };
    counter!("cached_handler_invalidations_total", "scope" => scope, "effect" => effect, "result" => result).increment(1);
}

impl fmt::Debug for BackendMeters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendMeters").field("name", &self.name).finish_non_exhaustive()
    }
}
