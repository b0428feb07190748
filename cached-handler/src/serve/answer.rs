//! Step 6: the answer, derived from a stored response as RFC 9110 says, or passed on from the handler.

use std::{mem, time::Duration};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header, response::Parts};

use super::Run;
use crate::{
    body::length,
    cache::Cache,
    handler::Handler,
    header::{cache_status, entity_tag::TagRef},
    observe,
    outcome::{Forward, Kept, NotStored, Outcome, StaleUse, Tier},
    request::facts::RequestFacts,
    rules::{
        conditional::{Selected, Verdict, refusal_fields, verdict},
        conditions::Conditional,
        range::{content_range, unsatisfied_range},
    },
    stored::{Stored, Tag, lines::set_tag},
    util::clock::Millis,
};

/// Answers with a fresh stored response.
#[expect(clippy::inline_always, reason = "a call on the way of every hit")]
#[inline(always)]
pub(super) fn hit(stored: &Stored, tier: Tier, handler: &'static Handler, facts: &RequestFacts, cache: &Cache, now: Millis) -> Response {
    let age = stored.age_secs(now);
    facts.tell_around(stored, cache.inner().id);
    if !stored.is_fresh(now) {
        let outcome = Outcome::Stale { age: Duration::from_secs(age), past: stored.past(now), why: StaleUse::Accepted };
        return finish(derive(stored, handler, facts, Some(age)), cache, handler, outcome);
    }
    cache.inner().observer.hit(&handler.subject, tier);
    if !cache.inner().is_watched() && !observe::hits_are_seen() {
        // Most requests are plain: a GET without preconditions or range.
        let is_plain = facts.conditional().is_none() && !facts.is_head() && stored.value.is_none();
        return if is_plain { whole(stored, facts, age) } else { derive(stored, handler, facts, Some(age)) };
    }
    let outcome = Outcome::Hit { age: Duration::from_secs(age), ttl: stored.remaining(now), tier };
    finish(derive(stored, handler, facts, Some(age)), cache, handler, outcome)
}

/// As [`hit`], out of line: for a variant, which took more than one look to find.
#[cold]
pub(super) fn hit_of_variant(
    stored: &Stored,
    tier: Tier,
    handler: &'static Handler,
    facts: &RequestFacts,
    cache: &Cache,
    now: Millis,
) -> Response {
    hit(stored, tier, handler, facts, cache, now)
}

/// The result of [`derive`] for a plain request.
#[expect(clippy::inline_always, reason = "a call on the way of every hit")]
#[inline(always)]
fn whole(stored: &Stored, facts: &RequestFacts, age: u64) -> Response {
    let mut response = response_of(stored.status, stored.fields.answer(age), Body::from(stored.content.clone()));
    if !stored.extensions.is_empty() {
        *response.extensions_mut() = stored.extensions.clone();
    }
    give_form_of_tag(&stored.tag, facts, response.headers_mut());
    if let Some(cache_control) = stored.fields.cache_control_at(age) {
        response.headers_mut().insert(header::CACHE_CONTROL, cache_control);
    }
    response
}

/// Answers from a stale response, as a window allows.
pub(super) fn stale(
    stored: &Stored,
    why: StaleUse,
    handler: &'static Handler,
    facts: &RequestFacts,
    cache: &Cache,
    now: Millis,
) -> Response {
    facts.tell_around(stored, cache.inner().id);
    let response = derive(stored, handler, facts, Some(stored.age_secs(now)));
    let outcome = Outcome::Stale { age: Duration::from_secs(stored.age_secs(now)), past: stored.past(now), why };
    finish(response, cache, handler, outcome)
}

/// The answer to a request from `stored`: the whole response, its fields alone (HEAD), a part, or 304. `age` is absent if the handler
/// has just produced it.
pub(super) fn derive(stored: &Stored, handler: &Handler, facts: &RequestFacts, age: Option<u64>) -> Response {
    derive_from(stored, &stored.content, handler, facts, age)
}

/// As [`derive`], with `content` in place of the stored content: the same bytes, which may also hold read-ahead portions.
pub(super) fn derive_from(stored: &Stored, content: &Bytes, handler: &Handler, facts: &RequestFacts, age: Option<u64>) -> Response {
    let is_stored = age.is_some();
    let verdict = facts
        .conditional()
        .map_or(Verdict::Whole, |asked| verdict(asked, facts.method(), &selected(stored, asked, handler, facts, is_stored)));
    let seconds = age.unwrap_or_default();
    let mut fields = match verdict {
        Verdict::NotModified => stored.fields.not_modified(handler.policy.targeted_fields, seconds),
        _ => stored.fields.answer(seconds),
    };
    if !is_stored {
        stored.without_age(&mut fields);
    }
    give_form_of_tag(&stored.tag, facts, &mut fields);
    if let Some(cache_control) = stored.fields.cache_control_at(seconds) {
        fields.insert(header::CACHE_CONTROL, cache_control);
    }
    let mut status = stored.status;
    let body = match verdict {
        Verdict::Whole if facts.is_head() => length::answer_to_head(stored, content, handler, facts, &mut fields),
        Verdict::Whole => Body::from(content.clone()),
        Verdict::NotModified => {
            status = StatusCode::NOT_MODIFIED;
            length::not_modified(&mut fields, Some(stored.content.len() as u64), facts)
        }
        Verdict::Part { first, last } => {
            status = StatusCode::PARTIAL_CONTENT;
            part(&mut fields, content, first, last)
        }
        Verdict::Failed => return failed(&fields),
        Verdict::Outside => return outside(&fields, stored.content.len()),
    };
    let mut response = response_of(status, fields, body);
    if !stored.extensions.is_empty() {
        *response.extensions_mut() = stored.extensions.clone();
    }
    if let Some(value) = &stored.value {
        response.extensions_mut().insert(value.clone());
    }
    response
}

