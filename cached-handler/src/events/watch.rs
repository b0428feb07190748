//! The calls of one backend that has to be waited for: counted and timed.

use std::sync::{Arc, atomic::Ordering};

use tokio::time::Instant;

use super::{BackendMeters, Counts};
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

    /// Waits for a call, and notes how it went. `operation` is one of a few words.
    pub(crate) async fn over<T>(&self, operation: &'static str, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let began = Instant::now();
        let outcome = call.await;
        let counts = &self.counts;
        let result = match outcome.as_ref().map_err(Error::as_fault) {
            Ok(_) => "ok",
            Err(Fault::Spared(_)) => "spared",
            Err(_) => "error",
        };
        match result {
            "spared" => _ = counts.backend_spared.fetch_add(1, Ordering::Relaxed),
            result => {
                counts.backend_calls.fetch_add(1, Ordering::Relaxed);
                counts.backend_errors.fetch_add(u64::from(result == "error"), Ordering::Relaxed);
                self.meters.took(operation, began.elapsed());
            }
        }
        self.meters.asked(operation, result);
        outcome
    }

    /// The breaker has opened, and the backend is left alone; or it has closed. To be called on each change, in turns,
    /// and on no other occasion.
    pub(crate) fn breaker(&self, is_open: bool) {
        if is_open {
            self.counts.breakers_open.fetch_add(1, Ordering::Relaxed);
        } else {
            self.counts.breakers_open.fetch_sub(1, Ordering::Relaxed);
        }
        self.meters.breaker(is_open);
    }
}
