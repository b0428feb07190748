//! The `Content-Length` of an answer (RFC 9110 §8.6). The server writes it from the size of the body: an outer layer may change the
//! content, and a field that was set here would keep the old length. Answers to HEAD and 304s, which have no content, are the
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

/// The body of the answer to a HEAD from a stored response with `fields`. It never causes a length that a GET would not get (RFC 9110
/// §8.6).
///
/// An outer layer may change the content, and knows the right length only if it sees the content. So the body has the content
/// wherever it is not sent: a router removes it and writes its length into the field, and over HTTP/1.1 the server sends none.
/// Otherwise the field has the length.
pub(crate) fn answer_to_head(stored: &Stored, content: &Bytes, handler: &Handler, facts: &RequestFacts, fields: &mut HeaderMap) -> Body {
    let flags = facts.flags;
    let is_routed = flags.is_routed && !flags.is_for_a_service;
    if stored.of_head {
        // A stored answer to HEAD has no content; its fields may have the length of GET's content.
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
    // In a layer around a router, nothing adds a length.
    if !flags.is_routed && may_change {
        return Body::empty();
    }
    if stored.status != StatusCode::NO_CONTENT {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(content.len()));
    }
    Body::empty()
}

/// The body of the answer to a HEAD that is not stored and passes through.
pub(crate) fn passed_to_head(handler: &Handler, facts: &RequestFacts, body: Body, status: StatusCode, fields: &mut HeaderMap) -> Body {
    if !facts.is_head() {
        return body;
    }
    let (flags, length) = (facts.flags, body.size_hint().exact());
    let may_be_coded = |length: u64| may_be_coded(length, handler, flags, fields);
    let (is_told, may_change) = (declared(fields), length.is_some_and(may_be_coded));
    // As on a hit: in a layer around a router, nothing adds a length.
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

/// Whether an outer layer may apply a coding that the client accepts: then the length is not known here. [`ETag::Strong`] says that
/// no layer does.
fn may_be_coded(length: u64, handler: &Handler, flags: Flags, fields: &HeaderMap) -> bool {
    flags.accepts_a_coding && length >= LEAST_CODED && handler.policy.etag != ETag::Strong && !is_left_alone(fields)
}

/// tower-http's layer does not compress content that is shorter than this.
const LEAST_CODED: u64 = 32;

/// Content in the answer to a HEAD, which layers may see but which is not sent.
struct OfHead {
    body: Body,
    /// Whether the body reports its exact length. axum writes that into the field, which is wrong if a layer further out changes the
    /// content.
    says_length: bool,
    /// Whether the body reports its end at once. The server asks before it sends: over HTTP/2 it would send content that no router
    /// has removed.
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

/// The empty body of the answer to a HEAD whose GET has content of unknown length.
pub(crate) fn answer_to_head_of_a_stream(facts: &RequestFacts) -> Body {
    if facts.flags.is_routed || !facts.flags.accepts_a_coding { without_length() } else { Body::empty() }
}

/// The empty body of a 304 for content of this length, if known.
pub(crate) fn not_modified(fields: &mut HeaderMap, length: Option<u64>, facts: &RequestFacts) -> Body {
    // axum adds the length of a body that reports one, but a 304 may only have the length of its 200.
    if !facts.flags.accepts_a_coding {
        return without_length();
    }
    // A compressing layer takes an unknown length for a large one, so this body has to report that it is empty.
    if must_tell_length(facts)
        && let Some(length) = length
    {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Body::empty()
}

/// Whether axum would give a 304 the length 0 of its own content, in a router or in a `MethodRouter` that is served by itself. Over
/// HTTP/1.1 the server removes it again, except for HEAD.
pub(crate) fn must_tell_length(facts: &RequestFacts) -> bool {
    let flags = facts.flags;
    flags.accepts_a_coding && (flags.is_routed || !flags.is_for_a_service) && (flags.is_http2 || facts.is_head())
}

/// An empty body that reports no length: only for cases in which no layer would act on that, or a router removes the result.
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
