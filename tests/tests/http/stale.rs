//! What is stale (RFC 5861; RFC 9111 §4.2.4 and §4.3): sent while it is made anew, in place of a failure, and never where
//! something forbids it. Each test runs in memory, on a store of one's own, in files and in a Redis.

mod answers;
mod behind;
mod failures;
mod forbidden;
mod validated;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use self::answers::{by_tag, forwards, says, speaks};
use axum::{
    Router,
    extract::{FromRequestParts, Request, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{
    CacheBuilder, Outcome, Policy, Revalidate, StaleUse, Target, cached, secs,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::{
    harness::{Dict, PATIENT, ask, text},
    redis_server::RedisServer,
};
use tokio::sync::Semaphore;

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
