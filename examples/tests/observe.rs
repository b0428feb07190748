//! What Prometheus reads of the example `observe`, after the requests that its first lines show.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use axum::{Router, body::Body, http::Request};
use cached_handler_examples::observe::app;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// One test, as the recorder is the process's.
#[tokio::test(start_paused = true)]
async fn what_the_cache_does_is_there_for_prometheus_to_read() {
    let app = app();
    for target in ["/price/abc", "/price/abc", "/price/abc", "/greeting"] {
        send(&app, Request::get(target)).await;
    }
    send(&app, Request::put("/price/abc")).await;
    send(&app, Request::get("/price/abc")).await;

    let metrics = send(&app, Request::get("/metrics")).await;
    let price = "handler=\"cached_handler_examples::observe::price\"";
    let greeting = "handler=\"cached_handler_examples::observe::greeting\"";
    for line in [
        format!("cached_handler_requests_total{{{price},outcome=\"hit\"}} 2"),
        format!("cached_handler_requests_total{{{price},outcome=\"forward\"}} 2"),
        format!("cached_handler_forwards_total{{{price},reason=\"uri-miss\"}} 1"),
        format!("cached_handler_forwards_total{{{price},reason=\"invalidated\"}} 1"),
        format!("cached_handler_kept_total{{{price},kept=\"stored\"}} 2"),
        format!("cached_handler_not_stored_total{{{greeting},reason=\"set-cookie\"}} 1"),
        format!("cached_handler_run_seconds_count{{{price}}} 2"),
        format!("cached_handler_running{{{price}}} 0"),
        "cached_handler_invalidations_total{scope=\"group\",effect=\"invalidate\",result=\"ok\"} 1".to_owned(),
        "cached_handler_memory_responses 1".to_owned(),
    ] {
        assert!(metrics.lines().any(|found| found == line), "no line {line} in\n{metrics}");
    }
    assert!(metrics.contains("# HELP cached_handler_requests_total "), "{metrics}");
    assert!(!metrics.contains("abc"), "no label holds what was asked for: {metrics}");

    let handlers = send(&app, Request::get("/handlers")).await;
    assert!(
        handlers.contains("observe::price (") && handlers.contains("default backend, fresh for 60s, stale for 60s while it is made anew"),
        "{handlers}"
    );
    let stats = send(&app, Request::get("/stats")).await;
    assert!(stats.starts_with("[[\"requests\",5],[\"hits\",2],[\"running\",0],[\"memory_bytes\","), "{stats}");
}

async fn send(app: &Router, request: axum::http::request::Builder) -> String {
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}
