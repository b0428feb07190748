//! The same through `curl`: whatever is said of one answer, the connection goes on.

use axum::{Router, routing::get as route};
use cached_handler::{cached, testing::TestCache};
use cached_handler_tests::curl::{Http, Site, get, head};

#[cached(ttl = 60)]
async fn page() -> String {
    "a page ".repeat(100)
}

#[tokio::test]
async fn curl_is_given_hits_over_one_connection() {
    let cache = TestCache::with(|builder| builder.cache_status("t"));
    let site = Site::start(Router::new().route("/", route(page)).layer(cache.layer())).await;
    site.ask(Http::One, get("/")).await;
    for http in Http::BOTH {
        let answers = site.curl_well(http, &[get("/"), head("/"), get("/?q='%22").with("x-text", "\"a\\b\"").with("x-empty", "")]).await;
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.is_hit()), "{answers:?}");
        assert_eq!(answers.iter().map(|answer| answer.content.len()).collect::<Vec<_>>(), [700, 0, 700], "{answers:?}");
        assert!(answers.iter().all(|answer| answer.field("content-length") == "700"), "{answers:?}");
    }
}
