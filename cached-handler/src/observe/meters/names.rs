//! The metrics by name, with their descriptions, as in the table of the guide.

use std::sync::Once;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

enum Kind {
    Counter,
    Gauge,
    Histogram,
}

use Kind::{Counter, Gauge, Histogram};

/// Name, kind, unit, meaning.
const METRICS: [(&str, Kind, Unit, &str); 21] = [
    ("cached_handler_requests_total", Counter, Unit::Count, "Requests answered, by handler and outcome: hit, stale, forward, collapsed."),
    ("cached_handler_forwards_total", Counter, Unit::Count, "Requests that went forward to the handler, by the reason."),
    ("cached_handler_tier_hits_total", Counter, Unit::Count, "Hits of a backend with a copy in memory, by the copy: near, far."),
    ("cached_handler_stale_total", Counter, Unit::Count, "Requests answered with a stale response, by the reason."),
    (
        "cached_handler_kept_total",
        Counter,
        Unit::Count,
        "New responses: stored, freshened; storing and streaming, which come to be stored or not.",
    ),
    ("cached_handler_not_stored_total", Counter, Unit::Count, "New responses that were not stored, by the reason."),
    ("cached_handler_abandoned_total", Counter, Unit::Count, "Runs that were dropped with their request."),
    ("cached_handler_damaged_total", Counter, Unit::Count, "Stored bytes that were found damaged or another's, and not used."),
    ("cached_handler_unused_total", Counter, Unit::Count, "Handlers that the cache was of no use for, by the main reason; each once."),
    ("cached_handler_running", Gauge, Unit::Count, "Runs under way."),
    ("cached_handler_run_seconds", Histogram, Unit::Seconds, "How long runs of the handler took."),
    ("cached_handler_hit_seconds", Histogram, Unit::Seconds, "How long look-up and answer took, of one hit in memory in 64."),
    ("cached_handler_invalidations_total", Counter, Unit::Count, "Invalidations and expirations, by scope, effect and result."),
    ("cached_handler_backend_operations_total", Counter, Unit::Count, "Calls of a backend, by operation and result."),
    ("cached_handler_backend_seconds", Histogram, Unit::Seconds, "How long calls of a backend took, by operation."),
    ("cached_handler_breakers_open", Gauge, Unit::Count, "Caches of the process whose circuit breaker for the backend is open."),
    ("cached_handler_lease_held", Gauge, Unit::Count, "Whether this process holds a lease in Redis: 1 or 0."),
    (
        "cached_handler_lease_generation",
        Gauge,
        Unit::Count,
        "How often invalidations in Redis may have been missed, so that near copies had to be validated.",
    ),
    ("cached_handler_memory_bytes", Gauge, Unit::Bytes, "Bytes held in memory: keys, fields, contents, overhead."),
    ("cached_handler_memory_responses", Gauge, Unit::Count, "Stored responses held in memory."),
    ("cached_handler_evictions_total", Counter, Unit::Count, "Stored responses dropped from memory for space."),
];

/// Describes the metrics to the recorder, once.
pub(super) fn describe() {
    static DESCRIBED: Once = Once::new();
    DESCRIBED.call_once(|| {
        for (name, kind, unit, meaning) in METRICS {
            match kind {
                Counter => describe_counter!(name, unit, meaning),
                Gauge => describe_gauge!(name, unit, meaning),
                Histogram => describe_histogram!(name, unit, meaning),
            }
        }
    });
}
