//! One handler with a cache of its own, and what it answers.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    handler::Handler,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use cached_handler::{CacheBuilder, Outcome, testing::TestCache};
use cached_handler_tests::curl::Answer;
use http_body::Frame;
use http_body_util::BodyExt;
use tokio::sync::OnceCell;
use tower::ServiceExt;

use self::clients::Served;

#[path = "clients.rs"]
pub mod clients;

pub struct Site {
    pub cache: TestCache,
    pub router: Router,
    /// For who asks from outside of this process.
    served: OnceCell<Served>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub fields: HeaderMap,
    pub content: Bytes,
    pub trailers: Option<HeaderMap>,
    pub outcome: Option<Outcome>,
}

impl Site {
    pub fn of<H: Handler<T, ()> + Clone, T: 'static>(handler: H) -> Self {
        Self::with(handler, |builder| builder)
    }

    pub fn with<H: Handler<T, ()> + Clone, T: 'static>(handler: H, set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        let cache = TestCache::with(set);
        let router = Router::new().route("/", any(handler.clone())).route("/{*any}", any(handler)).layer(cache.layer());
        Self { cache, router, served: OnceCell::new() }
    }

    pub async fn get(&self, target: &str) -> Reply {
        self.ask("GET", target, &[]).await
    }

    pub async fn ask(&self, method: &str, target: &str, fields: &[(&str, &str)]) -> Reply {
        if let Some(client) = clients::client() {
            let served = self.served.get_or_init(|| Served::start(&self.router, client)).await;
            return Reply::by_curl(served.ask(method, target, fields, "").await);
        }
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let Ok(response) = self.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await;
        Reply::of(response).await
    }

    pub fn later(&self, secs: u64) {
        self.cache.clock().advance(Duration::from_secs(secs));
    }
}

impl Reply {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let outcome = parts.extensions.get::<Outcome>().cloned();
        let collected = body.collect().await.expect("content");
        let trailers = collected.trailers().cloned();
        Self { status: parts.status, fields: parts.headers, content: collected.to_bytes(), trailers, outcome }
    }

    fn by_curl((answer, outcome): (Answer, Option<Outcome>)) -> Self {
        let status = StatusCode::from_u16(answer.status).expect("a status");
        Self { status, fields: answer.fields, content: answer.content.into(), trailers: None, outcome }
    }

    /// The one line of a field; nothing where there is none.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.fields.get_all(name).iter();
        let first = lines.next()?;
        assert!(lines.next().is_none(), "`{name}` stands there twice: {:?}", self.fields);
        first.to_str().ok()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.content).expect("text")
    }

    pub fn is_hit(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Hit { .. }))
    }

    pub fn why(&self) -> String {
        self.outcome.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

/// Whether the answers to a target are stored.
pub async fn is_stored(site: &Site, target: &str) -> bool {
    let first = site.get(target).await;
    assert!(!first.is_hit(), "asked for the first time");
    site.get(target).await.is_hit()
}

/// A response with the given field lines, each to be appended.
pub fn with_fields<'a>(fields: impl IntoIterator<Item = (&'a str, &'a [u8])>, content: impl IntoResponse) -> Response {
    let mut response = content.into_response();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        if name == "content-type" {
            response.headers_mut().remove(&name);
        }
        response.headers_mut().append(name, HeaderValue::from_bytes(value).expect("a value"));
    }
    response
}

/// Content whose length is not known before its end.
pub struct Frames(pub VecDeque<Frame<Bytes>>);

impl Frames {
    pub fn of(pieces: &[&str]) -> Self {
        Self(pieces.iter().map(|piece| Frame::data(Bytes::copy_from_slice(piece.as_bytes()))).collect())
    }
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

impl IntoResponse for Frames {
    fn into_response(self) -> Response {
        Response::new(Body::new(self))
    }
}
