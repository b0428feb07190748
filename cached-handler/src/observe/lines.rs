//! Lines of the log that several places write. Each macro of `tracing` is much code, so there is one for each kind of
//! line and not one for each wording.

use tracing::{Level, debug, error, field, info, warn};

use super::Subject;
use crate::error::Error;

/// For the author of a handler: what is not as it should be, and how many such lines were left out.
pub(super) fn of_handler(subject: &'static Subject, reason: &'static str, left_out: u64, what: &str) {
    warn!(target: "cached_handler", handler = subject.label(), file = subject.file, line = subject.line, reason, left_out, "{what}");
}

/// For the author of a handler of which the cache is of no use: for which share of its answers, and why.
pub(super) fn unused(subject: &'static Subject, reason: &'static str, share: u32, what: &str) {
    warn!(target: "cached_handler", handler = subject.label(), file = subject.file, line = subject.line, reason, share, "{what}");
}

/// What invalidations or the set-up lack.
pub(super) fn of_cache(error: Option<&Error>, left_out: u64, what: &str) {
    error!(target: "cached_handler", error = error.map(field::debug), left_out, "{what}");
}

/// A backend could not do what a request asked it for.
pub(crate) fn call_failed(subject: &'static Subject, operation: &'static str, error: &Error) {
    debug!(target: "cached_handler", handler = subject.label(), error = ?error, "a backend failed to {operation}");
}

/// What a line about a backend may say beside its name.
#[derive(Clone, Copy)]
pub(crate) struct Why<'e> {
    pub(crate) operation: Option<&'static str>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) error: Option<&'e Error>,
}

/// The health of a backend has changed.
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
