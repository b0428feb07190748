//! `backend = "redis"`: the laws, the attribute on it, and several processes on one server.

mod addresses;
mod cluster;
mod composed;
mod epochs;
mod keys;
mod leases;
mod lives;
mod processes;
mod tls;
mod together;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, Query},
    http::{HeaderMap, Request, header},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{
    Cache, CacheGroups, ManualClock, Outcome, Target,
    backend::{Redis, conformance},
    cached,
    testing::{assert_hit, assert_miss},
};
use cached_handler_tests::{
    harness::{PATIENT, Random, ask, count, leaves_at, moment, text},
    redis_server::RedisServer,
};
use tower::ServiceExt;

static RUNS: AtomicUsize = AtomicUsize::new(0);

#[derive(serde::Deserialize)]
struct Page {
    page: Option<u32>,
}

#[cached(ttl = 60, backend = "redis", group = ["pages", "page:{id}"])]
async fn page(Path(id): Path<u64>, Query(query): Query<Page>) -> Response {
    let run = RUNS.fetch_add(1, Ordering::SeqCst);
    ([("x-run", run.to_string())], CacheGroups::of([format!("author:{}", id % 2)]), format!("page {id} {:?}", query.page)).into_response()
}

#[cached(ttl = 600, backend = "redis")]
async fn other(Path(id): Path<u64>) -> String {
    format!("other {id}")
}

#[cached(ttl = from_response, backend = "redis", vary = from_response)]
async fn varied(headers: HeaderMap) -> Response {
    let language = headers.get(header::ACCEPT_LANGUAGE).cloned();
    let lines = [(header::VARY, "accept-language"), (header::CACHE_CONTROL, "max-age=60")];
    (lines, format!("in {language:?}")).into_response()
}

/// As one process would have it.
struct Process {
    cache: Cache,
    clock: ManualClock,
    router: Router,
}

impl Process {
    async fn on(server: &RedisServer) -> Self {
        Self::of(server, "test", ManualClock::new()).await
    }

    async fn of(server: &RedisServer, namespace: &str, clock: ManualClock) -> Self {
        let builder = Cache::builder()
            .namespace(namespace)
            .redis(server.url())
            .limits("redis", PATIENT)
            .shares_namespace()
            .clock(clock.clone())
            .outcome_on_hits();
        Self { clock, ..Self::with(builder.build().await.unwrap()).await }
    }

    async fn with(cache: Cache) -> Self {
        // Until it is connected: on a busy machine that takes longer than a request waits.
        while cache.invalidate(Target::group("nobody's")).await.is_err() {}
        let router = Router::new()
            .route("/page/{id}", get(page))
            .route("/other/{id}", get(other))
            .route("/grouped/{id}", get(grouped))
            .route("/varied", get(varied))
            .layer(axum::Extension(cache.clone()));
        Self { cache, clock: ManualClock::new(), router }
    }

    /// Asks, and waits until what is stored behind the answer is stored.
    async fn ask(&self, uri: &str) -> Response {
        self.send(Request::get(uri)).await
    }

    async fn send(&self, request: axum::http::request::Builder) -> Response {
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert!(self.cache.drain(Duration::from_secs(5)).await);
        response
    }

    async fn invalidate(&self, target: Target) {
        self.cache.invalidate(target).await.unwrap();
    }
}

#[tokio::test]
async fn redis_keeps_the_laws_of_a_store_and_of_epochs() {
    let server = RedisServer::start();
    let redis = Redis::open(server.url(), "conformance").unwrap();
    conformance::store(&redis).await;
    conformance::epochs(&redis).await;
}

#[tokio::test]
async fn a_hit_is_the_miss_that_stored_it() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    let miss = assert_miss!(one.ask("/page/1?page=2&utm=x").await);
    one.clock.advance(Duration::from_secs(7));
    let hit = assert_hit!(one.ask("/page/1?page=2").await);
    assert_eq!(hit.headers()["age"], "7");
    let mut lines = hit.headers().clone();
    lines.remove("age");
    assert_eq!(&lines, miss.headers());
    assert_eq!(text(hit).await, text(miss).await);
    one.clock.advance(Duration::from_secs(54));
    assert_miss!(one.ask("/page/1?page=2").await);
}

#[tokio::test]
async fn every_way_to_invalidate_reaches_every_process() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    let two = Process::on(&server).await;
    for target in [
        Target::group("pages"),
        Target::group("page:1"),
        Target::group("author:1"),
        Target::path("/page/%31"),
        Target::handler(page),
        Target::all(),
    ] {
        for by in [&one, &two] {
            assert_miss!(one.ask("/page/1").await);
            assert_hit!(one.ask("/page/1").await);
            assert_hit!(two.ask("/page/1").await);
            by.invalidate(target.clone()).await;
            assert_miss!(two.ask("/page/1").await);
            assert_hit!(one.ask("/page/1").await);
            by.cache.expire(target.clone()).await.unwrap();
        }
    }
    assert_miss!(one.ask("/page/1").await);
    one.cache.invalidate(Target::group("page:2")).await.unwrap();
    assert_hit!(two.ask("/page/1").await);
}

