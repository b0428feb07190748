//! The transcript of `values.rs`.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use cached_handler::testing::TestCache;
use cached_handler_examples::values::app;
use http_body_util::BodyExt as _;
use tokio::time::Instant;
use tower::ServiceExt as _;

/// Its text, and how long it took.
async fn send(app: &Router, method: Method, uri: &str, content: &'static str) -> (String, Duration) {
    let began = Instant::now();
    let request = Request::builder().method(method).uri(uri).header(header::CONTENT_TYPE, "application/json").body(Body::from(content));
    let response = app.clone().oneshot(request.unwrap()).await.unwrap();
    let is_known = response.status().is_success() || response.status() == StatusCode::NOT_FOUND;
    assert!(is_known, "{}", response.status());
    let text = String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (text, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn what_the_file_says_to_try_goes_as_it_says() {
    let cache = TestCache::new();
    let app = app().layer(cache.layer());
    let get = |uri: &'static str| send(&app, Method::GET, uri, "");
    let (at_once, a_second) = (Duration::ZERO, Duration::from_secs(1));
    let is = |(text, took): (String, Duration), expected: &str, least: Duration| {
        assert_eq!(text, expected);
        assert_eq!(took.as_secs(), least.as_secs(), "{text}");
    };
    is(get("/price/10/EUR").await, "10 EUR are 11.00 USD\n", a_second);
    is(get("/price/20/EUR").await, "20 EUR are 22.00 USD\n", at_once);
    is(get("/rates/EUR").await, r#"{"in_dollars":1.1}"#, at_once);
    send(&app, Method::PUT, "/rates/EUR", "1.25").await;
    is(get("/price/10/EUR").await, "10 EUR are 12.50 USD\n", at_once);
    send(&app, Method::DELETE, "/rates/EUR", "").await;
    is(get("/price/10/EUR").await, "10 EUR are 11.00 USD\n", a_second);
    for _ in 0..2 {
        is(get("/price/10/XXX").await, "the bank does not know XXX\n", a_second);
    }
}
