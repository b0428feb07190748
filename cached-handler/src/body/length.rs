//! How long the content of an answer is (RFC 9110 §8.6). Its body says so, and the server writes the field from that: a
//! layer outside may change the content, and a field would still say the old length. Answers without content are the
//! exception.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::{Body as _, Frame, SizeHint};

use crate::{
    handler::{Handler, policy::ETag},
    request::facts::{Flags, RequestFacts},
    rules::{length::declared, tag::is_left_alone},
    stored::Stored,
};

/// What a HEAD is given of a stored response with `fields`: never a length that its GET would not be sent (RFC 9110 §8.6).
///
/// A layer outside may change the content, and says the right length only of what it is shown. So it is shown the content, where
/// nothing of that is sent: a router takes it away and writes its length into the field, and over HTTP/1.1 the server sends
/// none. Elsewhere the field says it.
pub(crate) fn answer_to_head(stored: &Stored, content: &Bytes, handler: &Handler, facts: &RequestFacts, fields: &mut HeaderMap) -> Body {
    let flags = facts.flags;
    let is_routed = flags.is_routed && !flags.is_for_a_service;
    if stored.of_head {
        // It has no content; what it says of GET's stands in its fields.
        return if is_routed && !fields.contains_key(header::CONTENT_LENGTH) { without_length() } else { Body::empty() };
    }
    let may_change = may_be_coded(content.len() as u64, handler, flags, fields);
    let shown = |says_end| Body::new(OfHead { body: Body::from(content.clone()), says_length: !may_change, says_end });
    if is_routed {
        return if may_change { shown(false) } else { Body::from(content.clone()) };
    }
    if !flags.is_for_a_service || flags.is_routed && flags.is_in_a_route && !stored.tells_length {
        return shown(flags.is_http2);
    }
    if flags.is_routed && !flags.is_http2 && !stored.tells_length {
        return shown(false);
    }
    // Around a router nobody writes a length where there is none.
    if !flags.is_routed && may_change {
        return Body::empty();
    }
    if stored.whole.status != StatusCode::NO_CONTENT {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(content.len()));
    }
    Body::empty()
}

/// The same of what is not stored, and is passed on as it came.
pub(crate) fn passed_to_head(handler: &Handler, facts: &RequestFacts, body: Body, status: StatusCode, fields: &mut HeaderMap) -> Body {
    if !facts.is_head() {
        return body;
    }
    let (flags, length) = (facts.flags, body.size_hint().exact());
    let may_be_coded = |length: u64| may_be_coded(length, handler, flags, fields);
    let (is_told, may_change) = (declared(fields), length.is_some_and(may_be_coded));
    // As on a hit: around a router nobody writes a length where there is none.
    if flags.is_for_a_service && !flags.is_routed && is_told.is_some_and(may_be_coded) {
        fields.remove(header::CONTENT_LENGTH);
        return Body::empty();
    }
    let is_told = is_told.is_some();
    if length == Some(0) || body.is_end_stream() {
        return body;
    }
    if !flags.is_for_a_service {
        let is_shown = flags.is_routed && may_change && !is_told;
        return if is_shown { Body::new(OfHead { body, says_length: false, says_end: false }) } else { body };
    }
    if is_told || status == StatusCode::NOT_MODIFIED {
        return Body::empty();
    }
    if flags.is_routed && (!flags.is_http2 || flags.is_in_a_route) {
        return Body::new(OfHead { body, says_length: !may_change, says_end: flags.is_http2 });
    }
    match length {
        Some(length) if flags.is_routed || !may_change => {
            fields.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            Body::empty()
        }
        None if !flags.accepts_a_coding => without_length(),
        _ => Body::empty(),
    }
}

/// Whether a layer outside may put the content into a coding that the client accepts: then nobody here knows how long it gets.
/// [`ETag::Strong`] is the author's word that nothing does.
fn may_be_coded(length: u64, handler: &Handler, flags: Flags, fields: &HeaderMap) -> bool {
    flags.accepts_a_coding && length >= LEAST_CODED && handler.policy.etag != ETag::Strong && !is_left_alone(fields)
}

/// The layer of tower-http leaves alone what is shorter than this.
const LEAST_CODED: u64 = 32;

/// Content that is shown to layers in the answer to a HEAD, and is not to be sent.
struct OfHead {
    body: Body,
    /// Otherwise nobody writes a length that a layer further out makes wrong: axum does where a body says one exactly.
    says_length: bool,
    /// To the server, which asks before it sends: over HTTP/2 it would send what no router has taken away.
    says_end: bool,
}

impl http_body::Body for OfHead {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.says_end || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let known = self.body.size_hint();
        if self.says_length {
            return known;
        }
        let mut least = SizeHint::new();
        least.set_lower(known.lower());
        least
    }
}

/// No content, in the answer to a HEAD whose GET has content of unknown length.
pub(crate) fn answer_to_head_of_a_stream(facts: &RequestFacts) -> Body {
    if facts.flags.is_routed || !facts.flags.accepts_a_coding { without_length() } else { Body::empty() }
}

/// No content, in a 304 for content of this length, as far as that is known.
pub(crate) fn not_modified(fields: &mut HeaderMap, length: Option<u64>, facts: &RequestFacts) -> Body {
    // axum adds the length of a body that says one, and the field may only have the length that a 200 would have.
    if !facts.flags.accepts_a_coding {
        return without_length();
    }
    // A layer that compresses takes no known length for a large one, so this body has to say that it is empty.
    if must_tell_length(facts)
        && let Some(length) = length
    {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Body::empty()
}

/// Whether a 304 without a length would get that of its own content from axum, in a router or in a `MethodRouter` that is
/// served by itself. Over HTTP/1.1 the server takes it away again, but for HEAD.
pub(crate) fn must_tell_length(facts: &RequestFacts) -> bool {
    let flags = facts.flags;
    flags.accepts_a_coding && (flags.is_routed || !flags.is_for_a_service) && (flags.is_http2 || facts.is_head())
}

/// No content and no length either: only where no layer makes something of it, or a router takes that away.
fn without_length() -> Body {
    Body::new(WithoutLength)
}

struct WithoutLength;

impl http_body::Body for WithoutLength {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}
