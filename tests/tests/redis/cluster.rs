//! A cluster of two nodes: all keys of a namespace are in one slot, and the connection goes to where that is.

use std::time::Duration;

use axum::{Extension, Router, extract::Path, routing::get};
use cached_handler::{Cache, Outcome, Target, Tier, cached};
use cached_handler_tests::{
    harness::{PATIENT, ask, moment},
    redis_server::RedisServer,
};

#[cached(ttl = 600, backend = "redis", group = "page:{id}")]
async fn page(Path(id): Path<u64>) -> String {
    format!("page {id}")
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = moment();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn cluster() -> [RedisServer; 2] {
    let bus = [RedisServer::absent(&[]), RedisServer::absent(&[])].map(|place| place.port().to_string());
    let node = |bus: &str| RedisServer::with(&["--cluster-enabled", "yes", "--cluster-port", bus]);
    let nodes = [node(&bus[0]), node(&bus[1])];
    nodes[0].say("CLUSTER ADDSLOTSRANGE 0 8191").await;
    nodes[1].say("CLUSTER ADDSLOTSRANGE 8192 16383").await;
    nodes[0].say(&format!("CLUSTER MEET 127.0.0.1 {} {}", nodes[1].port(), bus[1])).await;
    for node in &nodes {
        until("the cluster comes up", async || node.say("CLUSTER INFO").await[0].contains("cluster_state:ok")).await;
    }
    nodes
}

#[tokio::test]
async fn each_namespace_is_on_one_node_and_is_found_from_any() {
    let nodes = cluster().await;
    let mut on_each = [0, 0];
    for namespace in ["one", "two", "three", "four", "five", "six"] {
        let mut apps = Vec::new();
        for node in &nodes {
            let cache = Cache::builder()
                .namespace(namespace)
                .redis(node.url())
                .limits("redis", PATIENT)
                .shares_namespace()
                .outcome_on_hits()
                .build()
                .await
                .unwrap();
            apps.push((cache.clone(), Router::new().route("/{id}", get(page)).layer(Extension(cache))));
        }
        let is_hit = async |router: &Router| matches!(ask(router, "/7").await.extensions().get(), Some(Outcome::Hit { .. }));
        for (_, router) in &apps {
            until("it is cached", async || is_hit(router).await).await;
        }
        // By way of either node, an invalidation reaches both.
        for (cache, _) in &apps {
            cache.invalidate(Target::group("page:7")).await.unwrap();
            assert!(!is_hit(&apps[0].1).await);
            assert!(apps[0].0.drain(Duration::from_secs(5)).await);
            assert!(is_hit(&apps[1].1).await);
        }
        for (node, count) in nodes.iter().zip(&mut on_each) {
            *count += usize::from(node.keys().await.iter().any(|key| key.starts_with(&format!("ch:{{{namespace}}}"))));
        }
    }
    assert!(on_each.iter().all(|count| *count > 0) && on_each.iter().sum::<usize>() == 6, "{on_each:?}");
}

/// By the default of their cache: a backend that a handler names is one of all caches of this program.
#[cached(ttl = 600, group = "page:{id}")]
async fn copied(Path(id): Path<u64>) -> String {
    format!("page {id}")
}

/// The channel is that of the node which has the keys, whichever was asked first.
#[tokio::test]
async fn copies_in_memory_answer_without_a_call_until_any_process_invalidates() {
    let nodes = cluster().await;
    for namespace in ["one", "two", "three", "four", "five", "six"] {
        let mut apps = Vec::new();
        for node in &nodes {
            let builder = Cache::builder().namespace(namespace).redis(node.url()).default_backend("memory+redis");
            let builder = builder.limits("redis", PATIENT).shares_namespace();
            let cache = builder.outcome_on_hits().build().await.unwrap();
            apps.push((cache.clone(), Router::new().route("/{id}", get(copied)).layer(Extension(cache))));
        }
        let is_near =
            async |router: &Router| matches!(ask(router, "/7").await.extensions().get(), Some(Outcome::Hit { tier: Tier::Near, .. }));
        let calls = |cache: &Cache| cache.stats().backend_calls;
        for by in [0, 1] {
            for (cache, router) in &apps {
                until("a copy answers without a call", async || {
                    let before = calls(cache);
                    is_near(router).await && calls(cache) == before
                })
                .await;
            }
            apps[by].0.invalidate(Target::group("page:7")).await.unwrap();
            for (cache, router) in &apps {
                assert!(!is_near(router).await);
                assert!(cache.drain(Duration::from_secs(5)).await);
            }
        }
    }
}
