//! Content: completed where its length is known, copied while it streams where it is not.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{BoxError, body::Body};
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use crate::{outcome::NotStored, timer};

/// Content that cannot be stored, and the body that passes it on as it would have come.
pub(super) struct Refused {
    pub(super) reason: NotStored,
    pub(super) body: Body,
}

/// Reads all of a body that says how long it is. One that stalls is passed on after `patience`; without one it is read
/// outside of a runtime that could measure it.
pub(super) async fn complete(mut body: Body, limit: usize, patience: Option<Duration>) -> Result<Bytes, Refused> {
    let mut copy = Copy::new(limit);
    let gives_up = patience.map(|patience| tokio::time::Instant::now() + patience);
    let refuse = |copy: Copy, last: Last, reason| Refused { reason, body: Body::new(Replay { frames: copy.frames.into(), last }) };
    loop {
        let frame = match gives_up {
            None => body.frame().await,
            Some(gives_up) => match timer::timeout_at(gives_up, body.frame()).await {
                Ok(frame) => frame,
                Err(_) => return Err(refuse(copy, Last::Rest(body), NotStored::RunTooLong)),
            },
        };
        match frame {
            None => return Ok(copy.whole()),
            Some(Err(error)) => return Err(refuse(copy, Last::Error(Some(error)), NotStored::BrokenOff)),
            Some(Ok(frame)) => {
                if let Err(reason) = copy.add(frame) {
                    return Err(refuse(copy, Last::Rest(body), reason));
                }
            }
        }
    }
}

/// A body for the client, and the other end, which [`copy`] feeds.
pub(super) fn streamed() -> (Feed, Body) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Feed(sender), Body::new(Streamed::Copied(receiver)))
}

/// Where the frames go on their way to the client. What waits there is bounded by what may be stored.
pub(super) struct Feed(mpsc::UnboundedSender<Piece>);

enum Piece {
    Frame(Frame<Bytes>),
    Error(axum::Error),
    /// It will not be stored: the client reads the rest for itself, as slowly as it likes.
    Rest(Body),
    End,
}

/// Reads a body as fast as the handler gives it, hands each frame to the client, and keeps a copy. A client who is slow,
/// or leaves, does not slow or stop it.
pub(super) async fn copy(mut body: Body, limit: usize, feed: Feed, patience: Duration) -> Result<Bytes, NotStored> {
    let mut copy = Copy::new(limit);
    let gives_up = tokio::time::Instant::now() + patience;
    loop {
        match timer::timeout_at(gives_up, body.frame()).await {
            Err(_) => {
                feed.send(Piece::Rest(body));
                return Err(NotStored::RunTooLong);
            }
            Ok(None) => {
                feed.send(Piece::End);
                return Ok(copy.whole());
            }
            Ok(Some(Err(error))) => {
                feed.send(Piece::Error(error));
                return Err(NotStored::BrokenOff);
            }
            Ok(Some(Ok(frame))) => {
                let kept = match frame.data_ref() {
                    Some(data) => copy.add(Frame::data(data.clone())),
                    None => Err(NotStored::Trailers),
                };
                feed.send(Piece::Frame(frame));
                if let Err(reason) = kept {
                    feed.send(Piece::Rest(body));
                    return Err(reason);
                }
            }
        }
    }
}

impl Feed {
    /// A client who has left does not matter to the copy.
    fn send(&self, piece: Piece) {
        let _left = self.0.send(piece);
    }
}

/// The frames so far.
struct Copy {
    frames: Vec<Frame<Bytes>>,
    bytes: usize,
    weight: usize,
    limit: usize,
}

/// What a frame costs besides its bytes; it bounds how many small ones are held.
const FRAME_OVERHEAD: usize = 64;
/// Frames that cost nothing, however little content may be stored.
const FREE_FRAMES: usize = 1024;

impl Copy {
    fn new(limit: usize) -> Self {
        Self { frames: Vec::new(), bytes: 0, weight: 0, limit }
    }

    /// Adds a frame; it is held also where it makes the content unfit for storing.
    fn add(&mut self, frame: Frame<Bytes>) -> Result<(), NotStored> {
        let length = frame.data_ref().map(Bytes::len);
        self.frames.push(frame);
        let length = length.ok_or(NotStored::Trailers)?;
        self.bytes = self.bytes.saturating_add(length);
        self.weight = self.weight.saturating_add(length).saturating_add(FRAME_OVERHEAD);
        let too_large = self.bytes > self.limit || self.weight > self.limit.saturating_mul(2).saturating_add(FREE_FRAMES * FRAME_OVERHEAD);
        if too_large { Err(NotStored::TooLarge) } else { Ok(()) }
    }

    /// One piece; no copy where it came as one.
    fn whole(self) -> Bytes {
        let mut frames = self.frames.into_iter().filter_map(|frame| frame.into_data().ok());
        let first = frames.next().unwrap_or_default();
        let Some(second) = frames.next() else { return first };
        let mut whole = BytesMut::with_capacity(self.bytes);
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        frames.for_each(|frame| whole.extend_from_slice(&frame));
        whole.freeze()
    }
}

/// Frames that were read in vain, and what comes after them.
struct Replay {
    frames: VecDeque<Frame<Bytes>>,
    last: Last,
}

enum Last {
    Error(Option<axum::Error>),
    Rest(Body),
}

impl http_body::Body for Replay {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut self.last {
            Last::Error(error) => Poll::Ready(error.take().map(|error| Err(error.into_inner()))),
            Last::Rest(body) => Pin::new(body).poll_frame(cx).map_err(axum::Error::into_inner),
        }
    }
}

/// What the client reads of content that is being copied.
enum Streamed {
    Copied(mpsc::UnboundedReceiver<Piece>),
    Rest(Body),
    Ended,
}

impl http_body::Body for Streamed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            let piece = match &mut *self {
                Self::Ended => return Poll::Ready(None),
                Self::Rest(body) => return Pin::new(body).poll_frame(cx).map_err(axum::Error::into_inner),
                Self::Copied(pieces) => ready!(pieces.poll_recv(cx)),
            };
            match piece {
                Some(Piece::Frame(frame)) => return Poll::Ready(Some(Ok(frame))),
                Some(Piece::Rest(body)) => *self = Self::Rest(body),
                Some(Piece::End) => *self = Self::Ended,
                Some(Piece::Error(error)) => {
                    *self = Self::Ended;
                    return Poll::Ready(Some(Err(error.into_inner())));
                }
                // The run was lost in the middle: what was sent is not the whole, and the client has to know.
                None => {
                    *self = Self::Ended;
                    return Poll::Ready(Some(Err("the run that produced this content was lost".into())));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Ended)
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Rest(body) => body.size_hint(),
            _ => SizeHint::default(),
        }
    }
}
