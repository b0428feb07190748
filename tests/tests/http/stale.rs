//! What is stale (RFC 5861; RFC 9111 §4.2.4 and §4.3): sent while it is made anew, in place of a failure, and never where
//! something forbids it. Each test runs in memory, on a store of one's own, in files and in a Redis.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{
    Cache, CacheBuilder, CacheGroups, Collapse, EntityTag, Error, Kept, Outcome, Policy, Revalidate, StaleUse, Target,
    backend::{Store, StoreKey},
    cached, secs,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::{
    harness::{Dict, PATIENT, ask, send, text},
    redis_server::RedisServer,
};
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// What the handler does when it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Well,
    Status(u16),
    Panic,
    Hang,
    MustRevalidate,
    /// Windows of its own, of 3 and 6 seconds.
    OwnWindows,
}

struct Script {
    does: Mutex<Does>,
    runs: AtomicUsize,
    /// A run takes one of these.
    gate: Semaphore,
    began: Semaphore,
}

impl Script {
    fn set(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    async fn run(&self) -> Response {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        let does = *self.does.lock().unwrap();
        self.began.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        let text = format!("run {run}");
        match does {
            Does::Well => text.into_response(),
            Does::Status(status) => (StatusCode::from_u16(status).unwrap(), text).into_response(),
            Does::Panic => panic!("as the test wants it"),
            Does::Hang => std::future::pending().await,
            Does::MustRevalidate => ([(header::CACHE_CONTROL, "must-revalidate")], text).into_response(),
            Does::OwnWindows => ([(header::CACHE_CONTROL, "max-age=60, stale-while-revalidate=3, stale-if-error=6")], text).into_response(),
        }
    }
}

type Shared = State<Arc<Script>>;

const PLAIN: Policy = Policy::new().jitter(0);
const LIMITED: Policy = Policy::new().jitter(0).timeout(secs(2));
const GONE: Policy = Policy::new().jitter(0).status(410, secs(1));

macro_rules! handlers {
    ($module:ident, $backend:literal) => {
        mod $module {
            use super::*;

            #[cached(ttl = 60, backend = $backend, stale_while_revalidate = 30, group = "g", policy = PLAIN)]
            pub async fn behind(State(script): Shared) -> Response {
                script.run().await
            }

            #[cached(ttl = 60, backend = $backend, stale_if_error = 600, group = "g", policy = LIMITED)]
            pub async fn if_error(State(script): Shared) -> Response {
                script.run().await
            }

            #[cached(ttl = 60, backend = $backend, stale_while_revalidate = 30, stale_if_error = 600, policy = GONE)]
            pub async fn both(State(script): Shared) -> Response {
                script.run().await
            }

            #[cached(ttl = 60, backend = $backend, group = "g", policy = PLAIN)]
            pub async fn neither(State(script): Shared) -> Response {
                script.run().await
            }

            #[cached(ttl = 60, backend = $backend, stale_if_error = 600, skip(_allowed), policy = PLAIN)]
            pub async fn guarded(_allowed: Allowed, State(script): Shared) -> Response {
                script.run().await
            }

            #[cached(ttl = 60, backend = $backend, stale_while_revalidate = 30, skip(_allowed), policy = PLAIN)]
            pub async fn guarded_behind(_allowed: Allowed, State(script): Shared) -> Response {
                script.run().await
            }

            #[cached(ttl = 60, backend = $backend)]
            pub async fn by_tag(State(script): Shared, held: Revalidate) -> Response {
                super::by_tag(&script, &held)
            }

            #[cached(ttl = from_response, vary = from_response, backend = $backend)]
            pub async fn forwards(State(script): Shared, request: Request) -> Response {
                super::forwards(&script, request.headers())
            }

            #[cached(ttl = 60, backend = $backend, stale_while_revalidate = 30, collapse = "inline", policy = PLAIN)]
            pub async fn inline(State(script): Shared) -> Response {
                script.run().await
            }

            #[cached(ttl = from_response, backend = $backend, policy = PLAIN)]
            pub async fn says(State(script): Shared, held: Revalidate) -> Response {
                super::says(&script, &held).await
            }

            #[cached(ttl = from_response, backend = $backend, vary = from_response, policy = PLAIN)]
            pub async fn speaks(State(script): Shared, request: Request) -> Response {
                super::speaks(&script, request.headers())
            }

            pub fn router() -> Router<Arc<Script>> {
                Router::new()
                    .route("/behind", get(behind))
                    .route("/if-error", get(if_error))
                    .route("/both", get(both))
                    .route("/neither", get(neither))
                    .route("/guarded", get(guarded))
                    .route("/guarded-behind", get(guarded_behind))
                    .route("/by-tag", get(by_tag))
                    .route("/forwards", get(forwards))
                    .route("/inline", get(inline))
                    .route("/says", get(says))
                    .route("/speaks", get(speaks))
            }
        }
    };
}
handlers!(in_memory, "memory");
handlers!(at_rest, "dict");
#[cfg(unix)]
handlers!(in_files, "fs");
handlers!(in_redis, "redis");

/// An extractor that refuses once the script says so.
struct Allowed;

impl FromRequestParts<Arc<Script>> for Allowed {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, script: &Arc<Script>) -> Result<Self, StatusCode> {
        if *script.does.lock().unwrap() == Does::Status(503) { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok(Self) }
    }
}

