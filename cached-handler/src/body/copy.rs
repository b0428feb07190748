//! Content: completed where its length is known, copied while it streams where it is not. What is held of it meanwhile, and
//! until its client has read it, is taken from one budget ([`ReadAhead`]).

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{BoxError, body::Body};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use crate::{
    outcome::NotStored,
    stored::own,
    util::{
        read_ahead::{Portion, ReadAhead, lend},
        timer,
        turns::TURN,
    },
};

/// Content that cannot be stored, and the body that passes it on as it would have come.
pub(crate) struct Refused {
    pub(crate) reason: NotStored,
    pub(crate) body: Body,
}

/// All of it.
pub(crate) struct Complete {
    pub(crate) content: Bytes,
    /// Where the handler did not have it as one piece: what a client holds of it is what it would not hold without a cache.
    pub(crate) ahead: Vec<Arc<Portion>>,
}

impl Complete {
    /// For a client.
    pub(crate) fn lend(self) -> Bytes {
        lend(self.content, self.ahead)
    }
}

/// Reads all of a body that says how long it is. One that stalls is passed on after `patience`; without one it is read
/// outside of a runtime that could measure it.
pub(crate) async fn complete(
    mut body: Body,
    limit: usize,
    ahead: &Arc<ReadAhead>,
    patience: Option<Duration>,
) -> Result<Complete, Refused> {
    let mut copy = Copy::new(limit, ahead);
    let gives_up = patience.map(|patience| tokio::time::Instant::now() + patience);
    let refuse = |copy: Copy<'_>, last: Last, reason| Refused { reason, body: Body::new(Replay { frames: copy.frames.into(), last }) };
    loop {
        let frame = match gives_up {
            None => body.frame().await,
            Some(gives_up) => match timer::timeout_at(gives_up, body.frame()).await {
                Ok(frame) => frame,
                Err(_) => return Err(refuse(copy, Last::Rest(body), NotStored::RunTooLong)),
            },
        };
        match frame {
            None => {
                let portions = copy.frames.iter().filter_map(|held| held.portion.clone()).collect();
                return Ok(Complete { content: copy.whole().await, ahead: portions });
            }
            Some(Err(error)) => return Err(refuse(copy, Last::Error(Some(error)), NotStored::BrokenOff)),
            Some(Ok(frame)) => {
                // In one piece, as most is: it is the handler's, and nothing is held that it did not.
                let is_all = copy.frames.is_empty() && body.is_end_stream();
                if let Err(reason) = copy.add(frame, !is_all) {
                    return Err(refuse(copy, Last::Rest(body), reason));
                }
            }
        }
    }
}

/// A body for the client, and the other end, which [`copy`] feeds.
pub(crate) fn streamed() -> (Feed, Body) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Feed(sender), Body::new(Streamed::Copied(receiver)))
}

/// Where the frames go on their way to the client. What waits there has its part of the budget.
pub(crate) struct Feed(mpsc::UnboundedSender<Piece>);

enum Piece {
    Frame(Held),
    Error(axum::Error),
    /// It will not be stored: the client reads the rest for itself, as slowly as it likes.
    Rest(Body),
    End,
}

