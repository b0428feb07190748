//! What has no content, asked for by `curl` through the layers that authors put around handlers: nothing is added to it,
//! and the connection goes on.

use axum::{Extension, Router, http::StatusCode, routing::get as route};
use cached_handler::{Cache, CacheLayer, Policy, cached, secs, testing::TestCache};
use cached_handler_tests::curl::{Answer, Ask, Http, Site, ask, get, head};
use tower::ServiceBuilder;
use tower_http::{compression::CompressionLayer, normalize_path::NormalizePathLayer};

const EMPTY: Policy = Policy::new().status(204, secs(60));

#[cached(ttl = 60)]
async fn page() -> String {
    "a page ".repeat(100)
}

#[cached(ttl = 60, policy = EMPTY)]
async fn nothing() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Nothing of it is stored.
#[cached(ttl = 60)]
async fn unstored() -> ([(&'static str, &'static str); 2], String) {
    ([("cache-control", "no-store"), ("etag", "\"1\"")], "a page ".repeat(100))
}

async fn uncached() -> String {
    "a page ".repeat(100)
}

fn pages() -> Router {
    Router::new().route("/", route(page)).route("/nothing", route(nothing)).route("/unstored", route(unstored))
}

fn cache() -> TestCache {
    TestCache::with(|builder| builder.cache_status("t"))
}

/// Compression within the router, around it, and a cache around the router in which it is.
async fn sites(cache: &Cache) -> [(&'static str, Site); 4] {
    let cache = || Extension(cache.clone());
    let around = || ServiceBuilder::new().layer(cache()).layer(CompressionLayer::new()).layer(NormalizePathLayer::trim_trailing_slash());
    let layer = || CacheLayer::new("pages", secs(60)).vary(["accept-encoding"]);
    let paths = || Router::new().route("/", route(uncached)).route("/nothing", route(nothing)).route("/unstored", route(unstored));
    [
        ("within", Site::start(pages().layer(CompressionLayer::new()).layer(cache())).await),
        ("around", Site::start(around().service(pages())).await),
        ("layer within", Site::start(paths().layer(layer()).layer(CompressionLayer::new()).layer(cache())).await),
        ("layer around", Site::start(around().layer(layer()).service(paths())).await),
    ]
}

fn for_gzip(ask: Ask) -> Ask {
    ask.with("accept-encoding", "gzip")
}

#[tokio::test]
async fn curl_is_given_hits_over_one_connection() {
    let cache = cache();
    let site = Site::start(pages().layer(cache.layer())).await;
    site.ask(Http::One, get("/")).await;
    for http in Http::BOTH {
        let answers = site.curl_well(http, &[get("/"), head("/"), get("/?q='%22").with("x-text", "\"a\\b\"").with("x-empty", "")]).await;
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.is_hit()), "{answers:?}");
        assert_eq!(answers.iter().map(|answer| answer.content.len()).collect::<Vec<_>>(), [700, 0, 700], "{answers:?}");
        assert!(answers.iter().all(|answer| answer.field("content-length") == "700"), "{answers:?}");
    }
}

#[tokio::test]
async fn nothing_is_added_to_an_answer_without_content_and_the_connection_goes_on() {
    let cache = cache();
    for (way, site) in sites(cache.cache()).await {
        for http in Http::BOTH {
            let tag = site.curl_well(http, &[get("/"), for_gzip(get("/")), for_gzip(get("/"))]).await.remove(2).field("etag");
            let asks = [
                (for_gzip(get("/")).with("if-none-match", &tag), 304),
                (for_gzip(head("/")).with("if-none-match", &tag), 304),
                (get("/").with("if-none-match", &tag), 304),
                (for_gzip(get("/")).with("if-none-match", "*"), 304),
                (for_gzip(get("/")).with("if-match", "\"another\""), 412),
                (for_gzip(get("/")).with("range", "bytes=5000-"), 416),
                (for_gzip(get("/unstored")).with("if-none-match", "\"1\""), 304),
                (for_gzip(get("/unstored")).with("if-match", "\"another\""), 412),
                (for_gzip(get("/nothing")), 204),
                (for_gzip(get("/nothing")), 204),
                (for_gzip(head("/nothing")), 204),
                (for_gzip(ask("PUT", "/")), 405),
                (for_gzip(head("/")), 200),
                (for_gzip(get("/")).with("range", "bytes=2-5"), 206),
                (for_gzip(get("/")), 200),
            ];
            let answers = site.curl_well(http, &asks.clone().map(|(ask, _)| ask)).await;
            for (answer, (ask, status)) in answers.iter().zip(&asks) {
                let case = format!("{way}, {http:?}, {ask:?}: {answer:?}");
                assert_eq!(answer.status, *status, "{case}");
                if ![200, 206].contains(status) {
                    assert_eq!((answer.field("content-encoding").as_str(), answer.content.len()), ("", 0), "{case}");
                    let length = answer.field("content-length");
                    assert!(length.is_empty() || if *status == 304 { length == "700" } else { length == "0" }, "{case}");
                }
            }
            let [head, part, whole] = answers.last_chunk::<3>().unwrap();
            is_as_get_would_be(way, head, whole);
            if part.field("content-encoding").is_empty() {
                assert_eq!((part.text().as_str(), part.field("content-length").as_str()), ("page", "4"), "{way}, {http:?}: {part:?}");
            }
        }
    }
}

/// RFC 9110 §9.3.2: with the same fields, but for what is known only of content.
fn is_as_get_would_be(way: &str, head: &Answer, get: &Answer) {
    for name in ["content-encoding", "content-type", "etag"] {
        // The layer of compression sees no content there, and leaves it alone: as it does without a cache.
        if !((way.ends_with("around") || way.starts_with("layer")) && name == "content-encoding") {
            assert_eq!(head.field(name), get.field(name), "{way}, {name}: {head:?} {get:?}");
        }
    }
}

#[tokio::test]
async fn a_thousand_revalidations_through_compression_take_one_connection() {
    let cache = cache();
    let site = Site::start(pages().layer(CompressionLayer::new()).layer(cache.layer())).await;
    let tag = site.ask(Http::Two, for_gzip(get("/"))).await.field("etag");
    let asks: Vec<_> = (0..1000).map(|_| for_gzip(get("/")).with("if-none-match", &tag)).collect();
    let answers = site.curl_well(Http::Two, &asks).await;
    assert!(answers.iter().all(|answer| answer.status == 304 && answer.is_hit()), "{answers:?}");
}

/// Also where the handler does not see that it is a HEAD, and nothing of its answer is stored.
#[tokio::test]
async fn a_304_to_a_head_says_no_other_length_than_that_of_a_200() {
    let cache = cache();
    for (name, site) in &sites(cache.cache()).await[..1] {
        for http in Http::BOTH {
            let answer = site.ask(http, for_gzip(head("/unstored")).with("if-none-match", "\"1\"")).await;
            let length = answer.field("content-length");
            assert_eq!((answer.status, length == "700" || length.is_empty()), (304, true), "{http:?} {name}: {answer:?}");
        }
    }
}
