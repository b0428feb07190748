//! How long the content of an answer is (RFC 9110 §8.6). Its body says so, and the server writes the field from that: a
//! layer outside may change the content, and a field would still say the old length. Answers without content are the
//! exception.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::Run;
use crate::{seen::Facts, stored::Stored};

/// Adds the line whose place a copy of the fields has for the length that the server writes. Without that place the copy would
/// grow to twice its size for one line. [`take_room`] takes the line out of each copy.
pub(super) fn leave_room(fields: &mut HeaderMap) {
    fields.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
}

/// Takes the line of [`leave_room`] out of a copy, and leaves its place.
#[inline]
pub(super) fn take_room(fields: &mut HeaderMap) {
    fields.remove(header::CONTENT_LENGTH);
}

/// What a HEAD is given of a stored response with `fields`.
pub(super) fn answer_to_head(stored: &Stored, facts: &Facts, fields: &mut HeaderMap) -> Body {
    let is_told = fields.contains_key(header::CONTENT_LENGTH);
    let is_unknown = stored.of_head && !is_told;
    if facts.flags.is_routed && !facts.flags.is_for_a_service {
        // As without a cache: the layers inside the router see the content, which decides what they do, and the router
        // takes it away and writes its length into the field.
        return if is_unknown { without_length() } else { Body::from(stored.content.clone()) };
    }
    // Around a router, and of a service that it hands on to, nobody takes content away: in HTTP/2 it would be sent.
    if !is_told && !is_unknown && stored.whole.status != StatusCode::NO_CONTENT {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(stored.content.len()));
    }
    Body::empty()
}

/// No content, in the answer to a HEAD whose GET has content of unknown length.
pub(super) fn answer_to_head_of_a_stream(facts: &Facts) -> Body {
    if facts.flags.is_routed || !facts.flags.accepts_a_coding { without_length() } else { Body::empty() }
}

/// No content, in a 304 for content of this length, as far as that is known.
pub(super) fn not_modified(fields: &mut HeaderMap, length: Option<u64>, facts: &Facts) -> Body {
    let flags = facts.flags;
    // axum adds the length of a body that says one, in a router and in a `MethodRouter` that is served by itself, and the field
    // may only have the length that a 200 would have.
    if !flags.accepts_a_coding {
        return without_length();
    }
    if !flags.is_routed {
        return Body::empty();
    }
    // A layer that compresses takes no known length for a large one, so this body has to say that it is empty. What the
    // router adds then the server takes away, but for HTTP/2 and HEAD.
    if (flags.is_http2 || facts.is_head())
        && let Some(length) = length
    {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Body::empty()
}

/// But to a HEAD, which is told how long the content is that GET would be given.
pub(super) fn is_of_its_length(run: &Run, fields: &HeaderMap, content: &Bytes) -> bool {
    run.is_answered_as_head() || is_as_long_as_declared(fields, content)
}

/// `Content-Length`, where the handler set one, has to be right (RFC 9110 §8.6).
pub(super) fn is_as_long_as_declared(fields: &HeaderMap, content: &Bytes) -> bool {
    fields
        .get_all(header::CONTENT_LENGTH)
        .iter()
        .all(|declared| declared.to_str().ok().and_then(|declared| declared.trim().parse::<usize>().ok()) == Some(content.len()))
}

/// Whether `Content-Length` says that there is more than `limit`.
pub(super) fn is_declared_longer(fields: &HeaderMap, limit: usize) -> bool {
    let declared = fields.get(header::CONTENT_LENGTH).and_then(|declared| declared.to_str().ok()?.trim().parse::<usize>().ok());
    declared.is_some_and(|declared| declared > limit)
}

/// Types whose content goes on until someone leaves.
pub(super) fn is_endless(fields: &HeaderMap) -> bool {
    let media_type = fields.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let essence = media_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    [&b"text/event-stream"[..], b"multipart/x-mixed-replace"].iter().any(|endless| essence.eq_ignore_ascii_case(endless))
}

/// No content and no length either: only where no layer makes something of it, or a router takes that away.
fn without_length() -> Body {
    Body::new(WithoutLength)
}

struct WithoutLength;

impl http_body::Body for WithoutLength {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}
