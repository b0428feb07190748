//! Evaluates preconditions and ranges against a response that is not stored, as they were hidden from its handler.

use axum::body::Body;
use http::{StatusCode, header, response::Parts};
use http_body::Body as _;

use super::{
    Run,
    answer::{failed, is_part, outside},
};
use crate::{
    body::{copy, cut::cut, length},
    header::entity_tag::TagRef,
    rules::{
        conditional::{Selected, Verdict, drop_what_no_304_has, verdict},
        length::{declared, is_declared_longer, is_endless},
        tag::is_left_alone,
    },
};

/// Applies the request's preconditions and range to a response that is not stored.
pub(super) fn under_conditions(run: &Run, parts: &mut Parts, body: Body) -> Body {
    let facts = &run.facts;
    let length = told_length(run, parts, &body);
    let verdict = verdict_on(run, parts, length);
    let refusal = match verdict {
        Verdict::Whole => return body,
        // The whole response is better than a 304 with a wrong length.
        Verdict::NotModified if lacks_its_length(run, length, &body) => return body,
        Verdict::NotModified => {
            parts.status = StatusCode::NOT_MODIFIED;
            drop_what_no_304_has(&mut parts.headers);
            return length::not_modified(&mut parts.headers, length, facts);
        }
        Verdict::Part { first, last } => {
            is_part(parts, first, last, length_of_parts(run, length).unwrap_or_default());
            parts.headers.remove(header::CONTENT_LENGTH);
            return cut(body, first, last);
        }
        Verdict::Failed => failed(&parts.headers),
        Verdict::Outside => outside(&parts.headers, length_of_parts(run, length).unwrap_or_default()),
    };
    let (refusal, body) = refusal.into_parts();
    (parts.status, parts.headers) = (refusal.status, refusal.headers);
    body
}

/// Reads content to its end if the answer is a 304 that needs its length. Not for longer than followers wait, and no more than may be
/// stored: otherwise the whole response is sent, which is always right.
pub(super) async fn with_the_length_of_a_304(run: &Run, parts: &Parts, body: Body) -> Body {
    let length = told_length(run, parts, &body);
    let is_needed = run.asks_whole() && lacks_its_length(run, length, &body) && verdict_on(run, parts, length) == Verdict::NotModified;
    let policy = &run.handler.policy;
    if !is_needed || is_declared_longer(&parts.headers, policy.max_body) || is_endless(&parts.headers) {
        return body;
    }
    match copy::complete(body, policy.max_body, &run.cache.inner().read_ahead, Some(policy.max_wait)).await {
        Ok(whole) => Body::from(whole.lend()),
        Err(refused) => refused.body,
    }
}

/// Whether a 304 needs a length that is only known at the end of the content.
fn lacks_its_length(run: &Run, length: Option<u64>, body: &Body) -> bool {
    length.is_none() && body.size_hint().exact().is_none() && length::must_tell_length(&run.facts)
}

/// The length of the content, if it is known before the content has been read.
fn told_length(run: &Run, parts: &Parts, body: &Body) -> Option<u64> {
    // An empty answer to HEAD says nothing about the length of GET's content.
    let exact = body.size_hint().exact().filter(|length| *length > 0 || !run.is_head());
    exact.or_else(|| declared(&parts.headers))
}

/// The length for cutting parts: a part of a response that is not stored is only sent if the handler could have sent parts itself.
fn length_of_parts(run: &Run, length: Option<u64>) -> Option<usize> {
    length.filter(|_| run.could_send_parts).and_then(|length| usize::try_from(length).ok())
}

/// The verdict of the request's preconditions and range on a response that is not stored.
fn verdict_on(run: &Run, parts: &Parts, length: Option<u64>) -> Verdict {
    let Some(conditional) = run.facts.conditional() else { return Verdict::Whole };
    let selected = Selected {
        status: parts.status,
        entity_tag: parts.headers.get(header::ETAG).and_then(TagRef::parse),
        last_modified: parts.headers.get(header::LAST_MODIFIED),
        date: parts.headers.get(header::DATE),
        length: length_of_parts(run, length),
        goes_by_its_date: false,
        may_change: run.facts.flags.accepts_a_coding && !is_left_alone(&parts.headers),
    };
    verdict(conditional, run.facts.method(), &selected)
}
