//! Step 6: the answer, derived from a stored response as RFC 9110 says, or passed on from the handler.

use std::{
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use http_body::Frame;

use super::Run;
use crate::{
    cache::Cache,
    clock::Millis,
    events,
    handler::Handler,
    header::cache_status,
    outcome::{Outcome, StaleUse},
    rules::conditional::not_modified,
    seen::Facts,
    stored::{Slot, Stored},
};

/// Answers from the store.
#[inline]
pub(super) fn hit(stored: &Stored, handler: &'static Handler, facts: &Facts, cache: &Cache, now: Millis) -> Response {
    events::hit(cache, handler);
    let age = stored.age_secs(now);
    if !cache.inner().is_watched() && !events::hits_are_seen() {
        return derive(stored, facts, Some(age));
    }
    let outcome = Outcome::Hit { age: Duration::from_secs(age), ttl: stored.remaining(now) };
    finish(derive(stored, facts, Some(age)), cache, handler, outcome)
}

/// Answers from a stale response, as a window allows.
pub(super) fn stale(slot: &Slot, why: StaleUse, handler: &'static Handler, facts: &Facts, cache: &Cache, now: Millis) -> Response {
    let Slot::Response(stored) = slot else { return Response::default() };
    let response = derive(stored, facts, Some(stored.age_secs(now)));
    let outcome = Outcome::Stale { age: Duration::from_secs(stored.age_secs(now)), past: stored.past(now), why };
    finish(response, cache, handler, outcome)
}

/// The response that `request` gets out of `stored`: the whole, its fields alone (HEAD), or 304. `age` is absent where
/// the handler has just produced it.
pub(super) fn derive(stored: &Stored, facts: &Facts, age: Option<u64>) -> Response {
    let unchanged = facts.conditional().is_some_and(|conditional| {
        stored.whole.status.is_success()
            && not_modified(
                &conditional.if_none_match,
                conditional.if_modified_since(),
                stored.entity_tag.as_ref(),
                stored.last_modified.as_ref(),
            )
    });
    let mut head = if unchanged { &stored.not_modified } else { &stored.whole }.clone();
    match age {
        Some(age) => set_age(&mut head.headers, age),
        None => stored.without_age(&mut head.headers),
    }
    if let Some(cache_control) = stored.for_clients.at(age.unwrap_or_default()) {
        head.headers.insert(header::CACHE_CONTROL, cache_control);
    }
    let body = if unchanged || facts.method == Method::HEAD { Body::new(Nothing) } else { Body::from(stored.content.clone()) };
    Response::from_parts(head, body)
}

/// Says what was done: in the extensions, in `Cache-Status` where it is on, and as an event.
pub(super) fn finish(mut response: Response, cache: &Cache, handler: &'static Handler, outcome: Outcome) -> Response {
    if let Some(name) = &cache.inner().status_name {
        cache_status::append(response.headers_mut(), name, &outcome);
    }
    events::decided(cache, handler, &outcome);
    // Three allocations, a sixth of what a hit costs: on hits only where someone reads it.
    if cache.inner().outcome_on_hits || !matches!(outcome, Outcome::Hit { .. }) {
        response.extensions_mut().insert(outcome);
    }
    response
}

impl Run {
    /// The same for what this run came to; where its request has been answered already, only that is noted.
    pub(super) fn finish(&self, response: Response, outcome: Outcome) -> Response {
        match &outcome {
            Outcome::Forward { kept, .. } if self.behind => {
                events::settled(&self.cache, self.handler, kept);
                response
            }
            _ => finish(response, &self.cache, self.handler, outcome),
        }
    }
}

/// Sets the value of the line that [`reserve_age`] put in the first place, where it is found without a search.
fn set_age(fields: &mut HeaderMap, age: u64) {
    match fields.iter_mut().next() {
        Some((name, value)) if *name == header::AGE => *value = age_value(age),
        _ => drop(fields.insert(header::AGE, age_value(age))),
    }
}

/// `Age` in seconds; the first ten minutes are ready, as text that lives as long as the process: whoever clones such a
/// value counts no references.
fn age_value(secs: u64) -> HeaderValue {
    static READY: LazyLock<Vec<HeaderValue>> =
        LazyLock::new(|| (0..600_u64).map(|secs| HeaderValue::from_static(secs.to_string().leak())).collect());
    usize::try_from(secs).ok().and_then(|secs| READY.get(secs)).cloned().unwrap_or_else(|| HeaderValue::from(secs))
}

/// No content, of no known length: so that nobody adds `Content-Length: 0` to a 304 or to a HEAD's answer.
struct Nothing;

impl http_body::Body for Nothing {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::default()
    }
}

/// The lines of a stored response, with room for the `Age` that each answer sets.
pub(super) fn reserve_age(fields: &mut HeaderMap) {
    let lines = fields.len() + 1;
    let mut all = HeaderMap::with_capacity(lines);
    all.insert(header::AGE, age_value(0));
    let mut last = None;
    for (name, value) in std::mem::take(fields) {
        last = name.or(last);
        if let Some(name) = last.as_ref().filter(|name| *name != header::AGE) {
            all.append(name, value);
        }
    }
    *fields = all;
}
