//! The uses of a stale stored response: it is revalidated, freshened, and stands in for a failure.

use std::time::Duration;

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header, response::Parts};

use super::{Run, answer, merge};
use crate::{
    header::date,
    outcome::{Forward, Kept, NotStored, StaleUse},
    rules::{conditional::is_the_same_weakly, stale::is_error},
    storage::Later,
    stored::Stored,
};

impl Run {
    /// Whether a failure of the handler can be hidden now (RFC 5861 §4), including that of a refresh that could not run in the background.
    pub(super) fn may_hide_failures(&self) -> bool {
        let is_open = |held: &Stored| {
            let behind = if self.key.permit.is_some() { held.windows.while_revalidate } else { Duration::ZERO };
            held.is_within(held.windows.if_error.max(behind), self.now())
        };
        self.key.forward == Forward::Stale && self.held().is_some_and(is_open)
    }

    /// The stale answer to a request that refreshes the response in the background.
    pub(super) fn stale_while_refreshed(&self) -> Option<Response> {
        let held = self.held().filter(|_| self.key.permit.is_some())?;
        Some(answer::stale(held, StaleUse::WhileRevalidate, self.handler, &self.facts, &self.cache, self.now()))
    }

    /// The stale answer in place of a failure, unless the response was invalidated. In memory the epochs are checked now; in a backend
    /// they were read with the look-up.
    pub(super) fn stale_for_a_failure(&self) -> Option<Response> {
        let held = self.held()?;
        let epochs = &self.cache.inner().memory.epochs;
        let is_invalidated = held.marks.as_ref().is_some_and(|marks| epochs.invalidated(marks) > held.stamp.clock);
        if is_invalidated || !self.may_hide_failures() {
            return None;
        }
        if self.behind {
            return Some(Response::default());
        }
        Some(answer::stale(held, StaleUse::IfError, self.handler, &self.facts, &self.cache, self.now()))
    }

    /// The stale answer in place of an answer that is an error.
    pub(super) fn stale_for_an_error(&self, status: StatusCode) -> Option<Response> {
        if is_error(status) { self.stale_for_a_failure() } else { None }
    }

    /// Updates the stored response after a run whose response is not stored: after a failure, the next attempt waits; otherwise its stale
    /// use ends.
    pub(super) fn tell_what_is_held(&self, reason: &NotStored) -> Option<Later> {
        let held = self.held()?;
        match reason {
            // The reason concerns the request, and not the stored response.
            NotStored::Credentials => None,
            reason if is_hidden(reason) || matches!(reason, NotStored::BrokenOff | NotStored::RunTooLong) => {
                self.pause(held);
                None
            }
            reason if reason.lasts() => self.end_held(),
            _ => None,
        }
    }

    /// Ends the stale use of the stored response.
    pub(super) fn end_held(&self) -> Option<Later> {
        let held = self.held()?;
        held.end();
        self.cache.inner().refresh_backoff.succeeded(self.hash(), self.now());
        self.storage().removing_ended(&self.entry(), held)
    }

    /// Notes whether the refresh succeeded; if the response could not be replaced, the next attempt waits.
    pub(super) fn note_whether_made_anew(&self, kept: Kept) -> Kept {
        if let Some(held) = self.held() {
            match kept {
                Kept::Not(NotStored::Invalidated) => {}
                Kept::Not(_) => self.pause(held),
                _ => self.cache.inner().refresh_backoff.succeeded(self.hash(), self.now()),
            }
        }
        kept
    }

    fn pause(&self, held: &Stored) {
        if held.windows.any() {
            self.cache.inner().refresh_backoff.failed(self.hash(), self.now());
        }
    }

    /// What the handler's response says about the stored one.
    pub(super) fn answered(&self, parts: &Parts) -> Answered {
        if parts.status != StatusCode::NOT_MODIFIED || self.validators().next().is_none() {
            return Answered::Anew;
        }
        let Some(held) = self.held() else { return Answered::Anew };
        if let Some(tag) = parts.headers.get(header::ETAG)
            && held.fields.get(&header::ETAG).is_some_and(|known| !is_the_same_weakly(known, tag))
        {
            self.facts.tell_around(held, self.cache.inner().id);
            return Answered::Otherwise(answer::derive(held, self.handler, &self.facts, Some(held.age_secs(self.now()))));
        }
        let mut response = Response::new(Body::from(held.content.clone()));
        *response.status_mut() = held.status;
        *response.headers_mut() =
            merge::fields(held, parts.headers.clone(), self.handler.policy.targeted_fields, date::print(self.cache.inner().clock.wall()));
        if self.is_head() && held.tells_length {
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(held.content.len()));
        }
        *response.extensions_mut() = parts.extensions.clone();
        merge::beside(held, response.extensions_mut());
        Answered::StillHolds(response)
    }
}

/// The result of a revalidation.
pub(super) enum Answered {
    /// The handler has made a new response.
    Anew,
    /// The handler has confirmed the stored response, which gets the fields of the 304 (RFC 9111 §4.3.4).
    StillHolds(Response),
    /// A 304 that names another representation than the stored one. The stored response answers this request, as the handler was asked
    /// about it; after that, unless it is fresh, it is not used any more.
    Otherwise(Response),
}

/// Whether a stale response may stand in for a failure with this reason (RFC 5861 §4).
pub(super) fn is_hidden(reason: &NotStored) -> bool {
    match reason {
        NotStored::Status(status) => StatusCode::from_u16(*status).is_ok_and(is_error),
        NotStored::Panicked | NotStored::TimedOut => true,
        _ => false,
    }
}
