//! A handler that the cache is of no use for is told of once, with the reason and what to type; others are not.

use axum::{
    Form, Router,
    body::Body,
    extract::{Path, RawQuery, rejection::FormRejection},
    http::{Request, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{any, get},
};
use axum_extra::extract::CookieJar;
use cached_handler::{
    CacheLayer, cached, secs,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::{
    harness::{Dict, ask},
    log::Log,
};
use tower::ServiceExt;

// One for each test and place, as each is told of once in a process.

#[cached(ttl = 60)]
async fn rejects(form: Result<Form<u32>, FormRejection>) -> String {
    format!("{}", form.is_ok())
}

#[cached(ttl = 60)]
async fn redirects() -> Redirect {
    Redirect::to("/")
}

#[cached(ttl = 60, skip(jar))]
async fn with_cookies(jar: CookieJar) -> &'static str {
    drop(jar);
    "text"
}

#[cached(ttl = 60)]
async fn now_and_then(Path(what): Path<String>) -> Response {
    match what.as_str() {
        "stored" => "text".into_response(),
        _ => ([(header::SET_COOKIE, "a=b")], "text").into_response(),
    }
}

#[cached(ttl = 60, backend = "dict")]
async fn now_and_then_at_rest(Path(what): Path<String>) -> Response {
    match what.as_str() {
        "stored" => "text".into_response(),
        _ => ([(header::SET_COOKIE, "a=b")], "text").into_response(),
    }
}

#[cached(ttl = 60)]
async fn fails() -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}

#[cached(ttl = 60, backend = "dict")]
async fn redirects_at_rest() -> Redirect {
    Redirect::to("/")
}

#[cached(ttl = 60)]
async fn by_query(RawQuery(query): RawQuery) -> Response {
    match query.as_deref() {
        Some("bad") => ([(header::SET_COOKIE, "a=b")], "text").into_response(),
        _ => "text".into_response(),
    }
}

/// What is told of a handler, among other lines about it.
fn told(log: &Log) -> Vec<String> {
    log.loud().into_iter().filter(|line| line.contains("answers in a row")).collect()
}

fn listen() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let listening = log.listen();
    (log, listening)
}

fn cache() -> TestCache {
    TestCache::with(|builder| builder.backend("dict", Dict::default()))
}

#[tokio::test]
async fn a_handler_that_the_cache_is_of_no_use_for_is_told_of_once() {
    let (log, _listening) = listen();
    let cache = cache();
    let app = Router::new()
        .route("/rejects", get(rejects))
        .route("/redirects", get(redirects))
        .route("/redirects-at-rest", get(redirects_at_rest))
        .route("/with-cookies", get(with_cookies))
        .layer(cache.layer());
    for (told_of, (path, advice)) in (1..).zip([
        ("/rejects", "take `Query`"),
        ("/redirects", "type `status(303 = 60)` in the attribute"),
        ("/redirects-at-rest", "type `status(303 = 60)` in the attribute"),
        ("/with-cookies", "`skip_credentials(jar)`"),
    ]) {
        let send = async || {
            let request = Request::get(path).header("cookie", "a=b").body(Body::empty()).unwrap();
            app.clone().oneshot(request).await.unwrap();
        };
        for _ in 0..99 {
            send().await;
        }
        assert_eq!(told(&log), [""; 0], "{path}");
        assert_eq!(cache.cache().stats().unused, told_of - 1);
        send().await;
        let lines = told(&log);
        assert!(lines.len() == 1 && lines[0].contains("share=100 ") && lines[0].contains("unused.rs"), "{lines:?}");
        assert!(lines[0].contains(advice), "{lines:?}");
        for _ in 0..200 {
            send().await;
        }
        assert_eq!(told(&log), [""; 0], "{path}: again");
        assert_eq!(cache.cache().stats().unused, told_of);
    }
}

#[tokio::test]
async fn a_client_uses_up_no_warning() {
    let (log, _listening) = listen();
    let cache = cache();
    let app = Router::new().route("/", get(by_query)).layer(cache.layer());
    assert_miss!(ask(&app, "/?stored").await);
    let too_long = format!("/?{}", "a".repeat(9000));
    for _ in 0..300 {
        ask(&app, &too_long).await;
    }
    assert_eq!(told(&log), [""; 0], "it says nothing of the handler");
    for _ in 0..300 {
        ask(&app, "/?bad").await;
    }
    let lines = told(&log);
    assert!(lines.len() == 1 && lines[0].contains("set-cookie"), "{lines:?}");
}

#[tokio::test]
async fn hits_in_between_are_no_silence() {
    let (log, _listening) = listen();
    let cache = cache();
    let app =
        Router::new().route("/memory/{what}", get(now_and_then)).route("/dict/{what}", get(now_and_then_at_rest)).layer(cache.layer());
    for place in ["memory", "dict"] {
        assert_miss!(ask(&app, &format!("/{place}/stored")).await);
        for at in 0..500 {
            ask(&app, &format!("/{place}/other")).await;
            if at % 50 == 0 {
                assert_hit!(ask(&app, &format!("/{place}/stored")).await);
            }
        }
    }
    assert_eq!(told(&log), [""; 0]);
    assert_eq!(cache.cache().stats().unused, 0);
}

#[tokio::test]
async fn failures_writes_and_a_cache_that_is_off_are_no_silence() {
    let (log, _listening) = listen();
    let cache = cache();
    let app = Router::new().route("/", any(fails)).route("/redirects", get(redirects));
    let off = cached_handler::Cache::builder().off().build().await.unwrap();
    let off = app.clone().layer(axum::Extension(off));
    let app = app.layer(cache.layer());
    for _ in 0..300 {
        ask(&app, "/").await;
        app.clone().oneshot(Request::post("/").body(Body::empty()).unwrap()).await.unwrap();
        ask(&off, "/redirects").await;
    }
    assert_eq!(told(&log), [""; 0]);
}

#[tokio::test]
async fn a_layer_is_told_of_by_its_name_and_goes_by_its_own_hits() {
    let (log, _listening) = listen();
    // A default that is another than the memory: what passes is counted with what hits.
    let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()).default_backend("dict"));
    let service = Router::new().route("/", get("text"));
    let layer = |name| CacheLayer::new(name, secs(60)).cache(cache.cache().clone()).around(service.clone());
    let with_cookies = async |app: &cached_handler::CacheService<Router>| {
        let request = Request::get("/").header("cookie", "a=b").body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap();
    };
    let [hits, misses] = ["hits", "misses"].map(layer);
    for _ in 0..300 {
        with_cookies(&hits).await;
        hits.clone().oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    }
    assert_eq!(told(&log), [""; 0]);
    for _ in 0..300 {
        with_cookies(&misses).await;
    }
    let lines = told(&log);
    assert!(lines.len() == 1 && lines[0].contains("misses") && lines[0].contains("reason=\"credentials\""), "{lines:?}");
}
