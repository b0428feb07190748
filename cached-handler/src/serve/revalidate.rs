//! Step 3: what a stored response that is not fresh still allows: to be asked for, freshened, and to stand in for a
//! failure.

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, response::Parts};

use super::{Rest, Run, answer};
use crate::{
    header::date,
    outcome::{Forward, NotStored, StaleUse},
    rules::stale::is_error,
    stored::{Slot, Stored},
};

impl Run {
    /// What is stored and could not answer.
    pub(crate) fn held(&self) -> Option<&Stored> {
        match self.key.held.as_deref() {
            Some(Slot::Response(stored)) => Some(stored),
            _ => None,
        }
    }

    /// Whether a failure of the handler can be hidden, as of now (RFC 5861 §4).
    pub(super) fn may_hide_failures(&self) -> bool {
        self.key.forward == Forward::Stale && self.held().is_some_and(|held| held.is_within(held.windows.if_error, self.now()))
    }

    /// The stale answer in place of a failure. Not after an invalidation, were it made a moment ago.
    pub(super) fn stale_for_a_failure(&self) -> Option<Response> {
        let (slot, held) = (self.key.held.as_deref()?, self.held()?);
        let epochs = &self.cache.inner().memory.epochs;
        let is_invalidated = held.marks.as_ref().is_some_and(|marks| epochs.invalidated(marks) > held.stamp.clock);
        if is_invalidated || !self.may_hide_failures() {
            return None;
        }
        Some(answer::stale(slot, StaleUse::IfError, self.handler, &self.facts, &self.cache, self.now()))
    }

    /// The same for an answer, where that is an error.
    pub(super) fn stale_for_an_error(&self, status: StatusCode) -> Option<Response> {
        if is_error(status) { self.stale_for_a_failure() } else { None }
    }

    /// The handler has failed, or has said something that nothing stored may stand in for.
    pub(super) fn tell_what_is_held(&self, reason: &NotStored) -> Option<Rest> {
        let held = self.held()?;
        if reason.is_failure() {
            self.cache.inner().attempts.failed(self.hash(), self.now());
            return None;
        }
        if !reason.lasts() {
            return None;
        }
        held.end();
        self.cache.inner().attempts.succeeded(self.hash());
        self.removing_held()
    }

    /// There is something new in the place of what was held.
    pub(super) fn made_anew(&self) {
        if self.held().is_some() {
            self.cache.inner().attempts.succeeded(self.hash());
        }
    }

    /// The fields by which the handler can be asked whether what is stored still holds (RFC 9111 §4.3.1): those of a
    /// validator of its own, where an argument hands them in.
    pub(crate) fn validators(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + '_ {
        let held = self.held().filter(|held| held.own_validator && self.key.traits.can_ask);
        held.into_iter().flat_map(|held| {
            let tag = held.fields.get(header::ETAG).map(|tag| (header::IF_NONE_MATCH, tag.clone()));
            let date = held.last_modified.clone().map(|date| (header::IF_MODIFIED_SINCE, date));
            tag.into_iter().chain(date)
        })
    }

    /// What the handler's 304 freshens, and the response that comes of it (RFC 9111 §4.3.4). Absent where it was not
    /// asked, or speaks of another representation.
    pub(super) fn freshened(&self, not_modified: &Parts) -> Option<Response> {
        if not_modified.status != StatusCode::NOT_MODIFIED || self.validators().next().is_none() {
            return None;
        }
        let held = self.held()?;
        if let Some(tag) = not_modified.headers.get(header::ETAG)
            && held.fields.get(header::ETAG).is_some_and(|known| without_weakness(known) != without_weakness(tag))
        {
            return None;
        }
        let mut response = Response::new(Body::from(held.content.clone()));
        *response.status_mut() = held.status;
        *response.headers_mut() = merged(held, &not_modified.headers, date::print(self.cache.inner().clock.wall()));
        *response.extensions_mut() = not_modified.extensions.clone();
        Some(response)
    }
}

/// RFC 9111 §3.2: each field of the 304 replaces those of its name, but for what describes the content itself.
fn merged(held: &Stored, new: &HeaderMap, now: HeaderValue) -> HeaderMap {
    let mut fields = held.fields.clone();
    fields.remove(header::AGE);
    fields.remove(header::CONTENT_LENGTH);
    if held.tells_clients {
        fields.remove(header::CACHE_CONTROL);
    }
    // A 304 without a date is as old as its arrival (RFC 9110 §6.6.1).
    fields.insert(header::DATE, now);
    for name in new.keys() {
        if matches!(*name, header::CONTENT_LENGTH | header::CONTENT_ENCODING | header::CONTENT_TYPE | header::CONTENT_RANGE) {
            continue;
        }
        fields.remove(name);
        for value in new.get_all(name) {
            fields.append(name.clone(), value.clone());
        }
    }
    fields
}

/// Weak comparison (RFC 9110 §8.8.3.2).
fn without_weakness(tag: &HeaderValue) -> &[u8] {
    let bytes = tag.as_bytes();
    bytes.strip_prefix(b"W/").unwrap_or(bytes)
}
