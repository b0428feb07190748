//! A store that fails, and stores under load.

use axum::{Router, extract::Path, routing::get};
use cached_handler::{
    CacheLayer, Error, ValueOptions, cached, secs,
    testing::{Chaos, Fault, TestCache},
};
use cached_handler_tests::harness::{Dict, ask, text};
use http_body_util::BodyExt;

/// kwhitley/apicache#180, symfony/symfony#37902, apollographql/apollo-server#3469, ledgetech/ledge#193,
/// karpetrosyan/hishel#335: the store went away, and with it the service.
#[tokio::test(start_paused = true)]
async fn a_store_that_goes_away_takes_no_request_with_it() {
    #[cached(ttl = 60, backend = "chaos")]
    async fn page() -> &'static str {
        "page"
    }
    for fault in [Fault::Fail, Fault::Hang, Fault::Lose] {
        let chaos = Chaos::new();
        let cache = TestCache::with(|builder| builder.backend("chaos", chaos.clone()));
        let layer = CacheLayer::new("pages", secs(60)).backend("chaos").cache(cache.cache().clone());
        let router = Router::new().route("/layer", get(async || "page")).layer(layer).route("/attribute", get(page)).layer(cache.layer());
        let value = async || {
            let values = cache.cache().values::<u64>("values").backend("chaos");
            *values.get_or_insert_with("key", ValueOptions::new(secs(60)), async || Ok::<_, Error>(7)).await.unwrap()
        };
        let all_answer = async || {
            for path in ["/layer", "/attribute"] {
                let response = ask(&router, path).await;
                assert_eq!((response.status().as_u16(), text(response).await.as_str()), (200, "page"), "{fault:?} {path}");
            }
            assert_eq!(value().await, 7, "{fault:?}");
        };
        all_answer().await;
        chaos.suffers(fault, 1.0);
        for _ in 0..20 {
            all_answer().await;
        }
        chaos.heals();
        all_answer().await;
    }
}

/// dotnet/aspnetcore#51009: under load a hit's `Content-Length` was that of content that did not come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_ask_at_once_the_length_is_that_of_the_content() {
    #[cached(ttl = 60, backend = "dict")]
    async fn sized(Path(size): Path<usize>) -> String {
        "x".repeat(size)
    }
    let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()));
    let layer = CacheLayer::new("sized", secs(60)).backend("dict").cache(cache.cache().clone());
    let inside = Router::new().route("/layer/{size}", get(async |Path(size): Path<usize>| "x".repeat(size))).layer(layer);
    let router = Router::new().route("/attribute/{size}", get(sized)).merge(inside).layer(cache.layer());
    let clients: Vec<_> = (0..64)
        .map(|client| {
            let router = router.clone();
            tokio::spawn(async move {
                for round in 0..40 {
                    let size = (client * 7 + round * 131) % 9 * 700;
                    let path = format!("/{}/{size}", ["layer", "attribute"][round % 2]);
                    let (parts, body) = ask(&router, &path).await.into_parts();
                    assert_eq!(parts.headers["content-length"], size.to_string(), "{path}");
                    assert_eq!(body.collect().await.unwrap().to_bytes().len(), size, "{path}");
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
}
