//! Handlers that come to each decision, and the counters, metrics and words that are looked at.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use super::{members, metrics};
use axum::{
    Extension, Router,
    body::Body,
    extract::{Query, Request, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use axum_extra::{TypedHeader, headers};
use bytes::Bytes;
use cached_handler::{
    Cache, CacheBuilder, Collapse, Forward, Kept, Outcome, Policy, StaleUse, Stats, cached, secs,
    testing::{Chaos, TestCache},
};
use http_body::Frame;
use members::{members, says};
use tower::ServiceExt;

/// What the handlers answer with. One at a time.
pub(super) type Act = Arc<dyn Fn() -> Response + Send + Sync>;

#[derive(Clone)]
pub(super) struct Script(Arc<Mutex<Act>>);

impl Script {
    async fn act(&self) -> Response {
        let act = Arc::clone(&self.0.lock().unwrap());
        let response = act();
        if response.status() == StatusCode::REQUEST_TIMEOUT {
            std::future::pending::<()>().await;
        }
        if response.status() == StatusCode::ACCEPTED {
            tokio::time::sleep(secs(1)).await;
            return "late".into_response();
        }
        response
    }
}

const LIMITED: Policy = Policy::new().jitter(0).timeout(secs(2)).max_body(64);
const HONORS: Policy = Policy::new().honor_request_directives();
const APART: Policy = Policy::new().collapse(Collapse::Off);

#[cached(ttl = 60, group = "g", policy = LIMITED)]
async fn plain(State(script): State<Script>) -> Response {
    script.act().await
}

#[cached(ttl = from_response, vary = from_response)]
async fn forwards(State(script): State<Script>, _request: Request) -> Response {
    script.act().await
}

#[cached(ttl = 60, policy = HONORS)]
async fn honors(State(script): State<Script>) -> Response {
    script.act().await
}

#[cached(ttl = 60, bypass(headers.contains_key("x-mine")), skip(headers))]
async fn left_alone(State(script): State<Script>, headers: HeaderMap) -> Response {
    script.act().await
}

#[cached(ttl = 60, only_ok)]
async fn fails(State(script): State<Script>) -> Result<(), Response> {
    Err(script.act().await)
}

#[cached(ttl = 60, skip(_method))]
async fn skips(State(script): State<Script>, _method: Method) -> Response {
    script.act().await
}

#[derive(serde::Deserialize)]
struct Page {
    #[expect(dead_code, reason = "it is read, and nothing more")]
    page: u32,
}

#[cached(ttl = 60)]
async fn rejected(State(script): State<Script>, _page: Result<Query<Page>, axum::extract::rejection::QueryRejection>) -> Response {
    script.act().await
}

#[cached(ttl = 60)]
async fn carried(State(script): State<Script>, _of_another: Extension<State<u8>>) -> Response {
    script.act().await
}

/// An argument that needs a field, under the name of one that needs none.
mod disguised {
    pub type RawQuery = super::TypedHeader<super::headers::Origin>;
}

#[cached(ttl = 60)]
async fn unseen(State(script): State<Script>, _sent: Option<disguised::RawQuery>) -> Response {
    script.act().await
}

#[cached(ttl = 60, backend = "nowhere")]
async fn nowhere(State(script): State<Script>) -> Response {
    script.act().await
}

#[cached(ttl = 60, backend = "sick")]
async fn remote(State(script): State<Script>) -> Response {
    script.act().await
}

#[cached(ttl = 60, stale_while_revalidate = 30, policy = LIMITED)]
async fn behind(State(script): State<Script>) -> Response {
    script.act().await
}

#[cached(ttl = 60, stale_if_error = 600, policy = LIMITED)]
async fn if_error(State(script): State<Script>) -> Response {
    script.act().await
}

#[cached(ttl = 60, stale_while_revalidate = 30, collapse = "inline", policy = LIMITED)]
async fn inline(State(script): State<Script>) -> Response {
    script.act().await
}

#[cached(ttl = 60, policy = APART)]
async fn apart(State(script): State<Script>) -> Response {
    script.act().await
}

pub(super) fn builder() -> CacheBuilder {
    Cache::builder().outcome_on_hits().cache_status("site")
}

pub(super) struct Site {
    pub(super) cache: Cache,
    pub(super) clock: cached_handler::ManualClock,
    pub(super) chaos: Chaos,
    pub(super) router: Router,
    pub(super) script: Script,
    /// How the counters stood at the last look.
    pub(super) seen: BTreeMap<String, u64>,
    #[cfg(feature = "metrics")]
    pub(super) metrics: BTreeMap<String, u64>,
}

impl Site {
    /// The cache of a test, which waits until what it stores is stored.
    pub(super) fn new() -> Self {
        let chaos = Chaos::new();
        let test = TestCache::with(|builder| builder.backend("sick", chaos.clone()).cache_status("site"));
        Self::of(test.cache().clone(), test.clock().clone(), chaos)
    }

    pub(super) fn of(cache: Cache, clock: cached_handler::ManualClock, chaos: Chaos) -> Self {
        let script = Script(Arc::new(Mutex::new(Arc::new(|| "well".into_response()))));
        let router = Router::new()
            .route("/plain/{*rest}", any(plain))
            .route("/forwards", any(forwards))
            .route("/honors", any(honors))
            .route("/left-alone", any(left_alone))
            .route("/fails", any(fails))
            .route("/skips", any(skips))
            .route("/rejected", any(rejected))
            .route("/carried", any(carried).layer(Extension(State(7_u8))))
            .route("/unseen", any(unseen))
            .route("/nowhere", any(nowhere))
            .route("/remote", any(remote))
            .route("/behind", any(behind))
            .route("/if-error", any(if_error))
            .route("/inline", any(inline))
            .route("/apart", any(apart))
            .layer(Extension(cache.clone()))
            .with_state(script.clone());
        Self {
            seen: flat(&cache.stats()),
            #[cfg(feature = "metrics")]
            metrics: metrics::now(),
            cache,
            clock,
            chaos,
            router,
            script,
        }
    }

    pub(super) fn answers(&self, act: impl Fn() -> Response + Send + Sync + 'static) -> &Self {
        *self.script.0.lock().unwrap() = Arc::new(act);
        self
    }

    pub(super) async fn send(&self, request: axum::http::request::Builder) -> Response {
        let response = self.send_unsaid(request).await;
        says_its_outcome(&response);
        response
    }

    /// Where `Cache-Status` says nothing of it.
    pub(super) async fn send_unsaid(&self, request: axum::http::request::Builder) -> Response {
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap_or_else(|never| match never {})
    }

    pub(super) async fn get(&self, target: &str) -> Response {
        self.send(Request::get(target)).await
    }

    /// What has moved since the last look, once nothing is under way any more. The metrics say the same.
    pub(super) async fn moved(&mut self) -> BTreeMap<String, u64> {
        assert!(self.cache.drain(Duration::from_secs(120)).await);
        let now = flat(&self.cache.stats());
        let moved = difference(&self.seen, &now);
        self.seen = now;
        #[cfg(feature = "metrics")]
        {
            let now = metrics::now();
            assert_eq!(difference(&self.metrics, &now), moved, "the metrics and `Cache::stats()` differ");
            self.metrics = now;
        }
        moved
    }
}

/// `Cache-Status` says what the outcome does, read by a parser of structured fields that is not ours (RFC 9211 §2). Gives
/// the parameters.
#[track_caller]
pub(super) fn says_its_outcome(response: &Response) -> Vec<(String, String)> {
    let outcome = response.extensions().get::<Outcome>().expect("an outcome");
    let secs = |time: &Duration| time.as_secs().to_string();
    let mut expected = Vec::new();
    match outcome {
        Outcome::Hit { ttl, .. } => expected.extend([("hit", "true".to_owned()), ("ttl", secs(ttl))]),
        Outcome::Stale { past, why, .. } => {
            let failed = *why == StaleUse::IfError;
            expected.push(if failed { ("fwd", "stale".to_owned()) } else { ("hit", "true".to_owned()) });
            expected.extend([("ttl", format!("-{}", past.as_secs())), ("detail", why.as_str().to_owned())]);
            assert!(!past.is_zero(), "what is stale here is so by its age");
        }
        Outcome::Forward { why, collapsed, kept, .. } => {
            expected.push(("fwd", why.as_str().to_owned()));
            if *collapsed {
                expected.push(("collapsed", "true".to_owned()));
            }
            match kept {
                Kept::Stored | Kept::Storing => expected.push(("stored", "true".to_owned())),
                Kept::Freshened => expected.extend([("fwd-status", "304".to_owned()), ("stored", "true".to_owned())]),
                // That it will be, nobody knows yet.
                Kept::Streaming | Kept::Not(_) => {}
                _ => panic!("what does `Cache-Status` say of {kept:?}?"),
            }
            let detail = match (why, kept) {
                (Forward::Bypass(reason), _) => Some(reason.as_str()),
                (_, Kept::Not(reason)) => Some(reason.as_str()),
                (Forward::Invalidated, _) => Some("invalidated"),
                _ => None,
            };
            expected.extend(detail.map(|word| ("detail", word.to_owned())));
        }
        _ => panic!("what does `Cache-Status` say of {outcome:?}?"),
    }
    let borrowed: Vec<_> = expected.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let said = members(response.headers());
    assert_eq!(said, [says("site", &borrowed)], "{outcome}");
    said.into_iter().flat_map(|member| member.parameters).collect()
}

fn difference(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let moved = now.iter().map(|(name, count)| (name.clone(), count - before.get(name).copied().unwrap_or(0)));
    moved.filter(|(_, count)| *count > 0).collect()
}

/// The counters of `Stats` that tell decisions, by name.
fn flat(stats: &Stats) -> BTreeMap<String, u64> {
    let words = [("stale", &stats.stale), ("forward", &stats.forwards), ("kept", &stats.kept), ("not-stored", &stats.not_stored)];
    let words = words.into_iter().flat_map(|(kind, words)| words.iter().map(move |(word, count)| (format!("{kind} {word}"), *count)));
    let rest = [
        ("hit", stats.hits),
        ("collapsed", stats.collapsed),
        ("run", stats.runs),
        ("running", stats.running),
        ("abandoned", stats.abandoned),
        ("invalidation", stats.invalidations),
        ("expiration", stats.expirations),
        ("failed invalidation", stats.failed_invalidations),
        ("backend error", stats.backend_errors),
        ("damaged", stats.damaged),
        ("unused", stats.unused),
    ];
    words.chain(rest.map(|(name, count)| (name.to_owned(), count))).collect()
}

/// Content in pieces, of no known length.
pub(super) struct Piecewise {
    pub(super) pieces: Vec<Option<Frame<Bytes>>>,
    pub(super) then: Then,
}

#[derive(Clone, Copy)]
pub(super) enum Then {
    End,
    Break,
    Hang,
}

impl Piecewise {
    pub(super) fn of(pieces: &[&'static str]) -> Body {
        let pieces = pieces.iter().rev().map(|piece| Some(Frame::data(Bytes::from_static(piece.as_bytes())))).collect();
        Body::new(Self { pieces, then: Then::End })
    }

    pub(super) fn that(then: Then) -> Body {
        Body::new(Self { pieces: vec![Some(Frame::data(Bytes::from_static(b"x")))], then })
    }

    pub(super) fn with_trailers() -> Body {
        Body::new(Self { pieces: vec![Some(Frame::trailers(HeaderMap::new()))], then: Then::End })
    }
}

impl http_body::Body for Piecewise {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match (self.pieces.pop().flatten(), self.then) {
            (Some(piece), _) => Poll::Ready(Some(Ok(piece))),
            (None, Then::End) => Poll::Ready(None),
            (None, Then::Break) => Poll::Ready(Some(Err(std::io::Error::other("broken off")))),
            (None, Then::Hang) => Poll::Pending,
        }
    }
}
