//! What a handler puts beside its response, in the extensions: a layer outside finds it on whatever is answered from the
//! store, too.

use std::time::Duration;

use axum::{
    Extension, Router,
    extract::Request,
    http::HeaderValue,
    middleware::{Next, from_fn},
    response::Response,
    routing::get as route,
};
use cached_handler::{CacheGroups, CacheLayer, FreshFor, cached, secs, testing::TestCache};
use cached_handler_tests::{
    curl::{Http, Site, get, head},
    harness::Dict,
};
use hyper::ext::ReasonPhrase;

#[derive(Clone)]
struct Title(&'static str);

/// Says what it finds.
async fn says(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(Title(title)) = response.extensions().get() {
        let title = HeaderValue::from_static(title);
        response.headers_mut().insert("x-title", title);
    }
    response
}

type Page = (Extension<Title>, Extension<ReasonPhrase>, FreshFor, &'static str);

fn page() -> Page {
    let reason = ReasonPhrase::from_static(b"Fine");
    (Extension(Title("a title")), Extension(reason), FreshFor(Duration::from_secs(60)), "a page of some length")
}

#[cached(ttl = 60, stale_while_revalidate = 600)]
async fn in_memory() -> Page {
    page()
}

#[cached(ttl = 60, backend = "dict")]
async fn at_rest() -> Page {
    page()
}

async fn uncached() -> (CacheGroups, Page) {
    (CacheGroups::of(["pages"]), page())
}

#[tokio::test]
async fn what_lies_beside_a_response_lies_beside_each_answer_that_is_made_of_it() {
    let cache = TestCache::with(|builder| builder.cache_status("t").backend("dict", Dict::default()));
    let layered = Router::new().route("/layer", route(uncached)).layer(CacheLayer::new("pages", secs(60)));
    let router = Router::new().route("/memory", route(in_memory)).merge(layered).layer(from_fn(says)).layer(cache.layer());
    let site = Site::start(router).await;
    for http in Http::BOTH {
        for path in ["/memory", "/layer"] {
            for later in [0, 0, 61] {
                cache.clock().advance(Duration::from_secs(later));
                let tag = site.ask(http, get(path)).await.field("etag");
                let asks = [get(path), head(path), get(path).with("if-none-match", tag), get(path).with("range", "bytes=0-1")];
                let answers = site.curl_well(http, &asks).await;
                assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200, 200, 304, 206], "{answers:?}");
                assert!(answers.iter().all(|answer| answer.field("x-title") == "a title"), "{http:?} {path}: {answers:?}");
                assert!(http == Http::Two || answers[..2].iter().all(|answer| answer.reason == "Fine"), "{answers:?}");
            }
        }
    }
}

/// At rest there are bytes alone.
#[tokio::test]
async fn what_lies_beside_a_response_is_lost_at_rest_and_nothing_else_is() {
    let cache = TestCache::with(|builder| builder.cache_status("t").backend("dict", Dict::default()));
    let site = Site::start(Router::new().route("/", route(at_rest)).layer(from_fn(says)).layer(cache.layer())).await;
    let [miss, hit] = [site.ask(Http::One, get("/")).await, site.ask(Http::One, get("/")).await];
    assert_eq!((miss.field("x-title").as_str(), hit.field("x-title").as_str()), ("a title", ""));
    assert!(hit.is_hit() && hit.text() == miss.text(), "{hit:?}");
}
