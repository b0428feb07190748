//! The public statistics of a cache.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use crate::{observe::Counts, util::lock::lock};

/// The statistics of one [`Cache`](crate::Cache) since it was built; from [`Cache::stats`](crate::Cache::stats). Counters only grow.
/// They are read one after another, so in a busy cache they may not match exactly.
///
/// For a dashboard, export metrics (feature `metrics`) instead: they tell handlers apart.
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
    /// How many of these the copy in memory answered, in front of a shared backend (`memory+redis`, `memory+fs`).
    pub near_hits: u64,
    /// How many the shared backend behind such a copy answered.
    pub far_hits: u64,
    /// Requests answered from a stale one, by [`StaleUse::as_str`](crate::StaleUse::as_str).
    pub stale: BTreeMap<&'static str, u64>,
    /// Requests that were forwarded to the handler, by reason: [`Forward::as_str`](crate::Forward::as_str), except `invalidated`,
    /// and [`Bypass::as_str`](crate::Bypass::as_str) for a bypass.
    pub forwards: BTreeMap<&'static str, u64>,
    /// How many of the forwarded requests were answered by another request's run.
    pub collapsed: u64,
    /// What became of new responses: `stored` or `freshened`. Those that are `storing` or `streaming` are counted again in the end, as
    /// `stored` or in `not_stored`.
    pub kept: BTreeMap<&'static str, u64>,
    /// New responses that were not stored, by [`NotStored::as_str`](crate::NotStored::as_str).
    pub not_stored: BTreeMap<&'static str, u64>,
    /// Runs that have begun: for requests, and in the background after stale answers.
    pub runs: u64,
    /// Runs in progress.
    pub running: u64,
    /// Runs that were dropped with their request. Detached runs never are.
    pub abandoned: u64,
    /// Invalidations carried out in this cache: one for each target.
    pub invalidations: u64,
    /// Expirations carried out in this cache: one for each target.
    pub expirations: u64,
    /// Invalidations and expirations that failed on a backend.
    pub failed_invalidations: u64,
    /// Calls of remote backends.
    pub backend_calls: u64,
    /// How many of these calls failed or took too long.
    pub backend_errors: u64,
    /// Calls that were not made, as the circuit breaker was open or the backend busy.
    pub backend_spared: u64,
    /// Backends whose circuit breaker is open, as they have failed too often.
    pub breakers_open: u64,
    /// Stored bytes that were found damaged or another's, and not used.
    pub damaged: u64,
    /// Handlers that the cache did not help: a hundred answers in a row neither came from it nor were stored. Each handler counts
    /// once, and a log line says why.
    pub unused: u64,
    /// Bytes that the memory backend holds: keys, fields, contents and overhead.
    pub memory_bytes: u64,
    /// Stored responses that the memory backend holds.
    pub memory_responses: u64,
    /// Stored responses that the memory backend has evicted for space.
    pub evictions: u64,
}

impl Stats {
    /// All requests that have been answered: hits, stale answers and forwards.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.hits + self.stale.values().sum::<u64>() + self.forwards.values().sum::<u64>()
    }

    /// `memory`: the bytes and responses in the memory backend, and its evictions.
    pub(crate) fn of(counts: &Counts, (memory_bytes, memory_responses, evictions): (u64, u64, u64)) -> Self {
        let by_reason = lock(&counts.by_reason);
        Self {
            hits: counts.hits.sum(),
            near_hits: counts.near_hits.sum(),
            far_hits: counts.far_hits.sum(),
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
