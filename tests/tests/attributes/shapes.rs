//! Handlers of every shape keep compiling, without a warning, and answer the second request from the cache.

#![deny(warnings)]
#![expect(clippy::expect_used, reason = "a test's helpers")]

#[path = "../../fixtures/shapes/mod.rs"]
#[allow(clippy::pedantic, clippy::restriction, unused_qualifications, missing_debug_implementations, unreachable_pub, missing_docs)]
mod fixtures;

use std::collections::BTreeSet;

use axum::{Router, body::Body, http::Request, response::Response};
use cached_handler::testing::{TestCache, assert_hit, assert_miss};
use tower::ServiceExt;

async fn send(router: &Router, method: &str, path: &str, content: &str) -> Response {
    let request = Request::builder().method(method).uri(path);
    let (kind, content) = match content {
        "json" => ("application/json", r#"{"id":7}"#),
        "form" => ("application/x-www-form-urlencoded", "id=7"),
        text => ("text/plain", text),
    };
    let request = if content.is_empty() { request } else { request.header("content-type", kind) };
    let request = request.body(Body::from(content.to_owned())).expect("a request");
    let Ok(response) = router.clone().oneshot(request).await;
    response
}

#[tokio::test]
async fn every_shape_answers_the_second_request_from_the_cache() {
    let cases = fixtures::all();
    assert!(cases.len() > 80, "only {} shapes are left", cases.len());
    for (name, router, path) in cases {
        let router = router.layer(TestCache::new().layer());
        let first = send(&router, "GET", path, "").await;
        assert!(first.status().is_success(), "{name}: {}", first.status());
        let first = content(assert_miss!(first)).await;
        let second = content(assert_hit!(send(&router, "GET", path, "").await)).await;
        assert_eq!(first, second, "{name}");
    }
}

async fn content(response: Response) -> Vec<u8> {
    axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("content").to_vec()
}

#[tokio::test]
async fn every_shape_that_writes_invalidates() {
    let router = fixtures::invalidating::router().layer(TestCache::new().layer());
    let mut written = BTreeSet::new();
    for (method, path, content) in fixtures::invalidating::WRITES {
        assert_miss!(send(&router, "GET", "/show/7", "").await);
        assert_hit!(send(&router, "GET", "/show/7", "").await);
        let response = send(&router, method, path, content).await;
        assert!(response.status().is_success(), "{path}: {}", response.status());
        written.insert(*path);
    }
    assert_miss!(send(&router, "GET", "/show/7", "").await);
    assert_eq!(written.len(), fixtures::invalidating::WRITES.len());

    // What `uncached` keeps is the function and no more.
    assert_eq!(content(send(&router, "GET", "/calls", "").await).await, b"200 OK 7");
    assert_hit!(send(&router, "GET", "/show/7", "").await);

    assert_miss!(send(&router, "GET", "/list/7", "").await);
    assert_hit!(send(&router, "GET", "/list/7", "").await);
    assert_eq!(send(&router, "POST", "/add", "json").await.status(), 201);
    assert_miss!(send(&router, "GET", "/list/7", "").await);
}