/// Version 1 or 2, as the script wants it.
fn by_tag(script: &Script, held: &Revalidate) -> Response {
    script.runs.fetch_add(1, Ordering::SeqCst);
    let version = if *script.does.lock().unwrap() == Does::Well { 1_u8 } else { 2 };
    let tag = EntityTag::of(&[version]);
    if held.has(&tag) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([(header::ETAG, tag.to_header_value())], format!("version {version}")).into_response()
}

/// A server behind, with a page that has to be asked for each time.
fn forwards(script: &Script, fields: &HeaderMap) -> Response {
    script.runs.fetch_add(1, Ordering::SeqCst);
    let lines = |name| fields.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect::<Vec<_>>().join(" ");
    let asked = lines(header::IF_NONE_MATCH);
    if asked == "\"one\"" && *script.does.lock().unwrap() == Does::Well {
        return (StatusCode::NOT_MODIFIED, [("x-asked", "yes"), ("etag", "\"one\"")]).into_response();
    }
    let lines = [("cache-control", "no-cache"), ("etag", "\"one\""), ("x-asked", if asked.is_empty() { "no" } else { "in vain" })];
    (lines, "page").into_response()
}

/// Belongs to a group that it names itself, and is dated but not tagged.
async fn says(script: &Script, held: &Revalidate) -> Response {
    let response = script.run().await;
    if !response.status().is_success() {
        return response;
    }
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    if held.is_since(modified) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let lines = [
        (header::CACHE_CONTROL, "max-age=60, stale-while-revalidate=30, stale-if-error=600"),
        (header::LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    (CacheGroups::of(["said"]), lines, response).into_response()
}

/// A server behind: what it is asked by, it says; and a tag that its compressor has changed.
fn speaks(script: &Script, fields: &HeaderMap) -> Response {
    script.runs.fetch_add(1, Ordering::SeqCst);
    let has = |name| fields.contains_key(name);
    let language = fields.get(header::ACCEPT_LANGUAGE).and_then(|line| line.to_str().ok()).unwrap_or_default().to_owned();
    if has(header::IF_NONE_MATCH) && *script.does.lock().unwrap() == Does::Well {
        return (StatusCode::NOT_MODIFIED, [("etag", "\"abc\"")]).into_response();
    }
    let personal = has(header::COOKIE) && *script.does.lock().unwrap() != Does::OwnWindows;
    let cache_control = if personal { "max-age=10" } else { "public, max-age=10, stale-if-error=600" };
    if *script.does.lock().unwrap() == Does::Status(502) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let lines = [("cache-control", cache_control), ("etag", "\"abc-gzip\""), ("vary", "accept-language")];
    (lines, format!("page in {language}")).into_response()
}

struct Site {
    script: Arc<Script>,
    cache: TestCache,
    router: Router,
    _home: Home,
}

impl Site {
    fn advance(&self, secs: u64) {
        self.cache.clock().advance(Duration::from_secs(secs));
    }

    async fn get(&self, path: &str) -> Response {
        ask(&self.router, path).await
    }

    /// The answer's text, and whether it was stale, and why.
    async fn stale(&self, path: &str) -> (String, StaleUse) {
        let response = self.get(path).await;
        let why = match response.extensions().get::<Outcome>() {
            Some(Outcome::Stale { why, .. }) => *why,
            other => panic!("{path}: {other:?}"),
        };
        (text(response).await, why)
    }

    /// Waits for what goes on behind.
    async fn settled(&self) {
        assert!(self.cache.cache().drain(Duration::from_secs(10)).await);
    }

    async fn fill(&self, path: &str) {
        self.script.set(Does::Well);
        assert_miss!(self.get(path).await);
        assert_hit!(self.get(path).await);
    }
}

fn script() -> Arc<Script> {
    Arc::new(Script {
        does: Mutex::new(Does::Well),
        runs: AtomicUsize::new(0),
        gate: Semaphore::new(Semaphore::MAX_PERMITS / 2),
        began: Semaphore::new(0),
    })
}

fn site(router: Router<Arc<Script>>, set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Site {
    let script = script();
    let cache = TestCache::with(|builder| set(builder.backend("dict", Dict::default()).cache_status("t")));
    let router = router.with_state(Arc::clone(&script)).layer(cache.layer());
    Site { script, cache, router, _home: Home::Process }
}

/// Those that need nothing beside this process.
fn sites_in_process() -> Vec<Site> {
    [in_memory::router(), at_rest::router()].map(|router| site(router, |builder| builder)).into()
}

/// All of them.
async fn sites() -> Vec<Site> {
    let mut sites = sites_in_process();
    sites.extend(sites_elsewhere().await);
    sites
}

async fn sites_elsewhere() -> Vec<Site> {
    let server = RedisServer::start();
    let redis = site(in_redis::router(), |builder| builder.namespace("stale").redis(server.url()).limits("redis", PATIENT));
    let mut sites = vec![Site { _home: Home::Redis(server), ..redis }];
    #[cfg(unix)]
    {
        let directory = Directory::new();
        let files = site(in_files::router(), |builder| builder.namespace("stale").fs(&directory.0).limits("fs", PATIENT));
        sites.push(Site { _home: Home::Files(directory), ..files });
    }
    for site in &sites {
        // Redis is connected to behind everything else, and a directory is made ready at its first use.
        while site.cache.cache().invalidate(Target::all()).await.is_err() {}
    }
    sites
}

/// Where stored responses rest, for as long as a test goes on.
#[expect(dead_code, reason = "held until the test has ended")]
enum Home {
    Process,
    #[cfg(unix)]
    Files(Directory),
    Redis(RedisServer),
}

/// A directory of a test's own, gone when this is dropped.
#[cfg(unix)]
struct Directory(std::path::PathBuf);

#[cfg(unix)]
impl Directory {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("cached-handler-stale-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }
}

#[cfg(unix)]
impl Drop for Directory {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_stale_response_is_sent_at_once_and_made_anew_behind() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(61);
        site.script.gate.forget_permits(Semaphore::MAX_PERMITS);
        for _ in 0..5 {
            assert_eq!(site.stale("/behind").await, ("run 1".to_owned(), StaleUse::WhileRevalidate));
        }
        site.script.began.acquire_many(2).await.unwrap().forget();
        site.script.gate.add_permits(100);
        site.settled().await;
        assert_eq!(site.script.runs(), 2, "one run for all of them");
        assert_eq!(text(assert_hit!(site.get("/behind").await)).await, "run 2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_at_once_one_run_makes_it_anew() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(61);
        let asked: Vec<_> = (0..200)
            .map(|_| {
                tokio::spawn({
                    let router = site.router.clone();
                    async move { ask(&router, "/behind").await }
                })
            })
            .collect();
        for answer in asked {
            let answer = text(answer.await.unwrap()).await;
            assert!(["run 1", "run 2"].contains(&answer.as_str()), "{answer}");
        }
        site.settled().await;
        assert_eq!(site.script.runs(), 2);
    }
}

#[tokio::test]
async fn past_its_window_a_response_is_not_sent() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(90);
        assert_eq!(text(assert_miss!(site.get("/behind").await)).await, "run 2");
        site.fill("/if-error").await;
        site.advance(660);
        site.script.set(Does::Status(500));
        assert_eq!(site.get("/if-error").await.status(), 500);
    }
}

#[tokio::test]
async fn what_was_invalidated_is_never_sent_stale() {
    for site in sites().await {
        site.fill("/behind").await;
        site.fill("/if-error").await;
        site.advance(61);
        site.cache.cache().invalidate(Target::group("g")).await.unwrap();
        assert_miss!(site.get("/behind").await);
        site.script.set(Does::Status(500));
        assert_eq!(site.get("/if-error").await.status(), 500);
    }
}

#[tokio::test]
async fn l4_a_run_behind_that_began_before_an_invalidation_is_not_used_after_it() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(61);
        site.script.gate.forget_permits(Semaphore::MAX_PERMITS);
        site.stale("/behind").await;
        site.script.began.acquire_many(2).await.unwrap().forget();
        site.cache.cache().invalidate(Target::group("g")).await.unwrap();
        site.script.gate.add_permits(100);
        site.settled().await;
        assert_eq!(text(assert_miss!(site.get("/behind").await)).await, "run 3");
    }
}

