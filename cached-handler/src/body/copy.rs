//! Reads content to store it: content of known length is read completely before the answer, and other content is copied while it
//! streams to the client. Buffered frames are charged to one budget ([`ReadAhead`]) until the client has read them.

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

/// Content that cannot be stored, and the body that passes it on unchanged.
pub(crate) struct Refused {
    pub(crate) reason: NotStored,
    pub(crate) body: Body,
}

/// Complete content.
pub(crate) struct Complete {
    pub(crate) content: Bytes,
    /// Portions of the budget, if the handler did not give the content as one piece: without a cache it would not be held as a whole.
    pub(crate) ahead: Vec<Arc<Portion>>,
}

impl Complete {
    /// The content for a client, which holds the portions meanwhile.
    pub(crate) fn lend(self) -> Bytes {
        lend(self.content, self.ahead)
    }
}

/// Reads all of a body of known length. A body that stalls for `patience` is passed on unstored; `patience` is absent outside of a
/// runtime, where time cannot be measured.
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
                // Content in one piece, as most is, is held by the handler's own body anyway and not charged.
                let is_all = copy.frames.is_empty() && body.is_end_stream();
                if let Err(reason) = copy.add(frame, !is_all) {
                    return Err(refuse(copy, Last::Rest(body), reason));
                }
            }
        }
    }
}

/// A body for the client, and the sender with which [`copy`] feeds it.
pub(crate) fn streamed() -> (Feed, Body) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Feed(sender), Body::new(Streamed::Copied(receiver)))
}

/// The queue of frames for the client. Frames that wait there are charged to the budget.
pub(crate) struct Feed(mpsc::UnboundedSender<Piece>);

enum Piece {
    Frame(Held),
    Error(axum::Error),
    /// The content will not be stored: the client reads the rest directly from the handler, at its own pace.
    Rest(Body),
    End,
}

/// Reads a body as fast as the handler produces it, passes each frame to the client, and keeps a copy. A client that is slow or
/// disconnects does not slow or stop it. The client's content ends when [`End`] is dropped.
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
    /// Sends a piece to the client. It does not matter whether the client has disconnected.
    fn send(&self, piece: Piece) {
        let _left = self.0.send(piece);
    }
}

/// Ends the client's content on drop. It is held until the copy is stored, so that a client that has read the whole content and
/// asks again gets the stored response.
pub(crate) struct End(Feed);

impl Drop for End {
    fn drop(&mut self) {
        self.0.send(Piece::End);
    }
}

/// A frame, and its portion of the budget.
#[derive(Clone)]
struct Held {
    /// Data, or trailers.
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

/// What a frame costs besides its bytes, so that the number of small frames is bounded.
const FRAME_OVERHEAD: usize = 64;
/// The number of frames without overhead, so that a low limit of content allows some frames.
const FREE_FRAMES: usize = 1024;

impl<'a> Copy<'a> {
    fn new(limit: usize, ahead: &'a Arc<ReadAhead>) -> Self {
        Self { frames: Vec::new(), bytes: 0, weight: 0, limit, ahead }
    }

    /// Adds a frame. It is held even if it makes the content unfit for storing, as the client still needs it.
    fn add(&mut self, frame: Frame<Bytes>, is_counted: bool) -> Result<(), NotStored> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(frame) => return self.hold(frame, NotStored::Trailers),
        };
        let (length, weight) = (data.len(), data.len().saturating_add(FRAME_OVERHEAD));
        // A frame that waits is copied, as a slice would keep its whole buffer alive.
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

    /// Holds a frame that makes the content unfit for storing.
    fn hold(&mut self, frame: Frame<Bytes>, reason: NotStored) -> Result<(), NotStored> {
        if let Ok(trailers) = frame.into_trailers() {
            self.frames.push(Held { data: Err(trailers), portion: None });
        }
        Err(reason)
    }

    fn last(&self) -> Option<Held> {
        self.frames.last().cloned()
    }

    /// The content in one piece, without a copy if it came in one.
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

/// A body of frames that were read already, and of what comes after them.
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

/// The client's body for content that is being copied.
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
                // The run was lost in the middle. The client has to know that its content is not complete.
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
