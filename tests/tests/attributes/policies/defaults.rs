//! Settings for all handlers of a cache.

use std::{sync::Arc, time::Duration};

use super::{cache_control, caches, not_stored, plain, said};
use axum::{Router, extract::Path, http::StatusCode, routing::get};
use cached_handler::{
    Cache, CacheLayer, Collapse, ETag, NotStored, Policy, cached, secs,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::{Dict, ask};

const DEFAULTS: Policy = Policy::new()
    .max_body(4)
    .etag(ETag::Off)
    .status(404, secs(5))
    .status(302, secs(7))
    .collapse(Collapse::Inline)
    .cache_control("max-age=1");

const OWN: Policy = Policy::new().max_body(1 << 20).etag(ETag::Strong).status(404, secs(50));

#[cached(ttl = 60, policy = OWN)]
async fn own(Path(length): Path<usize>) -> Result<String, StatusCode> {
    if length > 0 { Ok("x".repeat(length)) } else { Err(StatusCode::NOT_FOUND) }
}

#[cached(ttl = 60, cache_control = "no-store")]
async fn moved(Path(status): Path<u16>) -> (StatusCode, &'static str) {
    (StatusCode::from_u16(status).unwrap(), "")
}

fn site() -> Router {
    Router::new()
        .route("/plain/{length}", get(plain))
        .route("/own/{length}", get(own))
        .route("/moved/{status}", get(moved))
        .with_state(Arc::default())
}

#[tokio::test]
async fn what_a_handler_does_not_say_is_as_its_cache_says() {
    for cache in caches(|builder| builder.policy(DEFAULTS)) {
        let app = site().layer(cache.layer());
        assert_miss!(ask(&app, "/plain/4").await);
        let hit = assert_hit!(ask(&app, "/plain/4").await);
        assert_eq!((cache_control(&hit), said(&hit, "etag")), (Some("max-age=1"), None));
        assert_eq!(not_stored(&ask(&app, "/plain/5").await), Some(&NotStored::TooLarge));
        for (status, secs) in [(404, 5), (302, 7)] {
            let path = format!("/moved/{status}");
            assert_miss!(ask(&app, &path).await);
            cache.clock().advance(Duration::from_secs(secs - 1));
            assert_eq!(cache_control(&assert_hit!(ask(&app, &path).await)), Some("no-store"), "the attribute's");
            cache.clock().advance(Duration::from_secs(2));
            assert_miss!(ask(&app, &path).await);
        }
    }
}

#[tokio::test]
async fn what_a_handler_says_itself_counts_setting_by_setting() {
    for cache in caches(|builder| builder.policy(DEFAULTS)) {
        let app = site().layer(cache.layer());
        assert_miss!(ask(&app, "/own/100").await);
        let hit = assert_hit!(ask(&app, "/own/100").await);
        assert!(said(&hit, "etag").is_some_and(|tag| tag.starts_with('"')), "strong");
        assert_eq!(cache_control(&hit), Some("max-age=1"), "which it does not say");
        assert_miss!(ask(&app, "/own/0").await);
        cache.clock().advance(Duration::from_secs(49));
        assert_hit!(ask(&app, "/own/0").await);
    }
}

#[tokio::test]
async fn each_cache_of_a_process_has_its_own_defaults() {
    let [strict, _] = caches(|builder| builder.policy(DEFAULTS));
    let [mild, _] = caches(|builder| builder);
    let [strict, mild] = [strict, mild].map(|cache| site().layer(cache.layer()));
    for _ in 0..3 {
        assert_eq!(not_stored(&ask(&strict, "/plain/5").await), Some(&NotStored::TooLarge));
        let response = ask(&mild, "/plain/5").await;
        assert_eq!((not_stored(&response), cache_control(&response)), (None, Some("no-cache")));
        assert!(said(&response, "etag").is_some());
    }
}

#[tokio::test]
async fn defaults_are_in_no_key() {
    let dict = Dict::default();
    let cache = |policy| TestCache::with(|builder| builder.backend("dict", dict.clone()).default_backend("dict").policy(policy));
    for policy in [Policy::new(), DEFAULTS, Policy::new().honor_request_directives()] {
        let app = site().layer(cache(policy).layer());
        ask(&app, "/plain/3").await;
        assert_eq!(dict.map().len(), 1, "under one key");
    }
}

#[tokio::test]
async fn defaults_hold_for_layers_and_not_for_values() {
    for cache in caches(|builder| builder.policy(DEFAULTS)) {
        let layer = CacheLayer::new("small", secs(60)).cache(cache.cache().clone());
        let app = Router::new().fallback_service(layer.around(Router::new().route("/", get("longer"))));
        let response = ask(&app, "/").await;
        assert_eq!((not_stored(&response), cache_control(&response)), (Some(&NotStored::TooLarge), Some("no-cache")));
        let values = cache.cache().values::<String>("long");
        values.insert("key", "much longer".to_owned(), secs(60)).await.unwrap();
        assert_eq!(values.get("key").await.as_deref().map(String::as_str), Some("much longer"));
    }
}

#[tokio::test]
async fn a_name_or_a_version_for_all_is_an_error() {
    for policy in [Policy::new().name("all"), Policy::new().version(2)] {
        let error = Cache::builder().policy(policy).build().await.unwrap_err();
        assert!(error.is_config() && error.to_string().contains("the policy of a cache has no "), "{error}");
    }
    let error = Cache::builder().policy(Policy::new().cache_control("private, public")).build().await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains("type `.cache_control(\"private\")`"), "{error}");
    assert!(Cache::builder().policy(DEFAULTS).build().await.is_ok());
}
