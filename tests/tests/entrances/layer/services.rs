//! Services that are no router: other bodies, errors, readiness; and many requests at once.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Mutex,
    task::{Context, Poll},
};

use axum::body::Bytes;
use http_body_util::{Empty, Full};
use tokio::sync::Semaphore;

use super::*;

/// A service of hyper's kind: its body is not axum's, and it fails with an error of its own.
#[derive(Clone)]
struct Plain {
    runs: Runs,
    fails_from: usize,
}

#[derive(Debug, PartialEq)]
struct Broken(usize);

impl Service<Request<Empty<Bytes>>> for Plain {
    type Response = axum::http::Response<Full<Bytes>>;
    type Error = Broken;
    type Future = Ready<Result<Self::Response, Broken>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Empty<Bytes>>) -> Self::Future {
        let run = self.runs.next();
        ready(if run < self.fails_from { Ok(axum::http::Response::new(Full::from(run.to_string()))) } else { Err(Broken(run)) })
    }
}

fn plain(uri: &str) -> Request<Empty<Bytes>> {
    Request::get(uri).body(Empty::new()).unwrap()
}

#[tokio::test]
async fn a_service_that_is_no_axum_router_is_cached() {
    let (cache, runs) = (TestCache::new(), Runs::default());
    let service = layer(&cache).around(Plain { runs, fails_from: 9 });
    for _ in 0..2 {
        assert_eq!(text(service.clone().oneshot(plain("/")).await.unwrap()).await, "1");
    }
}

#[tokio::test]
async fn an_error_of_the_service_is_the_callers_and_is_not_stored() {
    let (cache, runs) = (TestCache::new(), Runs::default());
    let service = layer(&cache).around(Plain { runs, fails_from: 1 });
    for run in 1..4 {
        assert_eq!(service.clone().oneshot(plain("/")).await.unwrap_err(), Broken(run));
    }
}

#[tokio::test]
async fn something_stale_stands_in_for_an_error_of_the_service() {
    let (cache, runs) = (TestCache::new(), Runs::default());
    let layer = layer(&cache).stale_if_error(secs(60)).policy(Policy::new().jitter(0));
    let service = layer.around(Plain { runs, fails_from: 2 });
    let ask = || service.clone().oneshot(plain("/"));
    ask().await.unwrap();
    cache.clock().advance(secs(61));
    assert_eq!(text(ask().await.unwrap()).await, "1");
    cache.clock().advance(secs(60));
    assert_eq!(ask().await.unwrap_err(), Broken(3));
}

/// Ready when told so, and then for one call.
#[derive(Clone)]
struct Gated(Arc<Mutex<bool>>);

impl Service<Request<Body>> for Gated {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if *self.0.lock().unwrap() {
            return Poll::Ready(Ok(()));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut *self.0.lock().unwrap()), "called before it was ready");
        ready(Ok("gated".into_response()))
    }
}

#[tokio::test]
async fn a_hit_does_not_wait_for_the_service_to_be_ready() {
    let cache = TestCache::new();
    let is_ready = Arc::new(Mutex::new(false));
    let app = layer(&cache).around(Gated(Arc::clone(&is_ready)));
    let asked = tokio::spawn({
        let app = app.clone();
        async move { text(ask(&app, "/").await).await }
    });
    tokio::task::yield_now().await;
    *is_ready.lock().unwrap() = true;
    assert_eq!(asked.await.unwrap(), "gated");
    assert!(!*is_ready.lock().unwrap());
    assert_hit!(ask(&app, "/").await);
}

/// Runs that wait until they are let go.
#[derive(Clone)]
struct Held {
    runs: Runs,
    go: Arc<Semaphore>,
}

fn held() -> (TestCache, CacheService<Router>, Held) {
    async fn wait(State(held): State<Held>) -> String {
        let run = held.runs.next();
        held.go.acquire().await.unwrap().forget();
        run.to_string()
    }
    let cache = TestCache::new();
    let held = Held { runs: Runs::default(), go: Arc::new(Semaphore::new(0)) };
    let app = layer(&cache).group("held").around(Router::new().route("/", get(wait)).with_state(held.clone()));
    (cache, app, held)
}

async fn until(runs: &Runs, count: usize) {
    while runs.count() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_thousand_requests_for_a_cold_page_run_the_service_once() {
    let (_cache, app, held) = held();
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let app = app.clone();
        asked.spawn(async move { text(ask(&app, "/").await).await });
    }
    until(&held.runs, 1).await;
    held.go.add_permits(1000);
    assert!(asked.join_all().await.iter().all(|answer| answer == "1"));
    assert_eq!(held.runs.count(), 1);
}

#[tokio::test]
async fn a_client_who_leaves_does_not_stop_the_run() {
    let (cache, app, held) = held();
    let leaves = tokio::spawn({
        let app = app.clone();
        async move { ask(&app, "/").await }
    });
    until(&held.runs, 1).await;
    leaves.abort();
    assert!(leaves.await.unwrap_err().is_cancelled());
    held.go.add_permits(1);
    assert!(cache.cache().drain(secs(5)).await);
    assert_eq!(text(assert_hit!(ask(&app, "/").await)).await, "1");
}

#[tokio::test]
async fn an_invalidation_beats_a_run_in_flight() {
    let (cache, app, held) = held();
    let asked = tokio::spawn({
        let app = app.clone();
        async move { ask(&app, "/").await }
    });
    until(&held.runs, 1).await;
    cache.cache().invalidate(Target::group("held")).await.unwrap();
    held.go.add_permits(2);
    assert_eq!(not_stored(&asked.await.unwrap()), NotStored::Invalidated);
    assert_eq!(text(assert_miss!(ask(&app, "/").await)).await, "2");
}
