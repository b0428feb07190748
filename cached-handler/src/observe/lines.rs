//! Log lines. Each macro call of `tracing` expands to much code, so there is one for each kind of line, and the text is a
//! parameter.

use tracing::{Level, debug, error, field, info, warn};

use super::Subject;
use crate::error::Error;

/// A warning for the author of a handler, with the number of such lines that were left out.
pub(super) fn of_handler(subject: &'static Subject, reason: &'static str, left_out: u64, what: &str) {
    warn!(target: "cached_handler", handler = subject.label(), file = subject.file, line = subject.line, reason, left_out, "{what}");
}

/// A warning for the author of a handler that the cache does not help: the main reason, and for how many answers it was.
pub(super) fn unused(subject: &'static Subject, reason: &'static str, share: u32, what: &str) {
    warn!(target: "cached_handler", handler = subject.label(), file = subject.file, line = subject.line, reason, share, "{what}");
}

/// A failed invalidation, or a mistake in the set-up.
pub(super) fn of_cache(error: Option<&Error>, left_out: u64, what: &str) {
    error!(target: "cached_handler", error = error.map(field::debug), left_out, "{what}");
}

/// A backend call for a request has failed.
pub(crate) fn call_failed(subject: &'static Subject, operation: &'static str, error: &Error) {
    debug!(target: "cached_handler", handler = subject.label(), error = ?error, "a backend failed to {operation}");
}

/// The fields of a line about a backend, beside its name.
#[derive(Clone, Copy)]
pub(crate) struct Why<'e> {
    pub(crate) operation: Option<&'static str>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) error: Option<&'e Error>,
}

/// A change in the health of a backend.
pub(crate) fn of_backend(level: Level, backend: &str, what: &str, why: Why<'_>) {
    let Why { operation, reason, error } = why;
    let error = error.map(field::debug);
    match level {
        Level::ERROR => error!(target: "cached_handler", backend, operation, reason, error, "{what}"),
        Level::WARN => warn!(target: "cached_handler", backend, operation, reason, error, "{what}"),
        Level::INFO => info!(target: "cached_handler", backend, operation, reason, error, "{what}"),
        _ => debug!(target: "cached_handler", backend, operation, reason, error, "{what}"),
    }
}
