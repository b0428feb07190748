//! Content that breaks off, lies about its length, or ends in trailers.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Response},
    routing::get as on_get,
};
use bytes::Bytes;
use cached_handler::{Policy, cached};
use http_body::{Frame, SizeHint};

use super::{
    case::{Attack, Runs, attack},
    wire::get,
};

/// Frames, one after the other; the length is not known beforehand unless it is said.
pub struct Frames {
    pub frames: VecDeque<Result<Frame<Bytes>, io::Error>>,
    pub length: Option<u64>,
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(self.frames.pop_front())
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn pieces(pieces: Vec<String>) -> VecDeque<Result<Frame<Bytes>, io::Error>> {
    pieces.into_iter().map(|piece| Ok(Frame::data(Bytes::from(piece)))).collect()
}

/// Content of unknown length.
pub fn streamed(content: Vec<String>) -> Body {
    Body::new(Frames { frames: pieces(content), length: None })
}

/// Content that breaks off.
fn broken(content: Vec<String>, length: Option<u64>) -> Body {
    let mut frames = pieces(content);
    frames.push_back(Err(io::Error::other("gone")));
    Body::new(Frames { frames, length })
}

/// On its first run something is wrong; then all is well.
fn once(runs: &Runs, wrong: impl FnOnce() -> Response) -> Response {
    if runs.next() == 1 { wrong() } else { "the whole page".into_response() }
}

#[cached(ttl = 60)]
async fn breaks_off(State(runs): State<Runs>) -> Response {
    once(&runs, || broken(vec!["the whole".to_owned()], None).into_response())
}

#[cached(ttl = 60)]
async fn breaks_off_at_once(State(runs): State<Runs>) -> Response {
    once(&runs, || broken(vec![], None).into_response())
}

#[cached(ttl = 60)]
async fn breaks_off_of_known_length(State(runs): State<Runs>) -> Response {
    once(&runs, || broken(vec!["the whole".to_owned()], Some(14)).into_response())
}

#[cached(ttl = 60)]
async fn shorter_than_declared(State(runs): State<Runs>) -> Response {
    once(&runs, || ([("content-length", "14")], streamed(vec!["the whole".to_owned()])).into_response())
}

#[cached(ttl = 60)]
async fn longer_than_declared(State(runs): State<Runs>) -> Response {
    once(&runs, || ([("content-length", "3")], streamed(vec!["the whole".to_owned()])).into_response())
}

#[cached(ttl = 60)]
async fn with_trailers(State(runs): State<Runs>) -> Response {
    once(&runs, || {
        let mut frames = pieces(vec!["secret1".to_owned()]);
        frames
            .push_back(Ok(Frame::trailers(HeaderMap::from_iter([("x-checksum".parse().expect("a name"), HeaderValue::from_static("1"))]))));
        Body::new(Frames { frames, length: None }).into_response()
    })
}

#[cached(ttl = 60)]
async fn an_event_stream(State(runs): State<Runs>) -> Response {
    let run = runs.next();
    ([("content-type", "text/event-stream; charset=utf-8")], streamed(vec![format!("data: secret{run}\n\n")])).into_response()
}

const SMALL: Policy = Policy::new().max_body(16);

/// Which of the two limits is met first must not matter.
#[cached(ttl = 60, policy = SMALL)]
async fn too_long(State(runs): State<Runs>) -> Response {
    let run = runs.next();
    streamed(vec!["a page of ".to_owned(), format!("more than 16 bytes, {run}")]).into_response()
}

#[cached(ttl = 60)]
async fn panics(State(runs): State<Runs>) -> &'static str {
    assert!(runs.next() > 1, "the first run, as planned");
    "the whole page"
}

fn serve<H: axum::handler::Handler<T, Runs>, T: 'static>(handler: H) -> Router {
    Router::new().route("/page", on_get(handler)).with_state(Runs::default())
}

pub fn attacks() -> Vec<Attack> {
    macro_rules! whole {
        ($($name:literal: $handler:ident;)*) => {
            vec![$(attack($name, || serve($handler), [get("/page")], get("/page")).is(|it| {
                it.victim.status == 200 && it.victim.text() == "the whole page" && !it.victim.broken
            })),*]
        };
    }
    let mut all = whole! {
        "content that broke off": breaks_off;
        "content that broke off before its first byte": breaks_off_at_once;
        "content of known length that broke off": breaks_off_of_known_length;
        "content shorter than it says": shorter_than_declared;
        "content longer than it says": longer_than_declared;
        "content with trailers": with_trailers;
        "the answer of a run that panicked": panics;
    };
    all.push(attack("events meant for one client", || serve(an_event_stream), [get("/page")], get("/page")).fresh());
    all.push(attack("content too long to be stored", || serve(too_long), [get("/page")], get("/page")).fresh());
    all
}
