//! The transcript of `fs.rs`, with a cache in the place of each process.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::{fs, path::Path};

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
use cached_handler_examples::fs::app;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

#[tokio::test]
async fn what_the_file_says_to_try_goes_as_it_says() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fs");
    _ = fs::remove_dir_all(&directory);
    let (first, _first) = process(&directory).await;
    assert_miss!(ask(&first, Method::GET).await);
    let hit = assert_hit!(ask(&first, Method::GET).await);
    assert!(hit.headers().contains_key("age"));
    let made = text(hit).await;

    let (again, _again) = process(&directory).await;
    assert_eq!(text(assert_hit!(ask(&again, Method::GET).await)).await, made, "it survives a restart");
    assert_eq!(ask(&again, Method::PUT).await.status(), StatusCode::NO_CONTENT);
    assert_miss!(ask(&first, Method::GET).await);
    assert_hit!(ask(&again, Method::GET).await);
    fs::remove_dir_all(&directory).unwrap();
}

async fn process(directory: &Path) -> (Router, TestCache) {
    let cache = TestCache::with(|builder| builder.namespace("thumbnails").fs(directory));
    // Opens the directory, as `build` does.
    cache.cache().invalidate(Target::path("/nowhere")).await.unwrap();
    (app().layer(cache.layer()), cache)
}

async fn ask(app: &Router, method: Method) -> Response {
    app.clone().oneshot(Request::builder().method(method).uri("/thumbnails/7").body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}
