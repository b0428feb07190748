//! Layers and their names, parts of the key and backends: what keeps two of them apart.

use std::sync::Arc;

use super::{Runs, ask, fixture, layer, send, site, why};
use axum::{Router, body::Body, http::Request, routing::get};
use cached_handler::{
    Bypass, CacheLayer, Forward, Policy, Target, secs,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::harness::{Dict, text};
use tower::ServiceExt;

#[tokio::test]
async fn layers_do_not_meet_and_clones_are_one() {
    let cache = TestCache::new();
    let (one, other) = (layer(&cache), layer(&cache));
    let runs = Runs::default();
    let apps = [one.clone().around(site(&runs)), one.around(site(&runs)), other.around(site(&runs))];
    assert_miss!(ask(&apps[0], "/page/1").await);
    assert_hit!(ask(&apps[1], "/page/1").await);
    assert_miss!(ask(&apps[2], "/page/1").await);
}

#[tokio::test]
async fn a_part_of_ones_own_is_in_the_key() {
    #[derive(Clone)]
    struct Tenant(u32);
    let (_cache, app, _) = fixture(|layer| {
        layer.key(|request, key| {
            key.part(&request.extensions.get::<Tenant>().map(|tenant| tenant.0));
        })
    });
    let of = |tenant| Request::get("/page/1").extension(Tenant(tenant)).body(Body::empty()).unwrap();
    for tenant in 1..3 {
        assert_miss!(send(&app, of(tenant)).await);
        assert_hit!(send(&app, of(tenant)).await);
    }
}

#[tokio::test]
async fn a_name_in_its_policy_takes_the_place_of_its_own() {
    let (cache, app, _) = fixture(|layer| layer.policy(Policy::new().name("pages")));
    assert_miss!(ask(&app, "/page/1").await);
    cache.cache().invalidate(Target::named("site")).await.unwrap();
    assert_hit!(ask(&app, "/page/1").await);
    cache.cache().invalidate(Target::named("pages")).await.unwrap();
    assert_miss!(ask(&app, "/page/1").await);
}

#[tokio::test]
async fn an_unknown_backend_is_a_bypass() {
    let (_cache, app, runs) = fixture(|layer| layer.backend("nowhere"));
    for _ in 0..2 {
        assert_eq!(why(&ask(&app, "/page/1").await), Forward::Bypass(Bypass::UnknownBackend));
    }
    assert_eq!(runs.count(), 2);
}

#[tokio::test]
async fn layers_around_two_services_share_neither_responses_nor_runs() {
    for backend in ["memory", "dict"] {
        let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()).default_backend(backend));
        // Both of them under way at once.
        let both = Arc::new(tokio::sync::Barrier::new(2));
        let around = |name: &'static str| {
            let both = Arc::clone(&both);
            let service = Router::new().route(
                "/",
                get(async move || {
                    both.wait().await;
                    name
                }),
            );
            CacheLayer::new(name, secs(60)).cache(cache.cache().clone()).around(service)
        };
        let (one, two) = (around("one"), around("two"));
        let ask = || Request::get("/").body(Body::empty()).unwrap();
        for outcome in ["a run", "a hit"] {
            let (first, second) = tokio::join!(one.clone().oneshot(ask()), two.clone().oneshot(ask()));
            let answers = [text(first.unwrap()).await, text(second.unwrap()).await];
            assert_eq!(answers, ["one", "two"], "{backend}: {outcome}");
        }
    }
}