/// Reads a body as fast as the handler gives it, hands each frame to the client, and keeps a copy. A client who is slow,
/// or leaves, does not slow or stop it. The client's content ends when [`End`] is dropped.
pub(crate) async fn copy(
    mut body: Body,
    limit: usize,
    feed: Feed,
    ahead: &Arc<ReadAhead>,
    patience: Duration,
) -> Result<(Bytes, End), NotStored> {
    let mut copy = Copy::new(limit, ahead);
    let gives_up = tokio::time::Instant::now() + patience;
    loop {
        match timer::timeout_at(gives_up, body.frame()).await {
            Err(_) => {
                feed.send(Piece::Rest(body));
                return Err(NotStored::RunTooLong);
            }
            Ok(None) => {
                let end = End(feed);
                return Ok((copy.whole().await, end));
            }
            Ok(Some(Err(error))) => {
                feed.send(Piece::Error(error));
                return Err(NotStored::BrokenOff);
            }
            Ok(Some(Ok(frame))) => {
                let kept = if frame.is_data() { copy.add(frame, true) } else { copy.hold(frame, NotStored::Trailers) };
                if let Some(frame) = copy.last() {
                    feed.send(Piece::Frame(frame));
                }
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

/// Ends the client's content when it is dropped. Held until the copy is in memory, so that a client who has read the whole
/// content, and asks again, is given what was stored.
pub(crate) struct End(Feed);

impl Drop for End {
    fn drop(&mut self) {
        self.0.send(Piece::End);
    }
}

/// A frame, and its part of the budget.
#[derive(Clone)]
struct Held {
    /// Or trailers.
    data: Result<Bytes, HeaderMap>,
    portion: Option<Arc<Portion>>,
}

impl Held {
    fn into_frame(self) -> Frame<Bytes> {
        self.data.map_or_else(Frame::trailers, Frame::data)
    }
}

/// The frames so far.
struct Copy<'a> {
    frames: Vec<Held>,
    bytes: usize,
    weight: usize,
    limit: usize,
    ahead: &'a Arc<ReadAhead>,
}

/// What a frame costs besides its bytes; it bounds how many small ones are held.
const FRAME_OVERHEAD: usize = 64;
/// Frames that cost nothing, however little content may be stored.
const FREE_FRAMES: usize = 1024;

impl<'a> Copy<'a> {
    fn new(limit: usize, ahead: &'a Arc<ReadAhead>) -> Self {
        Self { frames: Vec::new(), bytes: 0, weight: 0, limit, ahead }
    }

    /// Adds a frame; it is held also where it makes the content unfit for storing.
    fn add(&mut self, frame: Frame<Bytes>, is_counted: bool) -> Result<(), NotStored> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => return self.hold(frame, NotStored::Trailers),
        };
        let (length, weight) = (data.len(), data.len().saturating_add(FRAME_OVERHEAD));
        // Of its own, where it waits: a piece of a buffer would keep all of that.
        let data = if is_counted { own::content(data) } else { data };
        let portion = if is_counted { self.ahead.take(weight, self.weight).map(Arc::new) } else { None };
        let is_too_much = is_counted && portion.is_none();
        self.frames.push(Held { data: Ok(data), portion });
        self.bytes = self.bytes.saturating_add(length);
        self.weight = self.weight.saturating_add(weight);
        let too_large = self.bytes > self.limit || self.weight > self.limit.saturating_mul(2).saturating_add(FREE_FRAMES * FRAME_OVERHEAD);
        match (too_large, is_too_much) {
            (true, _) => Err(NotStored::TooLarge),
            (_, true) => Err(NotStored::ReadAhead),
            _ => Ok(()),
        }
    }

    /// Holds a frame with which nothing is stored.
    fn hold(&mut self, frame: Frame<Bytes>, reason: NotStored) -> Result<(), NotStored> {
        if let Ok(trailers) = frame.into_trailers() {
            self.frames.push(Held { data: Err(trailers), portion: None });
        }
        Err(reason)
    }

    fn last(&self) -> Option<Held> {
        self.frames.last().cloned()
    }

    /// One piece; no copy where it came as one.
    async fn whole(self) -> Bytes {
        let mut frames = self.frames.into_iter().filter_map(|held| held.data.ok());
        let first = frames.next().unwrap_or_default();
        let Some(second) = frames.next() else { return first };
        let mut whole = BytesMut::with_capacity(self.bytes);
        for frame in [first, second].into_iter().chain(frames) {
            for piece in frame.chunks(TURN) {
                let before = whole.len() / TURN;
                whole.extend_from_slice(piece);
                if whole.len() / TURN != before {
                    tokio::task::yield_now().await;
                }
            }
        }
        whole.freeze()
    }
}

/// Frames that were read in vain, and what comes after them.
struct Replay {
    frames: VecDeque<Held>,
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
            return Poll::Ready(Some(Ok(frame.into_frame())));
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
                Some(Piece::Frame(frame)) => return Poll::Ready(Some(Ok(frame.into_frame()))),
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
