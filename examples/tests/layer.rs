//! The transcript of `layer.rs`.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header, request::Builder},
    response::Response,
};
use cached_handler::testing::{TestCache, assert_hit, assert_miss};
use cached_handler_examples::layer::app;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

async fn ask(app: &Router, request: Builder) -> Response {
    app.clone().oneshot(request.uri("/articles/7").body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_the_file_says_to_try_goes_as_it_says() {
    let cache = TestCache::with(|builder| builder.cache_status("articles"));
    let app = app().layer(cache.layer());
    let get = Request::builder;
    assert_eq!(text(assert_miss!(ask(&app, get()).await)).await, "Article 7: no text yet\n");
    assert!(assert_hit!(ask(&app, get()).await).headers().contains_key(header::AGE));
    assert_hit!(ask(&app, get().header(header::USER_AGENT, "x")).await);
    assert_eq!(text(assert_miss!(ask(&app, get().header(header::ACCEPT_LANGUAGE, "de")).await)).await, "Artikel 7: no text yet\n");
    let passed = assert_miss!(ask(&app, get().header(header::COOKIE, "sid=1")).await);
    let said = passed.headers()["cache-status"].to_str().unwrap();
    assert!(said.contains("fwd=bypass"), "{said}");

    let edit = Request::put("/articles/7").body(Body::from("New text")).unwrap();
    assert_eq!(app.clone().oneshot(edit).await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(text(assert_miss!(ask(&app, get()).await)).await, "Article 7: New text\n");
}
