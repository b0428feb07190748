//! Each decision of the cache moves its counter, and no other: in `Cache::stats()`, and in the metrics. And `Cache-Status`
//! says it.

#[path = "../http/members.rs"]
mod members;

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Extension, Router,
    body::Body,
    extract::{Query, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use axum_extra::{TypedHeader, headers};
use bytes::Bytes;
use cached_handler::{
    Bypass, Cache, CacheBuilder, CacheGroups, Collapse, DoNotStore, Forward, Kept, NotStored, Outcome, Policy, StaleUse, Stats, Target,
    cached, secs,
    testing::{Call, Chaos, Fault, TestCache},
};
use cached_handler_tests::harness::alone;
use http_body::Frame;
use tower::ServiceExt;

use members::{members, says};

/// What the handlers answer with. One at a time.
type Act = Arc<dyn Fn() -> Response + Send + Sync>;

#[derive(Clone)]
struct Script(Arc<Mutex<Act>>);

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

fn builder() -> CacheBuilder {
    Cache::builder().outcome_on_hits().cache_status("site")
}

struct Site {
    cache: Cache,
    clock: cached_handler::ManualClock,
    chaos: Chaos,
    router: Router,
    script: Script,
    /// How the counters stood at the last look.
    seen: BTreeMap<String, u64>,
    #[cfg(feature = "metrics")]
    metrics: BTreeMap<String, u64>,
}

impl Site {
    /// The cache of a test, which waits until what it stores is stored.
    fn new() -> Self {
        let chaos = Chaos::new();
        let test = TestCache::with(|builder| builder.backend("sick", chaos.clone()).cache_status("site"));
        Self::of(test.cache().clone(), test.clock().clone(), chaos)
    }

    fn of(cache: Cache, clock: cached_handler::ManualClock, chaos: Chaos) -> Self {
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

    fn answers(&self, act: impl Fn() -> Response + Send + Sync + 'static) -> &Self {
        *self.script.0.lock().unwrap() = Arc::new(act);
        self
    }

    async fn send(&self, request: axum::http::request::Builder) -> Response {
        let response = self.send_unsaid(request).await;
        says_its_outcome(&response);
        response
    }

    /// Where `Cache-Status` says nothing of it.
    async fn send_unsaid(&self, request: axum::http::request::Builder) -> Response {
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap_or_else(|never| match never {})
    }

    async fn get(&self, target: &str) -> Response {
        self.send(Request::get(target)).await
    }

    /// What has moved since the last look, once nothing is under way any more. The metrics say the same.
    async fn moved(&mut self) -> BTreeMap<String, u64> {
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
fn says_its_outcome(response: &Response) -> Vec<(String, String)> {
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

#[cfg(feature = "metrics")]
mod metrics {
    use std::collections::BTreeMap;

    use cached_handler_tests::recorder;

    /// The metrics by the names of the counters.
    pub fn now() -> BTreeMap<String, u64> {
        let mut now = BTreeMap::new();
        for (name, value) in recorder::installed().all() {
            if let Some(name) = counter(&name) {
                *now.entry(name).or_default() += value;
            }
        }
        now
    }

    pub fn are_described() {
        let recorder = recorder::installed();
        let undescribed: Vec<_> = recorder.registered().difference(&recorder.described()).cloned().collect();
        assert_eq!(undescribed, [""; 0]);
    }

    fn counter(name: &str) -> Option<String> {
        let (metric, labels) = name.split_once('{')?;
        let label = |wanted: &str| {
            let mut labels = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
            labels.find(|(name, _)| *name == wanted).map_or("", |(_, value)| value)
        };
        let words = match (metric.strip_prefix("cached_handler_")?, label("outcome"), label("effect"), label("result")) {
            ("stale_total", ..) => format!("stale {}", label("reason")),
            ("forwards_total", ..) => format!("forward {}", label("reason")),
            ("kept_total", ..) => format!("kept {}", label("kept")),
            ("not_stored_total", ..) => format!("not-stored {}", label("reason")),
            ("requests_total", outcome @ ("hit" | "collapsed"), ..) => outcome.to_owned(),
            ("run_seconds", ..) => "run".to_owned(),
            ("abandoned_total", ..) => "abandoned".to_owned(),
            ("damaged_total", ..) => "damaged".to_owned(),
            ("unused_total", ..) => "unused".to_owned(),
            ("invalidations_total", _, _, "error") => "failed invalidation".to_owned(),
            ("invalidations_total", _, "invalidate", _) => "invalidation".to_owned(),
            ("invalidations_total", ..) => "expiration".to_owned(),
            ("backend_operations_total", _, _, "error") => "backend error".to_owned(),
            _ => return None,
        };
        Some(words)
    }
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

/// Checks what has moved against what should have, each by one; and remembers it.
struct Ledger(BTreeSet<String>);

impl Ledger {
    #[track_caller]
    fn check(&mut self, what: &str, moved: &BTreeMap<String, u64>, expected: &[&str]) {
        let expected: BTreeMap<String, u64> = expected.iter().map(|name| ((*name).to_owned(), 1)).collect();
        assert_eq!(*moved, expected, "{what}");
        self.0.extend(expected.into_keys());
    }
}

/// Responses that are not stored, and why.
fn unstorable() -> Vec<(&'static str, Act)> {
    fn with(name: header::HeaderName, value: &'static str) -> Act {
        Arc::new(move || ([(name.clone(), value)], "text").into_response())
    }
    fn of(act: impl Fn() -> Response + Send + Sync + 'static) -> Act {
        Arc::new(act)
    }
    vec![
        ("status", of(|| StatusCode::NOT_FOUND.into_response())),
        ("do-not-store", of(|| (DoNotStore, "text").into_response())),
        ("set-cookie", with(header::SET_COOKIE, "a=b")),
        ("no-store", with(header::CACHE_CONTROL, "no-store")),
        ("private", with(header::CACHE_CONTROL, "private")),
        ("no-cache", with(header::CACHE_CONTROL, "no-cache")),
        ("malformed-cache-control", with(header::CACHE_CONTROL, "max-age=\"")),
        ("must-understand", of(|| (StatusCode::IM_USED, [(header::CACHE_CONTROL, "must-understand, max-age=9")]).into_response())),
        ("vary-any", with(header::VARY, "*")),
        ("vary-unkeyed", with(header::VARY, "accept")),
        ("malformed-vary", with(header::VARY, "a b")),
        ("partial", with(header::CONTENT_RANGE, "bytes 0-1/9")),
        ("already-stale", with(header::CACHE_CONTROL, "max-age=0")),
        ("too-large", of(|| "x".repeat(65).into_response())),
        (
            "endless",
            of(|| {
                ([(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")], Piecewise::of(&["x"])).into_response()
            }),
        ),
        ("fields-too-large", of(|| ([(header::WARNING, "x".repeat(65 << 10))], "text").into_response())),
        ("groups", of(|| (CacheGroups::of([""]), "text").into_response())),
        ("length-mismatch", with(header::CONTENT_LENGTH, "3")),
        ("timed-out", of(|| StatusCode::REQUEST_TIMEOUT.into_response())),
    ]
}

/// Content in pieces, of no known length.
struct Piecewise {
    pieces: Vec<Option<Frame<Bytes>>>,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    End,
    Break,
    Hang,
}

impl Piecewise {
    fn of(pieces: &[&'static str]) -> Body {
        let pieces = pieces.iter().rev().map(|piece| Some(Frame::data(Bytes::from_static(piece.as_bytes())))).collect();
        Body::new(Self { pieces, then: Then::End })
    }

    fn that(then: Then) -> Body {
        Body::new(Self { pieces: vec![Some(Frame::data(Bytes::from_static(b"x")))], then })
    }

    fn with_trailers() -> Body {
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

#[tokio::test(start_paused = true)]
async fn each_decision_moves_its_counter_and_no_other() {
    // In a process of its own, so that nothing else moves a metric.
    if alone("decisions::each_decision_moves_its_counter_and_no_other").is_some() {
        return;
    }
    let mut ledger = Ledger(BTreeSet::new());
    hits_and_forwards(&mut ledger).await;
    bypasses(&mut ledger).await;
    responses_that_are_not_stored(&mut ledger).await;
    streams(&mut ledger).await;
    stale_responses(&mut ledger).await;
    panics(&mut ledger).await;
    backends(&mut ledger).await;
    invalidations(&mut ledger).await;
    #[cfg(feature = "metrics")]
    metrics::are_described();

    let unreached: Vec<String> = words_of_outcomes().difference(&ledger.0).cloned().collect();
    assert!(unreached.is_empty(), "reasons without a case above: add one for each of {unreached:?}");
}

async fn hits_and_forwards(ledger: &mut Ledger) {
    let mut site = Site::new();
    site.get("/plain/a").await;
    ledger.check("a miss", &site.moved().await, &["forward uri-miss", "run", "kept stored"]);
    site.get("/plain/a").await;
    ledger.check("a hit", &site.moved().await, &["hit"]);
    site.clock.advance(secs(61));
    site.get("/plain/a").await;
    ledger.check("stale", &site.moved().await, &["forward stale", "run", "kept stored"]);
    site.cache.invalidate(Target::group("g")).await.unwrap();
    ledger.check("an invalidation", &site.moved().await, &["invalidation"]);
    site.get("/plain/a").await;
    ledger.check("after it", &site.moved().await, &["forward invalidated", "run", "kept stored"]);
    site.send(Request::post("/plain/a")).await;
    ledger.check("POST", &site.moved().await, &["forward method", "run", "not-stored method", "invalidation"]);

    site.get("/honors").await;
    site.moved().await;
    site.send(Request::get("/honors").header("cache-control", "no-cache")).await;
    ledger.check("no-cache", &site.moved().await, &["forward request", "run", "kept stored"]);
    site.send(Request::get("/honors").header("cache-control", "no-store, no-cache")).await;
    ledger.check("no-store", &site.moved().await, &["forward request", "run", "not-stored request-no-store"]);
    site.answers(|| ([(header::CACHE_CONTROL, "max-age=60")], "text").into_response());
    site.send(Request::get("/honors").header("cache-control", "no-cache")).await;
    site.moved().await;
    site.clock.advance(secs(61));
    site.send(Request::get("/honors").header("cache-control", "max-stale=60")).await;
    ledger.check("max-stale", &site.moved().await, &["stale stale-accepted"]);
    site.send(Request::get("/honors").header("cache-control", "only-if-cached")).await;
    ledger.check("only-if-cached", &site.moved().await, &["forward request", "not-stored only-if-cached"]);
    site.send(Request::head("/skips")).await;
    ledger.check("HEAD", &site.moved().await, &["forward uri-miss", "run", "not-stored head"]);

    site.answers(|| ([(header::VARY, "accept"), (header::CACHE_CONTROL, "max-age=60")], "text").into_response());
    site.send(Request::get("/forwards").header("accept", "a")).await;
    ledger.check("a first variant", &site.moved().await, &["forward uri-miss", "run", "kept stored"]);
    for variant in 0..63 {
        site.send(Request::get("/forwards").header("accept", format!("b{variant}"))).await;
    }
    site.moved().await;
    site.send(Request::get("/forwards").header("accept", "c")).await;
    ledger.check("one variant too many", &site.moved().await, &["forward vary-miss", "run", "not-stored too-many-variants"]);

    let mut site = Site::new();
    site.answers(|| ([(header::ETAG, "\"a\""), (header::CACHE_CONTROL, "max-age=60")], "text").into_response());
    site.get("/forwards").await;
    site.clock.advance(secs(61));
    site.moved().await;
    site.answers(|| (StatusCode::NOT_MODIFIED, [(header::ETAG, "\"a\""), (header::CACHE_CONTROL, "max-age=60")]).into_response());
    site.get("/forwards").await;
    ledger.check("a 304", &site.moved().await, &["forward stale", "run", "kept freshened"]);

    let mut site = Site::new();
    let is_first = AtomicBool::new(true);
    site.answers(move || {
        let status = if is_first.swap(false, Ordering::SeqCst) { StatusCode::ACCEPTED } else { StatusCode::OK };
        (status, "text").into_response()
    });
    tokio::join!(site.get("/apart"), site.get("/apart"));
    let expected = [("forward uri-miss", 2), ("run", 2), ("kept stored", 1), ("not-stored overtaken", 1)];
    assert_eq!(site.moved().await, expected.map(|(name, count)| (name.to_owned(), count)).into());
    ledger.0.insert("not-stored overtaken".to_owned());

    let mut site = Site::new();
    let (a, b) = tokio::join!(site.get("/plain/a"), site.get("/plain/a"));
    assert!(says_its_outcome(&b).contains(&("collapsed".to_owned(), "true".to_owned())));
    drop(a);
    let moved = site.moved().await;
    let expected = [("forward uri-miss", 2), ("run", 1), ("kept stored", 1), ("collapsed", 1)];
    assert_eq!(moved, expected.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(), "two at once");
}

async fn bypasses(ledger: &mut Ledger) {
    let mut site = Site::new();
    let long = format!("/plain/{}", "x".repeat(9 << 10));
    let both = "/forwards";
    let requests = [
        ("key-too-long", Request::get(long.as_str())),
        ("rejected-argument", Request::get("/rejected?page=x")),
        ("extractor-in-extension", Request::get("/carried")),
        ("fields-unseen", Request::get("/unseen").header("origin", "http://a")),
        ("upgrade", Request::get(both).header("upgrade", "websocket").header("connection", "upgrade")),
        ("ambiguous-authority", Request::get(both).header("host", "a").header("host", "b")),
        ("unknown-backend", Request::get("/nowhere")),
        ("condition", Request::get("/left-alone").header("x-mine", "1")),
    ];
    for (reason, request) in requests {
        site.send(request).await;
        ledger.check(reason, &site.moved().await, &[&format!("forward {reason}"), "run", "not-stored bypass"]);
    }
    site.answers(|| ([(header::CACHE_CONTROL, "no-store")], "text").into_response());
    site.get("/forwards").await;
    site.moved().await;
    site.send(Request::get("/forwards").header("range", "bytes=0-1")).await;
    ledger.check("range", &site.moved().await, &["forward range", "run", "not-stored bypass"]);
    let with_content = Request::get("/forwards").header("content-length", "1").body(Body::from("x")).unwrap();
    says_its_outcome(&site.router.clone().oneshot(with_content).await.unwrap());
    ledger.check("content", &site.moved().await, &["forward content", "run", "not-stored bypass"]);

    site.answers(|| ([(header::CACHE_CONTROL, "max-age=60")], "text").into_response());
    site.get("/forwards").await;
    site.moved().await;
    site.send(Request::get("/forwards").header("cookie", "a=b")).await;
    ledger.check("credentials", &site.moved().await, &["forward credentials", "run", "not-stored credentials"]);

    let cache = builder().off().build().await.unwrap();
    let mut site = Site::of(cache, cached_handler::ManualClock::new(), Chaos::new());
    site.send_unsaid(Request::get("/plain/a")).await;
    ledger.check("off", &site.moved().await, &["forward off", "run", "not-stored bypass"]);
}

async fn responses_that_are_not_stored(ledger: &mut Ledger) {
    for (reason, act) in unstorable() {
        let mut site = Site::new();
        site.answers(move || act());
        site.get("/plain/a").await;
        ledger.check(reason, &site.moved().await, &["forward uri-miss", "run", &format!("not-stored {reason}")]);
    }
    let mut site = Site::new();
    site.get("/fails").await;
    ledger.check("an `Err`", &site.moved().await, &["forward uri-miss", "run", "not-stored err"]);

    let mut site = Site::new();
    site.get("/forwards").await;
    ledger.check("no freshness", &site.moved().await, &["forward uri-miss", "run", "not-stored no-freshness"]);

    let mut site = Site::new();
    let cache = site.cache.clone();
    site.answers(move || {
        // Done at its first poll: nothing is waited for in memory.
        let mut invalidation = Box::pin(cache.invalidate(Target::group("g")));
        let done = invalidation.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
        assert!(done.is_ready(), "{done:?}");
        "text".into_response()
    });
    site.get("/plain/a").await;
    ledger.check("invalidated meanwhile", &site.moved().await, &["forward uri-miss", "run", "invalidation", "not-stored invalidated"]);
}

async fn streams(ledger: &mut Ledger) {
    let streamed: [(&[&str], fn() -> Body); 4] = [
        (&["kept stored"], || Piecewise::of(&["a", "b"])),
        (&["not-stored broken-off"], || Piecewise::that(Then::Break)),
        (&["not-stored run-too-long"], || Piecewise::that(Then::Hang)),
        (&["not-stored trailers"], Piecewise::with_trailers),
    ];
    for (comes_to, body) in streamed {
        let mut site = Site::new();
        site.answers(move || body().into_response());
        let response = site.get("/plain/a").await;
        let mut expected = vec!["forward uri-miss", "run", "kept streaming"];
        expected.extend(comes_to);
        ledger.check("a stream", &site.moved().await, &expected);
        drop(response);
    }
    let clock = cached_handler::ManualClock::new();
    let cache = builder().clock(clock.clone()).read_ahead(1).build().await.unwrap();
    let mut site = Site::of(cache.clone(), clock, Chaos::new());
    site.answers(|| Piecewise::of(&["a", "b"]).into_response());
    let waits = site.get("/plain/waits").await;
    while !cache.stats().kept.contains_key("stored") {
        tokio::task::yield_now().await;
    }
    site.moved().await;
    site.get("/plain/a").await;
    ledger.check("no room", &site.moved().await, &["forward uri-miss", "run", "kept streaming", "not-stored read-ahead"]);
    drop(waits);
    let clock = cached_handler::ManualClock::new();
    let cache = builder().clock(clock.clone()).max_detached_runs(0).build().await.unwrap();
    let mut site = Site::of(cache, clock, Chaos::new());
    site.answers(|| Piecewise::of(&["a"]).into_response());
    site.get("/plain/a").await;
    ledger.check("no task", &site.moved().await, &["forward uri-miss", "run", "not-stored no-task"]);
}

async fn stale_responses(ledger: &mut Ledger) {
    let mut site = Site::new();
    site.get("/behind").await;
    site.clock.advance(secs(61));
    site.moved().await;
    site.get("/behind").await;
    ledger.check("made anew", &site.moved().await, &["stale stale-while-revalidate", "run", "kept stored"]);
    site.clock.advance(secs(61));
    site.answers(|| StatusCode::BAD_GATEWAY.into_response());
    site.get("/behind").await;
    ledger.check("in vain", &site.moved().await, &["stale stale-while-revalidate", "run", "not-stored status"]);
    site.get("/behind").await;
    ledger.check("not again at once", &site.moved().await, &["stale stale-while-revalidate"]);

    let mut site = Site::new();
    site.get("/if-error").await;
    site.clock.advance(secs(61));
    site.moved().await;
    site.answers(|| StatusCode::BAD_GATEWAY.into_response());
    site.get("/if-error").await;
    ledger.check("a failure", &site.moved().await, &["stale stale-if-error", "run", "not-stored status"]);
    site.get("/if-error").await;
    ledger.check("spared", &site.moved().await, &["stale stale-after-error"]);
}

async fn panics(ledger: &mut Ledger) {
    let mut site = Site::new();
    site.get("/behind").await;
    site.get("/inline").await;
    site.clock.advance(secs(61));
    site.moved().await;
    site.answers(|| panic!("as the test wants it"));
    site.get("/behind").await;
    ledger.check("behind an answer", &site.moved().await, &["stale stale-while-revalidate", "run", "not-stored panicked"]);

    site.get("/inline").await;
    ledger.check("in place of one", &site.moved().await, &["stale stale-if-error", "run", "not-stored panicked"]);

    let router = site.router.clone();
    let request = Request::get("/plain/a").body(Body::empty()).unwrap();
    let outcome = tokio::spawn(async move { router.oneshot(request).await.map(drop) }).await;
    assert!(outcome.is_err_and(|error| error.is_panic()), "it is the server's, as it would be without a cache");
    ledger.check("a panic", &site.moved().await, &["forward uri-miss", "run", "not-stored panicked"]);

    let mut site = Site::new();
    site.answers(|| StatusCode::REQUEST_TIMEOUT.into_response());
    let left = tokio::time::timeout(secs(1), site.get("/inline")).await;
    assert!(left.is_err());
    ledger.check("a client who leaves", &site.moved().await, &["run", "abandoned"]);
}

async fn backends(ledger: &mut Ledger) {
    let mut site = Site::new();
    site.get("/remote").await;
    ledger.check("a miss", &site.moved().await, &["forward uri-miss", "run", "kept stored"]);
    site.get("/remote").await;
    ledger.check("a hit", &site.moved().await, &["hit"]);
    site.chaos.script(Call::Get, [Fault::Damage]);
    site.get("/remote").await;
    ledger.check("damage", &site.moved().await, &["damaged", "forward uri-miss", "run", "kept stored"]);
    site.chaos.script(Call::Get, [Fault::Fail]);
    site.get("/remote").await;
    ledger.check("it cannot read", &site.moved().await, &["backend error", "forward backend", "run", "not-stored backend"]);
    site.clock.advance(secs(61));
    site.chaos.script(Call::Put, [Fault::Fail]);
    site.get("/remote").await;
    ledger.check("it cannot store", &site.moved().await, &["backend error", "forward stale", "run", "not-stored backend"]);

    let (clock, chaos) = (cached_handler::ManualClock::new(), Chaos::new());
    let cache = builder().clock(clock.clone()).backend("sick", chaos.clone()).build().await.unwrap();
    let mut site = Site::of(cache, clock, chaos);
    site.get("/remote").await;
    ledger.check("behind the answer", &site.moved().await, &["forward uri-miss", "run", "kept storing", "kept stored"]);
}

async fn invalidations(ledger: &mut Ledger) {
    let (clock, chaos) = (cached_handler::ManualClock::new(), Chaos::new());
    let cache = builder().clock(clock.clone()).backend_with_epochs("sick", chaos.clone(), chaos.epochs()).build().await.unwrap();
    let mut site = Site::of(cache, clock, chaos);
    site.cache.expire(Target::all()).await.unwrap();
    ledger.check("expired", &site.moved().await, &["expiration"]);
    site.chaos.script(Call::Advance, [Fault::Fail]);
    site.cache.invalidate(Target::path("/a")).await.unwrap_err();
    ledger.check("a failure", &site.moved().await, &["backend error", "failed invalidation"]);
}

/// Every word that an outcome can say: a new reason needs a case here.
fn words_of_outcomes() -> BTreeSet<String> {
    let reasons = [("forward", Forward::WORDS), ("forward", Bypass::WORDS), ("not-stored", NotStored::WORDS), ("stale", StaleUse::WORDS)];
    let words = reasons.into_iter().flat_map(|(kind, words)| words.iter().map(move |word| format!("{kind} {word}")));
    let mut words: BTreeSet<String> = words.collect();
    assert!(words.len() > 40, "{words:?}");
    // What RFC 9211 calls all of them; each is counted by its own word.
    words.remove("forward bypass");
    // Of the layer alone, which has tests of its own.
    words.remove("not-stored cached-inside");
    words
}
