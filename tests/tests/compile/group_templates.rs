//! The templates of groups: expressions on both sides, and a word where the two sides cannot meet. A program of its
//! own, as that is said once in a process.

use axum::{
    Router, debug_handler,
    extract::Path,
    http::{Method, StatusCode},
    routing::{get, put},
};
use cached_handler::{
    Cache, CacheLayer, ValueOptions, cached, handlers, invalidates, secs,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::{
    harness::{ask, send},
    log::Log,
};

/// The one name of a crate, however it was written.
fn canonical(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

#[cached(ttl = 60, group = ["crates", "crate:{canonical(name)}", "size:{name.len() / 10}"])]
async fn show(Path(name): Path<String>) -> String {
    name
}

#[debug_handler]
#[cached(ttl = 60, group = "upper:{name.to_uppercase()}")]
async fn upper(Path(name): Path<String>) -> String {
    name
}

#[invalidates(group = ["crate:{canonical(name)}", "upper:{name.to_uppercase()}"])]
async fn publish(Path(name): Path<String>) -> StatusCode {
    StatusCode::CREATED
}

#[debug_handler]
#[invalidates(group = ["crates", "Crate:{name}"])]
async fn spelt_otherwise(Path(name): Path<String>) -> StatusCode {
    drop(name);
    StatusCode::OK
}

#[invalidates(group = "author:{name}")]
async fn of_nobody(Path(name): Path<String>) -> StatusCode {
    drop(name);
    StatusCode::OK
}

#[tokio::test]
async fn one_function_on_both_sides_says_one_name() {
    let router =
        Router::new().route("/crates/{name}", get(show).put(publish)).route("/upper/{name}", get(upper)).layer(TestCache::new().layer());
    for path in ["/crates/Serde_JSON", "/upper/serde-json", "/crates/other"] {
        assert_miss!(ask(&router, path).await);
        assert_hit!(ask(&router, path).await);
    }
    assert_eq!(send(&router, Method::PUT, "/crates/serde-json").await.status(), StatusCode::CREATED);
    assert_miss!(ask(&router, "/crates/Serde_JSON").await);
    assert_miss!(ask(&router, "/upper/serde-json").await);
    assert_hit!(ask(&router, "/crates/other").await);
}

/// Of a value, and of a layer, which no template shows.
#[invalidates(group = ["rate:{name}", "of-a-layer"])]
async fn of_others(Path(name): Path<String>) -> StatusCode {
    drop(name);
    StatusCode::OK
}

#[tokio::test]
async fn a_group_that_nothing_has_is_told_once_when_it_is_invalidated() {
    let log = Log::default();
    let _recorded = log.listen();
    let cache = Cache::builder().build().await.unwrap();
    drop(Cache::builder().build().await.unwrap());
    cache.values::<u8>("rates").insert("EUR", 1, ValueOptions::new(secs(60)).group("rate:EUR")).await.unwrap();
    let layer = CacheLayer::new("layer", secs(60)).group("of-a-layer").cache(cache.clone());
    let router = Router::new()
        .route("/layer", get("text").layer(layer))
        .route("/otherwise/{name}", put(spelt_otherwise))
        .route("/nobody/{name}", put(of_nobody))
        .route("/others/{name}", put(of_others))
        .layer(axum::Extension(cache));
    ask(&router, "/layer").await;
    assert_eq!(log.loud(), [""; 0], "nothing is known at the start");
    for path in ["/others/EUR", "/others/USD", "/otherwise/a", "/otherwise/b", "/nobody/a", "/nobody/b"] {
        assert_eq!(send(&router, Method::PUT, path).await.status(), StatusCode::OK);
    }
    let told = log.loud();
    assert_eq!(told.len(), 2, "{told:#?}");
    for (handler, group) in [("spelt_otherwise", "Crate:{name}"), ("of_nobody", "author:{name}")] {
        let line = told.iter().find(|line| line.contains(handler)).unwrap();
        assert!(line.contains(group) && line.contains("spell both alike"), "{line}");
    }
}

#[test]
fn a_handler_is_listed_once_with_its_groups_also_below_debug_handler() {
    let listed = handlers();
    let upper: Vec<_> = listed.iter().filter(|handler| handler.name == "upper").collect();
    assert_eq!(upper.len(), 1);
    assert_eq!(upper[0].groups, ["upper:{name.to_uppercase()}"]);
    assert_eq!(listed.iter().filter(|handler| handler.name == "show").count(), 1);
}
