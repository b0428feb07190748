//! The calls of one remote backend: counted and timed.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{Counts, meters::BackendMeters};
use crate::error::{Error, Fault};

/// Watches one backend of one cache.
#[derive(Debug)]
pub(crate) struct Watch {
    counts: Arc<Counts>,
    meters: BackendMeters,
}

impl Watch {
    pub(crate) fn new(name: &str, counts: Arc<Counts>) -> Self {
        Self { counts, meters: BackendMeters::new(name) }
    }

    /// Reports the end of a call. `operation` is one of a few words.
    pub(crate) fn over(&self, operation: &'static str, took: Duration, error: Option<&Error>) {
        let counts = &self.counts;
        let result = match error.map(Error::as_fault) {
            None => "ok",
            Some(Fault::Spared(_)) => "spared",
            Some(_) => "error",
        };
        match result {
            "spared" => _ = counts.backend_spared.fetch_add(1, Ordering::Relaxed),
            result => {
                counts.backend_calls.fetch_add(1, Ordering::Relaxed);
                counts.backend_errors.fetch_add(u64::from(result == "error"), Ordering::Relaxed);
                self.meters.took(operation, took);
            }
        }
        self.meters.asked(operation, result);
    }

    /// Reports that the circuit breaker has opened or closed. Has to be called once for each change, in order.
    pub(crate) fn breaker(&self, is_open: bool) {
        if is_open {
            self.counts.breakers_open.fetch_add(1, Ordering::Relaxed);
        } else {
            self.counts.breakers_open.fetch_sub(1, Ordering::Relaxed);
        }
        self.meters.breaker(is_open);
    }
}
