//! Conditions of layers and of typed values.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{ask, bypassed, caches, stands_aside};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, header, request::Parts},
    routing::{any, get},
};
use cached_handler::{
    CacheLayer, ValueOptions, secs,
    testing::{assert_hit, assert_miss},
};
use cached_handler_tests::harness::text;
use tower::ServiceExt;

fn has_a_session(request: &Parts) -> bool {
    request.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok()).any(|line| line.contains("session="))
}

#[tokio::test]
async fn a_layer_leaves_requests_alone_for_which_its_condition_holds() {
    for cache in caches() {
        let runs = Arc::new(AtomicUsize::new(0));
        let shows = async move |headers: HeaderMap| {
            let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
            format!("{run}: {:?} {:?}", headers.get(header::COOKIE), headers.get("if-none-match"))
        };
        let service = Router::new().route("/", any(shows));
        let layer = CacheLayer::new("bypassed", secs(60)).cache(cache.cache().clone()).bypass(has_a_session);
        let app = Router::new().fallback_service(layer.clone().skip_credentials().around(service.clone()));
        assert_eq!(text(assert_miss!(ask(&app, "/", &[("cookie", "theme=dark")]).await)).await, "1: None None");
        assert_hit!(ask(&app, "/", &[("cookie", "theme=light")]).await);
        let (content, names) = bypassed(ask(&app, "/", &[("cookie", "session=ann"), ("if-none-match", "*")]).await);
        assert_eq!(content.await, "2: Some(\"session=ann\") Some(\"*\")");
        assert_eq!(names, ["content-type", "content-length", "cache-status"]);
        assert_hit!(ask(&app, "/", &[]).await);
        let write = Request::builder().method(Method::POST).uri("/").header("cookie", "session=ann").body(Body::empty()).unwrap();
        app.clone().oneshot(write).await.unwrap();
        assert_miss!(ask(&app, "/", &[]).await);

        // Without the word, any other cookie is one that may matter.
        let app = Router::new().fallback_service(layer.around(service));
        stands_aside(&ask(&app, "/", &[("cookie", "theme=dark")]).await);
    }
}

#[tokio::test]
async fn layers_with_other_conditions_share_nothing_at_rest() {
    let [_, cache] = caches();
    let app = |layer: CacheLayer| {
        let layer = layer.cache(cache.cache().clone());
        Router::new().fallback_service(layer.around(Router::new().route("/", get("text"))))
    };
    let new = || CacheLayer::new("pages", secs(60));
    let layers: [fn(CacheLayer) -> CacheLayer; 4] = [
        |layer| layer,
        |layer| layer.bypass(has_a_session),
        |layer| layer.skip_credentials(),
        |layer| layer.bypass(has_a_session).bypass(|request| request.uri.query().is_some()),
    ];
    for layer in layers {
        assert_miss!(ask(&app(layer(new())), "/", &[]).await);
        assert_hit!(ask(&app(layer(new())), "/", &[]).await);
    }
}

#[tokio::test]
async fn a_value_that_bypasses_is_neither_read_nor_stored() {
    for cache in caches() {
        let values = cache.cache().values::<usize>("numbers");
        let runs = Arc::new(AtomicUsize::new(0));
        let load = async |when: bool| {
            let runs = Arc::clone(&runs);
            let options = ValueOptions::new(secs(60)).bypass(when).bypass(false);
            let computed = values.get_or_insert_with("key", options, async move || {
                let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
                if run < 9 { Ok(run) } else { Err("no more") }
            });
            computed.await.map(|number| *number)
        };
        let before = cache.cache().stats();
        assert_eq!((load(true).await, load(true).await), (Ok(1), Ok(2)));
        assert_eq!(values.get("key").await, None);
        let stats = cache.cache().stats();
        let moved = |counts: &std::collections::BTreeMap<&'static str, u64>, word| counts.get(word).copied().unwrap_or_default();
        assert_eq!(moved(&stats.forwards, "condition"), moved(&before.forwards, "condition") + 2);
        assert_eq!((load(false).await, load(true).await, load(false).await), (Ok(3), Ok(4), Ok(3)));
        values.insert("key", 7, ValueOptions::new(secs(60)).bypass(true)).await.unwrap();
        assert_eq!(load(false).await, Ok(3));
        runs.store(8, Ordering::SeqCst);
        assert_eq!(load(true).await, Err("no more"));
    }
}
