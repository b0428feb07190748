//! Unsafe methods, which make their target unusable (RFC 9111 §4.4).

use std::time::Duration;

use super::{
    super::site::{Site, is_stored},
    FRESH, plain, said,
};
use axum::{
    extract::{Path, Request},
    http::{Method, StatusCode},
    response::Response,
    routing::get,
};
use cached_handler::{Outcome, cached, invalidates, testing::TestCache};
use cached_handler_tests::harness::{ask, send};
use tower::ServiceExt;

#[tokio::test]
async fn an_unsafe_method_that_succeeds_makes_its_target_unusable() {
    for (method, status, spares) in [
        ("POST", 200, false),
        ("PUT", 204, false),
        ("DELETE", 303, false),
        ("M-SEARCH", 200, false),
        ("POST", 404, true),
        ("POST", 503, true),
        ("OPTIONS", 200, true),
    ] {
        let site = Site::of(plain);
        let target = format!("/{status}/cache-control=max-age=60?q=1");
        site.get(&target).await;
        assert!(site.get(&target).await.is_hit());
        let answer = site.ask(method, &target, &[]).await;
        assert!(!answer.is_hit());
        assert_eq!(site.get(&target).await.is_hit(), spares, "{method} {status}");
    }
}

#[tokio::test]
async fn what_its_answer_points_to_at_the_same_origin_is_unusable_too() {
    let host = [("host", "a.example")];
    for (field, reference, spares) in [
        ("location", FRESH, false),
        ("content-location", FRESH, false),
        ("location", "http://a.example/200/cache-control=max-age=60", false),
        ("location", "//A.example/200/cache-control=max-age=60#x", false),
        ("location", "//a.example:81/200/cache-control=max-age=60", true),
        ("location", "cache-control=max-age=60/../../200/cache-control=max-age=60", false),
        ("location", "https://a.example:443/200/cache-control=max-age=60", false),
        ("location", "http://b.example/200/cache-control=max-age=60", true),
        ("location", "//a.example@b.example/200/cache-control=max-age=60", true),
        ("location", "/200/other", true),
    ] {
        let site = Site::of(plain);
        assert!(is_stored_for(&site, &host).await);
        let reference = reference.replace('/', "~").replace('#', "%23");
        site.ask("POST", &format!("/201/{field}={reference}"), &host).await;
        assert_eq!(site.ask("GET", FRESH, &host).await.is_hit(), spares, "{field}: {reference}");
    }
}

async fn is_stored_for(site: &Site, host: &[(&str, &str)]) -> bool {
    site.ask("GET", FRESH, host).await;
    site.ask("GET", FRESH, host).await.is_hit()
}

#[cached(ttl = 60)]
async fn read() -> &'static str {
    "hello"
}

#[invalidates(path = "/elsewhere")]
async fn write(Path(status): Path<u16>) -> (StatusCode, [(&'static str, &'static str); 1]) {
    (StatusCode::from_u16(status).unwrap(), [("location", "/made")])
}

#[tokio::test]
async fn a_handler_that_invalidates_does_so_by_its_method_too() {
    for (method, status, spares) in
        [(Method::PUT, 201, false), (Method::PUT, 500, true), (Method::PUT, 404, true), (Method::GET, 201, true)]
    {
        let cache = TestCache::new();
        let target = format!("/by/{status}");
        let router = axum::Router::new()
            .route("/made", get(read))
            .route("/by/{status}", get(read).put(write))
            .route("/by-get/{status}", get(write))
            .layer(cache.layer());
        for path in ["/made", target.as_str()] {
            ask(&router, path).await;
        }
        let asked = if method == Method::GET { format!("/by-get/{status}") } else { target.clone() };
        send(&router, method.clone(), &asked).await;
        for path in ["/made", target.as_str()] {
            let again = ask(&router, path).await;
            let is_hit = matches!(again.extensions().get(), Some(Outcome::Hit { .. }));
            assert_eq!(is_hit, spares, "{method} {status}: {path}");
        }
    }
}

#[cached(ttl = from_response, vary = from_response)]
async fn never(Path(path): Path<String>, request: Request) -> Response {
    if *request.method() == Method::POST {
        std::future::pending::<()>().await;
    }
    said(&path)
}

#[tokio::test(start_paused = true)]
async fn an_unsafe_request_whose_client_leaves_may_have_changed_its_target() {
    let site = Site::of(never);
    assert!(is_stored(&site, FRESH).await);
    let request = Request::builder().method("POST").uri(FRESH).body(axum::body::Body::empty()).unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(1), site.router.clone().oneshot(request)).await;
    assert!(answer.is_err(), "its client has left");
    assert!(!site.get(FRESH).await.is_hit());
}
