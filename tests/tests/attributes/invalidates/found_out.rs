//! What only the body finds out: `Invalidation`, and `CacheGroups` in the response; and what an unsafe method means.

use axum::{
    Extension, Router,
    extract::Path,
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use cached_handler::{
    Cache, CacheGroups, CacheLayer, Invalidation, Policy, Target, cached, invalidates, secs,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::{ask, leaves_at, send};

use super::{Source, awaits};

#[cached(ttl = 60, group = ["name:{name}", "all"])]
async fn show(Path(name): Path<String>) -> String {
    name
}

/// `how`: whether it goes well, and names before or in its answer.
#[invalidates]
async fn publish(changed: Invalidation, Path(how): Path<String>, Extension(source): Extension<Source>) -> Response {
    if how != "late" {
        changed.group("name:a");
        changed.target(Target::path("/show/b"));
        changed.group("");
    }
    source.write(2, 2).await;
    match how.as_str() {
        "panics" => panic!("on purpose"),
        "refused" => StatusCode::CONFLICT.into_response(),
        "failed" => StatusCode::BAD_GATEWAY.into_response(),
        "late" => (CacheGroups::of(["name:a", "name:b"]), StatusCode::OK).into_response(),
        "late-refused" => (CacheGroups::of(["name:c"]), StatusCode::CONFLICT).into_response(),
        _ => StatusCode::OK.into_response(),
    }
}

#[invalidates(group = "name:{name}")]
async fn generic<T: Into<String> + From<String> + serde::de::DeserializeOwned + Send>(
    Path(name): Path<String>,
    _changed: Invalidation,
) -> String {
    T::from(name).into()
}

async fn without_attribute(changed: Invalidation) {
    changed.group("name:a");
}

fn site(source: &Source) -> Router {
    Router::new()
        .route("/show/{name}", get(show))
        .route("/publish/{how}", post(publish))
        .route("/generic/{name}", put(generic::<String>))
        .route("/without", post(without_attribute))
        .layer(Extension(source.clone()))
        .layer(TestCache::new().layer())
}

async fn filled(router: &Router) {
    for path in ["/show/a", "/show/b", "/show/c"] {
        ask(router, path).await;
        assert_hit!(ask(router, path).await);
    }
}

#[tokio::test]
async fn what_the_body_names_is_invalidated_however_it_ends() {
    let router = site(&Source::default());
    for how in ["well", "refused", "failed", "late", "panics"] {
        filled(&router).await;
        let router_of_it = router.clone();
        let path = format!("/publish/{how}");
        let answer = tokio::spawn(async move { send(&router_of_it, Method::POST, &path).await.status() }).await;
        assert_eq!(answer.is_err(), how == "panics");
        assert_miss!(ask(&router, "/show/a").await);
        assert_miss!(ask(&router, "/show/b").await);
        assert_hit!(ask(&router, "/show/c").await);
    }
    filled(&router).await;
    send(&router, Method::POST, "/publish/late-refused").await;
    assert_hit!(ask(&router, "/show/c").await);
}

/// At each of its awaits: what is named goes at once, and what the answer would have named, when the body has ended.
#[tokio::test]
async fn a_client_who_leaves_stops_neither_the_body_nor_what_it_names() {
    for how in ["well", "late"] {
        for at in 1..5 {
            let source = Source::default();
            let router = site(&source);
            filled(&router).await;
            let path = format!("/publish/{how}");
            leaves_at(at, send(&router, Method::POST, &path)).await;
            awaits(20).await;
            assert!(source.committed.load(std::sync::atomic::Ordering::SeqCst), "{how} {at}: the write went on");
            assert_miss!(ask(&router, "/show/a").await);
            assert_miss!(ask(&router, "/show/b").await);
            assert_hit!(ask(&router, "/show/c").await);
        }
    }
}

#[tokio::test]
async fn a_generic_handler_may_name_what_it_finds_out() {
    let router = site(&Source::default());
    filled(&router).await;
    assert_eq!(send(&router, Method::PUT, "/generic/a").await.status(), StatusCode::OK);
    assert_miss!(ask(&router, "/show/a").await);
}

#[tokio::test]
async fn without_the_attribute_nobody_would_carry_it_out() {
    assert_eq!(send(&site(&Source::default()), Method::POST, "/without").await.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

const ASKS: Policy = Policy::new().keep_own_path();

#[cached(ttl = 60, policy = ASKS)]
async fn asks() -> &'static str {
    "asked"
}

#[cached(ttl = 60)]
async fn both(method: Method) -> String {
    method.to_string()
}

#[cached(ttl = 60)]
async fn read() -> &'static str {
    "read"
}

#[invalidates(group = "others", own_path = "keep")]
async fn keeps() -> &'static str {
    "kept"
}

#[invalidates(group = "others")]
async fn changes() -> &'static str {
    "changed"
}

/// RFC 9111 §4.4 says what such a method invalidates; a program may know better.
#[tokio::test]
async fn an_unsafe_method_invalidates_its_own_path_unless_that_is_switched_off() {
    let router = |cache: Cache, layer: CacheLayer| {
        Router::new()
            .route("/asks", get(asks).post(asks))
            .route("/both", get(both).post(both))
            .route("/keeps", get(read).post(keeps))
            .route("/changes", get(read).post(changes))
            .route("/layer", get(|| async { "plain" }).post(|| async { "posted" }).layer(layer.cache(cache.clone())))
            .layer(Extension(cache))
    };
    let layer = |policy: Policy| CacheLayer::new("found-out", secs(60)).policy(policy);
    let (plain, all) = (TestCache::new(), TestCache::with(|builder| builder.policy(ASKS)));
    for (router, kept) in [
        (router(plain.cache().clone(), layer(Policy::new())), &["/asks", "/keeps"][..]),
        (router(plain.cache().clone(), layer(ASKS)), &["/asks", "/keeps", "/layer"]),
        (router(all.cache().clone(), layer(Policy::new())), &["/asks", "/both", "/keeps", "/changes", "/layer"]),
    ] {
        for path in ["/asks", "/both", "/keeps", "/changes", "/layer"] {
            ask(&router, path).await;
            assert_hit!(ask(&router, path).await);
            assert!(send(&router, Method::POST, path).await.status().is_success());
            let again = ask(&router, path).await;
            if kept.contains(&path) {
                assert_hit!(again);
            } else {
                assert_miss!(again);
            }
        }
    }
}