#[tokio::test]
async fn variants_are_kept_apart() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    let two = Process::on(&server).await;
    let get = |language: &str| Request::get("/varied").header("accept-language", language);
    for language in ["de", "fr", "it"] {
        assert_miss!(one.send(get(language)).await);
    }
    for language in ["de", "fr", "it"] {
        assert!(text(assert_hit!(two.send(get(language)).await)).await.contains(language));
    }
}

#[tokio::test]
async fn namespaces_share_a_server_and_nothing_else() {
    let server = RedisServer::start();
    let one = Process::of(&server, "one", ManualClock::new()).await;
    let two = Process::of(&server, "two", ManualClock::new()).await;
    assert_miss!(one.ask("/page/1").await);
    assert_miss!(two.ask("/page/1").await);
    one.cache.invalidate(Target::all()).await.unwrap();
    assert_hit!(two.ask("/page/1").await);
    assert_miss!(one.ask("/page/1").await);
}

#[tokio::test]
async fn clocks_an_hour_apart_do_not_matter() {
    let server = RedisServer::start();
    let hour = Duration::from_secs(3600);
    let one = Process::on(&server).await;
    assert_miss!(one.ask("/other/1").await);
    // A process whose clock is ahead, and one for which it is behind.
    let clock = ManualClock::new();
    clock.advance(hour);
    let ahead = Process::of(&server, "test", clock).await;
    let hit = assert_hit!(ahead.ask("/other/1").await);
    assert_eq!(hit.headers()["age"], "0");
    assert_miss!(ahead.ask("/other/2").await);
    let hit = assert_hit!(one.ask("/other/2").await);
    assert_eq!(hit.headers()["age"], "0");
    // Invalidations count in both directions.
    ahead.cache.invalidate(Target::group("none")).await.unwrap();
    assert_hit!(one.ask("/other/2").await);
    ahead.cache.invalidate(Target::path("/other/2")).await.unwrap();
    assert_miss!(one.ask("/other/2").await);
    one.cache.invalidate(Target::path("/other/1")).await.unwrap();
    assert_miss!(ahead.ask("/other/1").await);
    // And each lets a response grow old at the same pace.
    one.clock.advance(Duration::from_secs(601));
    assert_miss!(one.ask("/other/2").await);
    assert_hit!(ahead.ask("/other/1").await);
}

#[tokio::test]
async fn a_clock_that_is_set_on_by_hand_stays_set_on() {
    let server = RedisServer::start();
    let one = Process::on(&server).await;
    assert_miss!(one.ask("/other/1").await);
    one.clock.advance(Duration::from_secs(300));
    assert_miss!(one.ask("/other/2").await);
    one.clock.advance(Duration::from_secs(301));
    assert_eq!(assert_hit!(one.ask("/other/2").await).headers()["age"], "301");
    assert_miss!(one.ask("/other/1").await);
}

#[cached(ttl = 600, backend = "redis", group = ["a", "b", "c:{id}"])]
async fn grouped(Path(id): Path<u64>) -> String {
    format!("grouped {id}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_who_leave_at_any_moment_never_shift_an_answer() {
    let server = RedisServer::start();
    let one = Arc::new(Process::on(&server).await);
    // So many hits: where the machine is too busy for the limits of time, other answers come from the handler.
    let (began, most, hits) = (moment(), count(100_000), Arc::<AtomicUsize>::default());
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..16 {
        let (one, hits) = (Arc::clone(&one), Arc::clone(&hits));
        tasks.spawn(async move {
            let (mut random, mut left) = (Random::new(client), 0_usize);
            // A request while the circuit breaker is open shows nothing, so it has to close some time.
            while hits.load(Ordering::Relaxed) < most && began.elapsed() < Duration::from_secs(60) {
                let id = random.below(50);
                match random.below(20) {
                    0 => _ = leaves_at(random.below(4), one.cache.invalidate(Target::path(format!("/other/{id}")))).await,
                    _ => match leaves_at(random.below(6), ask(&one.router, &format!("/other/{id}"))).await {
                        None => left += 1,
                        Some(response) => {
                            let is_hit = matches!(response.extensions().get(), Some(Outcome::Hit { .. }));
                            hits.fetch_add(usize::from(is_hit), Ordering::Relaxed);
                            assert_eq!(text(response).await, format!("other {id}"));
                        }
                    },
                }
            }
            left
        });
    }
    let mut left = 0;
    while let Some(task) = tasks.join_next().await {
        left += task.unwrap();
    }
    let hits = hits.load(Ordering::Relaxed);
    println!("- {hits} hits, {left} clients left meanwhile: no answer was another's");
    assert!(hits > 100 && left > 100, "{hits} hits, {left} left");
}