#[expect(clippy::inline_always, reason = "a call on the way of every hit")]
#[inline(always)]
fn response_of(status: StatusCode, fields: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    // The map that was there is empty: it has no memory, and need not be dropped.
    mem::forget(mem::replace(response.headers_mut(), fields));
    response
}

/// What the request's conditions look at. `is_stored`: it lay in the store, and has not just been made.
fn selected<'a>(stored: &'a Stored, asked: &Conditional, handler: &Handler, facts: &RequestFacts, is_stored: bool) -> Selected<'a> {
    let entity_tag = || stored.fields.get(&header::ETAG);
    Selected {
        status: stored.status,
        entity_tag: match &stored.tag {
            Tag::Own => entity_tag().and_then(TagRef::parse),
            Tag::ByRequest(strong) if !facts.flags.accepts_a_coding => Some(TagRef::of_printed(strong)),
            Tag::Made | Tag::ByRequest(_) => entity_tag().map(TagRef::of_printed),
        },
        last_modified: if asked.asks_by_date() { stored.fields.get(&header::LAST_MODIFIED) } else { None },
        date: if asked.asks_by_date() { stored.fields.get(&header::DATE) } else { None },
        length: Some(stored.content.len()),
        goes_by_its_date: is_stored && handler.forwards(),
        may_change: facts.flags.accepts_a_coding && matches!(stored.tag, Tag::ByRequest(_)),
    }
}

/// 206: a part of the whole (RFC 9110 §15.3.7), never stored as such.
fn part(fields: &mut HeaderMap, whole: &Bytes, first: usize, last: usize) -> Body {
    if let Some(range) = content_range(first, last, whole.len()) {
        fields.insert(header::CONTENT_RANGE, range);
    }
    Body::from(whole.slice(first..=last))
}

pub(super) fn is_part(head: &mut Parts, first: usize, last: usize, length: usize) {
    head.status = StatusCode::PARTIAL_CONTENT;
    if let Some(range) = content_range(first, last, length) {
        head.headers.insert(header::CONTENT_RANGE, range);
    }
}

/// 416, with the complete length (RFC 9110 §15.5.17).
pub(super) fn outside(fields: &HeaderMap, length: usize) -> Response {
    let mut response = refusal(StatusCode::RANGE_NOT_SATISFIABLE, fields);
    if let Some(range) = unsatisfied_range(length) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    response
}

/// 412 (RFC 9110 §15.5.13).
pub(super) fn failed(fields: &HeaderMap) -> Response {
    refusal(StatusCode::PRECONDITION_FAILED, fields)
}

/// An answer that refuses the request because of its own preconditions or range.
fn refusal(status: StatusCode, fields: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    (*response.status_mut(), *response.headers_mut()) = (status, refusal_fields(fields));
    response
}

/// 504, if the request said `only-if-cached` and no stored response can answer (RFC 9111 §5.2.1.7).
pub(super) fn gateway_timeout(run: &Run) -> Response {
    let response = refusal(StatusCode::GATEWAY_TIMEOUT, &HeaderMap::new());
    let outcome = Outcome::Forward { why: Forward::Request, collapsed: false, kept: Kept::Not(NotStored::OnlyIfCached) };
    finish(response, &run.cache, run.handler, outcome)
}

/// Reports the outcome: in the extensions, in `Cache-Status` if it is on, and as an event.
pub(super) fn finish(mut response: Response, cache: &Cache, handler: &'static Handler, outcome: Outcome) -> Response {
    if let Some(name) = &cache.inner().status_name {
        cache_status::append(response.headers_mut(), name, &outcome);
    }
    cache.inner().observer.decided(&handler.subject, &outcome);
    // Three allocations, a sixth of the cost of a hit: so on hits only if the builder asks for it.
    if cache.inner().outcome_on_hits || !matches!(outcome, Outcome::Hit { .. }) {
        response.extensions_mut().insert(outcome);
    }
    response
}

impl Run {
    /// Reports the outcome of this run. If its request has been answered already, only what became of the response is reported.
    pub(super) fn finish(&self, response: Response, outcome: Outcome) -> Response {
        match &outcome {
            Outcome::Forward { kept, .. } if self.behind => {
                self.cache.inner().observer.settled(&self.handler.subject, kept);
                response
            }
            _ => finish(response, &self.cache, self.handler, outcome),
        }
    }
}

/// Reports that this cache took no part in an answer, unless a cache inside has reported its own outcome.
pub(crate) fn passed_by(response: Response, cache: &Cache, handler: &'static Handler, why: Forward) -> Response {
    if response.extensions().get::<Outcome>().is_some() {
        return response;
    }
    // With the cache's defaults, as for hits.
    let handler = handler.with(cache.inner().defaults);
    let reason = if why == Forward::Method { NotStored::Method } else { NotStored::Bypass };
    finish(response, cache, handler, Outcome::Forward { why, collapsed: false, kept: Kept::Not(reason) })
}

/// Replaces the weak form of the entity tag with the strong one for a request that accepts no coding, as no layer changes the bytes
/// that it gets.
#[expect(clippy::inline_always, reason = "a call on the way of every hit")]
#[inline(always)]
pub(super) fn give_form_of_tag(tag: &Tag, facts: &RequestFacts, fields: &mut HeaderMap) {
    if let Tag::ByRequest(strong) = tag
        && !facts.flags.accepts_a_coding
    {
        set_tag(fields, strong);
    }
}
