//! Cuts a range out of a streaming body (RFC 9110 §14).

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{BoxError, body::Body};
use bytes::{Buf as _, Bytes};
use http_body::{Frame, SizeHint};

/// The bytes from `first` to `last` inclusive of a body that has all of them.
pub(crate) fn cut(body: Body, first: usize, last: usize) -> Body {
    Body::new(Cut { body, before: first, left: (last + 1).saturating_sub(first) })
}

struct Cut {
    body: Body,
    /// Bytes of the body that still come before the part.
    before: usize,
    /// Bytes of the part that are still to be sent.
    left: usize,
}

impl http_body::Body for Cut {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        while self.left > 0 {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into_inner()))),
                None => {
                    self.left = 0;
                    return Poll::Ready(Some(Err("the content is shorter than was said".into())));
                }
            };
            let Ok(mut data) = frame.into_data() else { continue };
            let skipped = self.before.min(data.len());
            data.advance(skipped);
            data.truncate(self.left);
            self.before -= skipped;
            self.left -= data.len();
            if self.left == 0 {
                // The rest of the body is not needed.
                self.body = Body::empty();
            }
            if !data.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn part(pieces: &[&'static str], first: usize, last: usize) -> Result<String, axum::Error> {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok::<_, axum::Error>(Bytes::from_static(piece.as_bytes()))).collect();
        let body = cut(Body::new(http_body_util::StreamBody::new(Pieces(pieces.into()))), first, last);
        body.collect().await.map(|content| String::from_utf8(content.to_bytes().to_vec()).unwrap())
    }

    struct Pieces(std::collections::VecDeque<Result<Bytes, axum::Error>>);

    impl futures_core::Stream for Pieces {
        type Item = Result<Frame<Bytes>, axum::Error>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop_front().map(|piece| piece.map(Frame::data)))
        }
    }

    #[tokio::test]
    async fn a_part_is_cut_from_pieces() {
        let pieces = ["012", "", "3456", "789"];
        for (first, last) in [(0, 0), (0, 9), (2, 3), (3, 6), (6, 9), (9, 9)] {
            assert_eq!(part(&pieces, first, last).await.unwrap(), "0123456789"[first..=last], "{first}-{last}");
        }
        assert!(part(&pieces, 8, 10).await.is_err());
    }
}
