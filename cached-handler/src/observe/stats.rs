//! What a cache has done, in numbers.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use crate::{observe::Counts, util::lock::lock};

/// What one [`Cache`](crate::Cache) has done since it was built, and what it holds; from
/// [`Cache::stats`](crate::Cache::stats). The counters only ever grow. They are read one after another, so those of a
/// busy cache may differ by what happened meanwhile.
///
/// For a dashboard, export metrics (feature `metrics`) in place of these: they tell handlers apart.
///
/// ```
/// # fn f(cache: &cached_handler::Cache) {
/// for (reason, count) in &cache.stats().not_stored {
///     println!("{count} responses were not stored: {reason}");
/// }
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests answered from a fresh stored response.
    pub hits: u64,
    /// Requests answered from a stale one, by [`StaleUse::as_str`](crate::StaleUse::as_str).
    pub stale: BTreeMap<&'static str, u64>,
    /// Requests that went forward to the handler, by reason: [`Forward::as_str`](crate::Forward::as_str), but
    /// `invalidated` by that word, and a bypass by [`Bypass::as_str`](crate::Bypass::as_str).
    pub forwards: BTreeMap<&'static str, u64>,
    /// How many of these were answered by another request's run.
    pub collapsed: u64,
    /// What became of new responses: `stored`, `freshened`; `storing` and `streaming`, which come to be `stored` too, or
    /// are among `not_stored` in the end.
    pub kept: BTreeMap<&'static str, u64>,
    /// New responses that were not stored, by [`NotStored::as_str`](crate::NotStored::as_str).
    pub not_stored: BTreeMap<&'static str, u64>,
    /// Runs that have begun: of requests, and behind stale answers.
    pub runs: u64,
    /// Runs under way.
    pub running: u64,
    /// Runs that were dropped with their request. Those in tasks of their own never are.
    pub abandoned: u64,
    /// Invalidations carried out in this cache: one for each target.
    pub invalidations: u64,
    /// The same for what was made stale.
    pub expirations: u64,
    /// Invalidations and expirations that failed on a backend.
    pub failed_invalidations: u64,
    /// Calls of remote backends.
    pub backend_calls: u64,
    /// How many of these failed or took too long.
    pub backend_errors: u64,
    /// Calls that were not made, as the circuit breaker was open or the backend busy.
    pub backend_spared: u64,
    /// Backends whose circuit breaker is open, as they have failed too often.
    pub breakers_open: u64,
    /// Stored bytes that were found damaged or another's, and not used.
    pub damaged: u64,
    /// Handlers that the cache was of no use for: a hundred answers in a row neither came from it nor were stored. Each counts
    /// once, and a line of the log says why.
    pub unused: u64,
    /// Bytes that the memory backend holds: keys, fields, contents and overhead.
    pub memory_bytes: u64,
    /// Stored responses that the memory backend holds.
    pub memory_responses: u64,
    /// Stored responses that it has dropped for space.
    pub evictions: u64,
}

impl Stats {
    /// All requests that have been answered: hits, stale answers and forwards.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.hits + self.stale.values().sum::<u64>() + self.forwards.values().sum::<u64>()
    }

    /// `memory`: the bytes and responses that the memory holds, and how many it has evicted.
    pub(crate) fn of(counts: &Counts, (memory_bytes, memory_responses, evictions): (u64, u64, u64)) -> Self {
        let by_reason = lock(&counts.by_reason);
        Self {
            hits: counts.hits.sum(),
            stale: by_reason.stale.0.clone(),
            forwards: by_reason.forwards.0.clone(),
            collapsed: by_reason.collapsed,
            kept: by_reason.kept.0.clone(),
            not_stored: by_reason.not_stored.0.clone(),
            runs: counts.runs.load(Ordering::Relaxed),
            running: counts.running.load(Ordering::Relaxed),
            abandoned: counts.abandoned.load(Ordering::Relaxed),
            invalidations: by_reason.invalidations,
            expirations: by_reason.expirations,
            failed_invalidations: by_reason.failed_invalidations,
            backend_calls: counts.backend_calls.load(Ordering::Relaxed),
            backend_errors: counts.backend_errors.load(Ordering::Relaxed),
            backend_spared: counts.backend_spared.load(Ordering::Relaxed),
            breakers_open: counts.breakers_open.load(Ordering::Relaxed),
            damaged: by_reason.damaged,
            unused: by_reason.unused,
            memory_bytes,
            memory_responses,
            evictions,
        }
    }
}
