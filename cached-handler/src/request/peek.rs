//! Finds out whether a request has content when its body does not tell: an outer layer may have wrapped the server's body in one
//! that never reports its end in advance.

use std::{
    any::Any,
    mem,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Method, header, request::Parts};
use http_body::{Body as _, Frame, SizeHint};

/// Whether there is content; true if that is not known.
///
/// For a body that is not axum's `Body`, only its own word counts: a frame that was read could not be put back.
pub(crate) fn has_content<B: http_body::Body + 'static>(parts: &Parts, body: &mut B) -> bool {
    if body.is_end_stream() {
        return false;
    }
    if let Some(body) = (body as &mut dyn Any).downcast_mut::<Body>() {
        peek(&parts.method, &parts.headers, body);
    }
    !body.is_end_stream() && body.size_hint().exact() != Some(0)
}

/// Reads the first frame of a body that may be empty, and puts it back. An empty body reports its end from then on.
///
/// A request whose fields announce content is not read: reading may ask the client to send it (RFC 9110 §10.1.1).
#[cold]
pub(crate) fn peek(method: &Method, fields: &HeaderMap, body: &mut Body) {
    if !matches!(*method, Method::GET | Method::HEAD) || body.is_end_stream() || announces_content(fields) {
        return;
    }
    // A no-op waker is enough: whoever polls the body later registers their own.
    let mut nobody = Context::from_waker(Waker::noop());
    let first = match Pin::new(&mut *body).poll_frame(&mut nobody) {
        Poll::Pending => return,
        Poll::Ready(first) => first,
    };
    let rest = mem::take(body);
    if let Some(first) = first {
        *body = Body::new(Peeked { first: Some(first), rest });
    }
}

/// Whether the fields announce content (RFC 9112 §6.3).
fn announces_content(fields: &HeaderMap) -> bool {
    let is_longer = || fields.get_all(header::CONTENT_LENGTH).iter().any(|length| length != "0");
    fields.contains_key(header::TRANSFER_ENCODING) || is_longer()
}

struct Peeked {
    first: Option<Result<Frame<Bytes>, axum::Error>>,
    rest: Body,
}

impl http_body::Body for Peeked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let read = match &self.first {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len) as u64,
            _ => 0,
        };
        let left = self.rest.size_hint();
        let mut both = SizeHint::new();
        both.set_lower(left.lower().saturating_add(read));
        if let Some(most) = left.upper().and_then(|most| most.checked_add(read)) {
            both.set_upper(most);
        }
        both
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, convert::Infallible};

    use http::HeaderValue;
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    /// A body that never reports its end in advance.
    struct Pieces(VecDeque<Option<&'static str>>);

    impl futures_core::Stream for Pieces {
        type Item = Result<Frame<Bytes>, Infallible>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            match self.0.pop_front() {
                None => Poll::Ready(None),
                Some(Some(piece)) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece.as_bytes()))))),
                // The piece comes later.
                Some(None) => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            }
        }
    }

    fn body(pieces: &[Option<&'static str>]) -> Body {
        Body::new(StreamBody::new(Pieces(pieces.iter().copied().collect())))
    }

    fn parts(method: &str, fields: &[(header::HeaderName, &'static str)]) -> Parts {
        let mut parts = http::Request::builder().method(method).body(()).unwrap().into_parts().0;
        parts.headers = fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        parts
    }

    async fn left(body: Body) -> String {
        String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_body_that_never_says_so_is_found_empty() {
        for fields in [&[][..], &[(header::CONTENT_LENGTH, "0")]] {
            let mut body = body(&[]);
            assert!(!body.is_end_stream());
            assert!(!has_content(&parts("GET", fields), &mut body), "{fields:?}");
            assert!(body.is_end_stream());
            assert_eq!(left(body).await, "");
        }
    }

    #[tokio::test]
    async fn content_is_found_and_handed_on_whole() {
        for pieces in [&[Some("one "), Some("two")][..], &[None, Some("one "), None, Some("two")], &[Some(""), Some("one "), Some("two")]] {
            let mut body = body(pieces);
            assert!(has_content(&parts("GET", &[]), &mut body), "{pieces:?}");
            assert_eq!(left(body).await, "one two", "{pieces:?}");
        }
        let mut known = Body::from("one two");
        assert!(has_content(&parts("GET", &[]), &mut known));
        assert_eq!(known.size_hint().exact(), Some(7));
        assert_eq!(left(known).await, "one two");
    }

    #[test]
    fn content_that_is_announced_or_of_another_method_is_not_read() {
        struct Untouched;

        impl futures_core::Stream for Untouched {
            type Item = Result<Frame<Bytes>, Infallible>;

            fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
                panic!("it was read")
            }
        }

        for (method, fields) in
            [("GET", &[(header::CONTENT_LENGTH, "5")][..]), ("GET", &[(header::TRANSFER_ENCODING, "chunked")]), ("POST", &[])]
        {
            let mut body = Body::new(StreamBody::new(Untouched));
            assert!(has_content(&parts(method, fields), &mut body), "{method} {fields:?}");
        }
    }
}