#[tokio::test]
async fn a_background_refresh_that_fails_or_panics_is_hidden_and_tried_again_later() {
    for does in [Does::Status(500), Does::Panic] {
        for site in sites().await {
            site.fill("/behind").await;
            site.advance(61);
            site.script.set(does);
            for _ in 0..3 {
                assert_eq!(site.stale("/behind").await.0, "run 1");
                site.settled().await;
            }
            assert_eq!(site.script.runs(), 2, "{does:?}: within the pause nobody tries");
            site.script.set(Does::Well);
            site.advance(1);
            assert_eq!(site.stale("/behind").await.0, "run 1");
            site.settled().await;
            assert_eq!(text(assert_hit!(site.get("/behind").await)).await, "run 3");
        }
    }
}

#[tokio::test]
async fn a_client_who_leaves_stops_no_run_behind() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(61);
        site.script.gate.forget_permits(Semaphore::MAX_PERMITS);
        drop(site.stale("/behind").await);
        site.script.began.acquire_many(2).await.unwrap().forget();
        site.script.gate.add_permits(1);
        site.settled().await;
        assert_eq!(text(assert_hit!(site.get("/behind").await)).await, "run 2");
    }
}

#[tokio::test]
async fn a_stale_response_stands_in_for_each_kind_of_failure() {
    for does in [Does::Status(500), Does::Status(502), Does::Status(503), Does::Status(504), Does::Panic] {
        for site in sites().await {
            site.fill("/if-error").await;
            site.advance(61);
            site.script.set(does);
            assert_eq!(site.stale("/if-error").await, ("run 1".to_owned(), StaleUse::IfError), "{does:?}");
            assert_eq!(site.stale("/if-error").await, ("run 1".to_owned(), StaleUse::AfterError), "{does:?}");
            assert_eq!(site.script.runs(), 2, "{does:?}: a pause after a failure");
            site.advance(1);
            site.script.set(Does::Well);
            assert_eq!(text(assert_miss!(site.get("/if-error").await)).await, "run 3", "{does:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_past_its_limit_is_a_failure_too() {
    for site in sites_in_process() {
        past_its_limit(&site).await;
    }
}

/// In real time, as time that a test moves on has no patience with a backend.
#[tokio::test]
async fn a_run_past_its_limit_is_a_failure_elsewhere_too() {
    let mut tried = tokio::task::JoinSet::new();
    for site in sites_elsewhere().await {
        tried.spawn(async move { past_its_limit(&site).await });
    }
    tried.join_all().await;
}

async fn past_its_limit(site: &Site) {
    site.fill("/if-error").await;
    site.advance(61);
    site.script.set(Does::Hang);
    assert_eq!(site.stale("/if-error").await, ("run 1".to_owned(), StaleUse::IfError));
    site.cache.cache().invalidate(Target::all()).await.unwrap();
    let response = assert_miss!(site.get("/if-error").await);
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
}

#[tokio::test]
async fn other_errors_are_sent() {
    for does in [Does::Status(501), Does::Status(400), Does::Status(429)] {
        for site in sites().await {
            site.fill("/if-error").await;
            site.advance(61);
            site.script.set(does);
            let Does::Status(status) = does else { continue };
            assert_eq!(site.get("/if-error").await.status(), status);
        }
    }
}

#[tokio::test]
async fn an_answer_that_takes_access_away_ends_the_stale_life() {
    for status in [401, 403, 404, 410] {
        for site in sites().await {
            site.fill("/if-error").await;
            site.advance(61);
            site.script.set(Does::Status(status));
            assert_eq!(site.get("/if-error").await.status(), status);
            // What is taken out of a backend goes behind the answer.
            site.settled().await;
            site.script.set(Does::Status(500));
            assert_eq!(site.get("/if-error").await.status(), 500, "{status} was the last word");
            // Behind an answer as well; 410 is stored here, and so takes its place.
            site.fill("/both").await;
            site.advance(61);
            site.script.set(Does::Status(status));
            assert_eq!(site.stale("/both").await.1, StaleUse::WhileRevalidate);
            site.settled().await;
            assert_eq!(site.get("/both").await.status(), status);
        }
    }
}

#[tokio::test]
async fn a_response_that_has_to_be_revalidated_is_never_sent_stale() {
    for site in sites().await {
        site.script.set(Does::MustRevalidate);
        for path in ["/behind", "/if-error"] {
            assert_miss!(site.get(path).await);
        }
        site.advance(61);
        site.script.set(Does::Status(500));
        for path in ["/behind", "/if-error"] {
            assert_eq!(site.get(path).await.status(), 500);
        }
    }
}

#[tokio::test]
async fn a_responses_own_windows_count_also_where_the_attribute_names_none() {
    for site in sites().await {
        site.script.set(Does::OwnWindows);
        assert_miss!(site.get("/neither").await);
        site.advance(62);
        site.script.set(Does::Status(500));
        assert_eq!(site.stale("/neither").await.1, StaleUse::WhileRevalidate);
        site.settled().await;
        site.advance(3);
        assert_eq!(site.stale("/neither").await.1, StaleUse::IfError);
        site.advance(2);
        assert_eq!(site.get("/neither").await.status(), 500);
    }
}

#[tokio::test]
async fn a_rejection_of_an_extractor_is_not_hidden() {
    for site in sites().await {
        site.fill("/guarded").await;
        site.advance(61);
        site.script.set(Does::Status(503));
        assert_eq!(site.get("/guarded").await.status(), 503);
        assert_eq!(site.script.runs(), 1);
    }
}

#[tokio::test]
async fn what_is_expired_is_stale() {
    for site in sites().await {
        for path in ["/behind", "/neither"] {
            site.fill(path).await;
        }
        site.cache.cache().expire(Target::group("g")).await.unwrap();
        assert_eq!(site.stale("/behind").await.1, StaleUse::WhileRevalidate);
        site.settled().await;
        assert_hit!(site.get("/behind").await);
        assert_miss!(site.get("/neither").await);
        assert_hit!(site.get("/neither").await);
        // And goes on being stale for as long as it would have been fresh.
        site.fill("/if-error").await;
        site.cache.cache().expire(Target::path("/if-error")).await.unwrap();
        site.script.set(Does::Status(500));
        assert_eq!(site.stale("/if-error").await.1, StaleUse::IfError);
    }
}

#[tokio::test]
async fn a_minute_of_failures_is_seen_by_no_client() {
    for site in sites().await {
        site.fill("/if-error").await;
        site.advance(61);
        site.script.set(Does::Status(500));
        for _ in 0..600 {
            for _ in 0..5 {
                assert_eq!(text(site.get("/if-error").await).await, "run 1");
            }
            site.cache.clock().advance(Duration::from_millis(100));
        }
        // At 0, 1, 3, 7, 15 and 31 seconds, each pause twice the one before.
        assert_eq!(site.script.runs(), 1 + 6, "one attempt for each pause");
    }
}

#[tokio::test]
async fn a_handler_says_without_its_work_that_what_is_stored_still_holds() {
    for site in sites().await {
        let first = assert_miss!(site.get("/by-tag").await);
        let (tag, content) = (first.headers()[header::ETAG].clone(), text(first).await);
        site.advance(61);
        let again = site.get("/by-tag").await;
        assert!(
            matches!(again.extensions().get(), Some(Outcome::Forward { kept: Kept::Freshened, .. })),
            "{:?}",
            again.extensions().get::<Outcome>()
        );
        assert_eq!(again.headers()["cache-status"], "t; fwd=stale; fwd-status=304; stored");
        assert_eq!((again.status(), &again.headers()[header::ETAG], again.headers().get(header::AGE)), (StatusCode::OK, &tag, None));
        assert_eq!(again.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(text(again).await, content);
        site.advance(59);
        assert_eq!(assert_hit!(site.get("/by-tag").await).headers()[header::AGE], "59");
        site.advance(2);
        site.script.set(Does::Status(0));
        let changed = assert_miss!(site.get("/by-tag").await);
        assert_ne!(changed.headers()[header::ETAG], tag);
        assert_eq!(text(changed).await, "version 2");
        assert_eq!(site.script.runs(), 3);
    }
}

#[tokio::test]
async fn a_client_whose_copy_still_holds_is_told_so_without_the_work() {
    for site in sites().await {
        let tag = EntityTag::of(&[1]).to_header_value();
        let request = || Request::get("/by-tag").header(header::IF_NONE_MATCH, &tag).body(Body::empty()).unwrap();
        let response = site.router.clone().oneshot(request()).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        // Nothing of it is stored, and nobody else is concerned.
        assert_eq!(text(assert_miss!(site.get("/by-tag").await)).await, "version 1");
        assert_hit!(site.get("/by-tag").await);
        assert_hit!(site.router.clone().oneshot(request()).await.unwrap());
    }
}

#[tokio::test]
async fn what_is_forwarded_is_asked_for_by_the_stored_validator_and_not_by_the_clients() {
    for site in sites().await {
        let ask_with = |tag: &'static str| {
            let request = Request::get("/forwards").header(header::IF_NONE_MATCH, tag).body(Body::empty()).unwrap();
            site.router.clone().oneshot(request)
        };
        let first = assert_miss!(ask_with("\"other\"").await.unwrap());
        assert_eq!(first.headers()["x-asked"], "no", "the client's own tag is the cache's matter");
        let again = assert_miss!(ask_with("\"other\"").await.unwrap());
        assert_eq!((again.status(), &again.headers()["x-asked"]), (StatusCode::OK, &"yes".parse().unwrap()), "freshened, field by field");
        assert_eq!(text(again).await, "page");
        let not_modified = ask_with("\"one\"").await.unwrap();
        assert_eq!(not_modified.status(), StatusCode::NOT_MODIFIED, "what the client has is what the freshened response is");
        site.script.set(Does::Status(0));
        assert_eq!(ask_with("\"other\"").await.unwrap().headers()["x-asked"], "in vain");
        assert_eq!(site.script.runs(), 4);
    }
}

#[tokio::test]
async fn head_is_answered_stale_as_get_is() {
    for site in sites().await {
        site.fill("/behind").await;
        site.advance(61);
        let head = send(&site.router, Method::HEAD, "/behind").await;
        assert_eq!(head.headers()["cache-status"], "t; hit; ttl=-1; detail=stale-while-revalidate");
        assert_eq!(head.headers()[header::AGE], "61");
        assert_eq!(text(head).await, "");
        site.settled().await;
        assert_hit!(site.get("/behind").await);
    }
}

#[tokio::test]
async fn what_still_holds_still_belongs_to_its_groups() {
    for site in sites().await {
        assert_miss!(site.get("/says").await);
        site.advance(100);
        let freshened = site.get("/says").await;
        assert!(matches!(freshened.extensions().get(), Some(Outcome::Forward { kept: Kept::Freshened, .. })));
        assert_eq!(text(freshened).await, "run 1");
        assert_hit!(site.get("/says").await);
        site.cache.cache().invalidate(Target::group("said")).await.unwrap();
        assert_eq!(text(assert_miss!(site.get("/says").await)).await, "run 3");
    }
}

#[tokio::test]
async fn a_304_of_another_tag_answers_once_and_then_the_whole_is_asked_for() {
    for site in sites().await {
        let page = "page in ";
        assert_eq!(text(assert_miss!(site.get("/speaks").await)).await, page);
        site.advance(11);
        for word in ["; detail=status", "; stored"] {
            let response = site.get("/speaks").await;
            let said = response.headers()["cache-status"].to_str().unwrap();
            assert!(said.starts_with("t; fwd=") && said.ends_with(word), "{said}");
            assert_eq!((response.status(), text(response).await.as_str()), (StatusCode::OK, page));
            // What is taken out of a backend goes behind the answer.
            site.settled().await;
        }
        assert_eq!(site.script.runs(), 3);
        assert_hit!(site.get("/speaks").await);
    }
}

#[tokio::test]
async fn what_only_one_client_asks_for_fills_nobodys_place_for_longer_than_it_answers() {
    for site in sites().await {
        let ask_in = async |language: &str| {
            let request = Request::get("/speaks").header(header::ACCEPT_LANGUAGE, language).body(Body::empty()).unwrap();
            site.router.clone().oneshot(request).await.unwrap()
        };
        for invented in 0..64 {
            assert_miss!(ask_in(&format!("x-{invented}")).await);
        }
        let refused = assert_miss!(ask_in("en").await);
        assert!(refused.headers()["cache-status"].to_str().unwrap().contains("too-many-variants"), "{refused:?}");
        site.advance(611);
        assert_miss!(ask_in("en").await);
        assert_hit!(ask_in("en").await);
    }
}

#[tokio::test]
async fn a_failure_is_one_whatever_its_own_fields_say() {
    for site in sites().await {
        assert_miss!(site.get("/speaks").await);
        site.advance(11);
        site.script.set(Does::Status(502));
        assert_eq!(site.stale("/speaks").await, ("page in ".to_owned(), StaleUse::IfError));
        site.fill("/says").await;
        site.advance(61);
        site.script.set(Does::Status(503));
        for _ in 0..2 {
            assert_eq!(site.stale("/says").await.1, StaleUse::WhileRevalidate);
            site.settled().await;
        }
        assert_eq!(site.script.runs(), 4, "the second waits");
    }
}

#[tokio::test]
async fn a_client_with_a_cookie_ends_nobodys_stale_life() {
    for site in sites().await {
        assert_miss!(site.get("/speaks").await);
        site.advance(11);
        site.script.set(Does::MustRevalidate);
        let request = Request::get("/speaks").header(header::COOKIE, "a=b").body(Body::empty()).unwrap();
        assert_miss!(site.router.clone().oneshot(request).await.unwrap());
        site.script.set(Does::Status(502));
        assert_eq!(site.stale("/speaks").await.1, StaleUse::IfError);
    }
}

#[tokio::test]
async fn a_run_kept_in_the_requests_task_is_hidden_where_it_fails_too() {
    for does in [Does::Panic, Does::Status(500)] {
        for site in sites().await {
            site.fill("/inline").await;
            site.advance(61);
            site.script.set(does);
            assert_eq!(site.stale("/inline").await, ("run 1".to_owned(), StaleUse::IfError), "{does:?}");
            site.advance(1);
            site.script.set(Does::Well);
            assert_eq!(text(assert_miss!(site.get("/inline").await)).await, "run 3");
        }
    }
}

#[tokio::test]
async fn an_error_that_is_sent_once_is_sent_again() {
    for site in sites().await {
        site.fill("/if-error").await;
        site.advance(61);
        site.script.set(Does::Status(501));
        for _ in 0..3 {
            assert_eq!(site.get("/if-error").await.status(), 501);
        }
    }
}

#[tokio::test]
async fn the_last_word_counts_also_where_no_run_may_be_detached() {
    for router in [in_memory::router(), at_rest::router()] {
        let site = site(router, |builder| builder.max_detached_runs(0));
        site.fill("/if-error").await;
        site.advance(61);
        for status in [403, 500] {
            site.script.set(Does::Status(status));
            assert_eq!(site.get("/if-error").await.status(), status);
        }
    }
}

#[tokio::test]
async fn a_head_that_could_not_be_stored_makes_nothing_anew() {
    for site in sites().await {
        site.fill("/guarded-behind").await;
        site.advance(61);
        for _ in 0..5 {
            assert!(matches!(send(&site.router, Method::HEAD, "/guarded-behind").await.extensions().get(), Some(Outcome::Stale { .. })));
            site.settled().await;
        }
        assert_eq!(site.script.runs(), 1);
        site.stale("/guarded-behind").await;
        site.settled().await;
        assert_hit!(site.get("/guarded-behind").await);
    }
}

tokio::task_local! {
    static REQUEST: u64;
}

const IN_PLACE: Policy = Policy::new().jitter(0).collapse(Collapse::Inline);

#[cached(ttl = 60, stale_while_revalidate = 30, policy = IN_PLACE)]
async fn reads_its_task() -> String {
    REQUEST.with(u64::to_string)
}

#[tokio::test]
async fn a_run_that_stays_in_the_requests_task_is_made_anew_there() {
    let cache = TestCache::new();
    let router = Router::new().route("/", get(reads_its_task)).layer(cache.layer());
    let ask_as = |id| REQUEST.scope(id, ask(&router, "/"));
    assert_eq!(text(ask_as(1).await).await, "1");
    cache.clock().advance(Duration::from_secs(61));
    assert_eq!(text(ask_as(2).await).await, "2");
    assert_eq!(text(assert_hit!(ask_as(3).await)).await, "2");
}

/// A store that puts only once it is let.
#[derive(Clone)]
struct Slow(Dict, Arc<Semaphore>);

impl Store for Slow {
    async fn get(&self, key: &StoreKey) -> Result<Option<bytes::Bytes>, Error> {
        self.0.get(key).await
    }

    async fn put(&self, key: &StoreKey, bytes: bytes::Bytes, keep_for: Duration) -> Result<(), Error> {
        self.1.acquire().await.unwrap().forget();
        self.0.put(key, bytes, keep_for).await
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), Error> {
        self.0.remove(key).await
    }

    async fn clear(&self) -> Result<(), Error> {
        self.0.clear().await
    }
}

#[tokio::test]
async fn the_answer_does_not_wait_for_the_store_and_who_comes_meanwhile_is_given_the_same() {
    let (script, lets) = (script(), Arc::new(Semaphore::new(0)));
    let store = Slow(Dict::default(), Arc::clone(&lets));
    let cache = Cache::builder().backend("dict", store).outcome_on_hits().build().await.unwrap();
    let router = at_rest::router().with_state(Arc::clone(&script)).layer(axum::Extension(cache.clone()));
    let first = ask(&router, "/neither").await;
    assert!(matches!(first.extensions().get(), Some(Outcome::Forward { kept: Kept::Storing, .. })));
    let second = ask(&router, "/neither").await;
    assert!(matches!(second.extensions().get(), Some(Outcome::Forward { collapsed: true, .. })));
    assert_eq!((text(first).await, text(second).await), ("run 1".to_owned(), "run 1".to_owned()));
    lets.add_permits(1);
    assert!(cache.drain(Duration::from_secs(10)).await);
    assert_eq!(text(assert_hit!(ask(&router, "/neither").await)).await, "run 1");
}
