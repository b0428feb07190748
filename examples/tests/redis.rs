//! The transcript of `redis.rs`, with two caches in the place of two processes.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode},
    response::Response,
};
use cached_handler::{
    Target,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_examples::redis::app;
use cached_handler_tests::redis_server::RedisServer;
use tower::ServiceExt as _;

async fn ask(app: &Router, method: Method, path: &str) -> Response {
    app.clone().oneshot(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn what_the_file_says_to_try_goes_as_it_says() {
    let mut server = RedisServer::start();
    let process = || {
        let cache = TestCache::with(|builder| builder.namespace("reports").redis(server.url()));
        (app().layer(cache.layer()), cache)
    };
    let ((one, first), (two, second)) = (process(), process());
    // Until both are connected: on a busy machine that takes longer than a request waits.
    for process in [&first, &second] {
        while process.cache().invalidate(Target::group("nobody's")).await.is_err() {}
    }
    assert_miss!(ask(&one, Method::GET, "/reports/7").await);
    // It is stored behind the answer.
    assert!(first.cache().drain(Duration::from_secs(5)).await);
    let hit = assert_hit!(ask(&two, Method::GET, "/reports/7").await);
    assert!(hit.headers().contains_key("age"));
    assert_eq!(ask(&two, Method::POST, "/reports/7/recount").await.status(), StatusCode::NO_CONTENT);
    assert_miss!(ask(&one, Method::GET, "/reports/7").await);
    server.kill();
    let response = assert_miss!(ask(&one, Method::GET, "/reports/7").await);
    assert_eq!(response.status(), StatusCode::OK);
}
