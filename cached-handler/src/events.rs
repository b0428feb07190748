//! What others can see of the decisions, besides the answer: one event each, and a warning the first time that
//! something keeps a handler's responses out of the store.

use crate::{
    handler::Handler,
    outcome::{Kept, NotStored, Outcome},
};

/// Whether anybody listens to hits; almost nothing where nobody does.
pub(crate) fn hits_are_seen() -> bool {
    tracing::enabled!(target: "cached_handler", tracing::Level::TRACE)
}

/// A request has been answered.
pub(crate) fn decided(handler: &'static Handler, outcome: &Outcome) {
    match outcome {
        Outcome::Hit { age, .. } => {
            tracing::trace!(target: "cached_handler", handler = handler.site.name, age = age.as_secs(), "hit");
        }
        Outcome::Stale { age, past, why } => {
            tracing::debug!(target: "cached_handler", handler = handler.site.name, age = age.as_secs(), past = past.as_secs(), why = why.as_str(), "stale");
        }
        Outcome::Forward { why, collapsed, kept } => {
            tracing::debug!(target: "cached_handler", handler = handler.site.name, fwd = why.as_str(), collapsed, kept = kept_word(kept), "forward");
            if let Kept::Not(reason) = kept {
                not_stored(handler, reason);
            }
        }
    }
}

/// The handler failed, and something stale stood in for it. Once for each pause of a key.
pub(crate) fn hidden(handler: &'static Handler, reason: &NotStored) {
    tracing::warn!(target: "cached_handler", handler = handler.site.name, reason = reason.as_str(), "the handler failed: {reason}; a stale response stands in for it");
}

/// A response was not stored: worth a warning where the author can do something about it.
pub(crate) fn not_stored(handler: &'static Handler, reason: &NotStored) {
    if reason.is_for_the_author() && handler.warns_first(reason) {
        let site = &handler.site;
        tracing::warn!(target: "cached_handler", handler = site.name, file = site.file, line = site.line, reason = reason.as_str(), "not stored: {reason}; said once for this handler and reason");
    }
}

fn kept_word(kept: &Kept) -> &'static str {
    match kept {
        Kept::Stored => "stored",
        Kept::Storing => "storing",
        Kept::Freshened => "freshened",
        Kept::Streaming => "streaming",
        Kept::Not(reason) => reason.as_str(),
    }
}
