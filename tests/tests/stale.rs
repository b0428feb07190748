//! What is stale (RFC 5861; RFC 9111 §4.2.4 and §4.3): sent while it is made anew, in place of a failure, and never where
//! something forbids it. Each test runs in memory and on a store of one's own.

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
    EntityTag, Kept, Outcome, Policy, Revalidate, StaleUse, Target, cached, secs,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::{Dict, ask, send, text};
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

            #[cached(ttl = 60, backend = $backend)]
            pub async fn by_tag(State(script): Shared, held: Revalidate) -> Response {
                super::by_tag(&script, &held)
            }

            #[cached(ttl = from_response, vary = from_response, backend = $backend)]
            pub async fn forwards(State(script): Shared, request: Request) -> Response {
                super::forwards(&script, request.headers())
            }

            pub fn router() -> Router<Arc<Script>> {
                Router::new()
                    .route("/behind", get(behind))
                    .route("/if-error", get(if_error))
                    .route("/both", get(both))
                    .route("/neither", get(neither))
                    .route("/guarded", get(guarded))
                    .route("/by-tag", get(by_tag))
                    .route("/forwards", get(forwards))
            }
        }
    };
}
handlers!(in_memory, "memory");
handlers!(at_rest, "dict");

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

struct Site {
    script: Arc<Script>,
    cache: TestCache,
    router: Router,
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

fn sites() -> [Site; 2] {
    [in_memory::router(), at_rest::router()].map(|router| {
        let script = Arc::new(Script {
            does: Mutex::new(Does::Well),
            runs: AtomicUsize::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS / 2),
            began: Semaphore::new(0),
        });
        let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()).cache_status("t"));
        let router = router.with_state(Arc::clone(&script)).layer(cache.layer());
        Site { script, cache, router }
    })
}

#[tokio::test]
async fn a_stale_response_is_sent_at_once_and_made_anew_behind() {
    for site in sites() {
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
    for site in sites() {
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
    for site in sites() {
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
    for site in sites() {
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
    for site in sites() {
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
async fn a_run_behind_that_fails_or_panics_is_nobodys_matter_and_is_tried_again_after_a_pause() {
    for does in [Does::Status(500), Does::Panic] {
        for site in sites() {
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
    for site in sites() {
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
        for site in sites() {
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
    for site in sites() {
        site.fill("/if-error").await;
        site.advance(61);
        site.script.set(Does::Hang);
        assert_eq!(site.stale("/if-error").await, ("run 1".to_owned(), StaleUse::IfError));
        site.cache.cache().invalidate(Target::all()).await.unwrap();
        let response = assert_miss!(site.get("/if-error").await);
        assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    }
}

#[tokio::test]
async fn other_errors_are_sent() {
    for does in [Does::Status(501), Does::Status(400), Does::Status(429)] {
        for site in sites() {
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
        for site in sites() {
            site.fill("/if-error").await;
            site.advance(61);
            site.script.set(Does::Status(status));
            assert_eq!(site.get("/if-error").await.status(), status);
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
    for site in sites() {
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
    for site in sites() {
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
    for site in sites() {
        site.fill("/guarded").await;
        site.advance(61);
        site.script.set(Does::Status(503));
        assert_eq!(site.get("/guarded").await.status(), 503);
        assert_eq!(site.script.runs(), 1);
    }
}

#[tokio::test]
async fn what_is_expired_is_stale() {
    for site in sites() {
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
    for site in sites() {
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
    for site in sites() {
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
    for site in sites() {
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
    for site in sites() {
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
    for site in sites() {
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

#[test]
fn a_date_is_compared_in_whole_seconds() {
    let held = Revalidate::default();
    assert!(!held.is_since(SystemTime::UNIX_EPOCH), "nothing is held");
}
