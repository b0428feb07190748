//! A layer outside that changes the content: the server says how long it is by then, and a stored response does not.

use std::time::Duration;

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    extract::Request,
    middleware::{Next, from_fn},
    response::{Html, Response},
    routing::get as route,
};
use cached_handler::{CacheLayer, cached, secs, testing::TestCache};
use cached_handler_tests::{
    curl::{Http, Site, get, head},
    harness::Dict,
};

const FOOTER: &str = "<p>footer</p>";

async fn appends(request: Request, next: Next) -> Response {
    let (parts, body) = next.run(request).await.into_parts();
    let mut content = to_bytes(body, 1 << 20).await.expect("content").to_vec();
    content.extend_from_slice(FOOTER.as_bytes());
    Response::from_parts(parts, Body::from(content))
}

macro_rules! pages {
    ($($name:ident: $backend:literal),*) => { $(
        #[cached(ttl = 60, backend = $backend, stale_while_revalidate = 600)]
        async fn $name() -> Html<&'static str> {
            Html("<p>content</p>")
        }
    )* };
}
pages!(in_memory: "memory", in_a_store: "dict");

async fn uncached() -> Html<&'static str> {
    Html("<p>content</p>")
}

#[tokio::test]
async fn content_that_a_layer_appends_to_has_the_right_length() {
    let cache = TestCache::with(|builder| builder.cache_status("t").backend("dict", Dict::default()));
    let layer = CacheLayer::new("pages", secs(60));
    let whole = format!("<p>content</p>{FOOTER}");
    let length = whole.len().to_string();
    for http in Http::BOTH {
        let router = Router::new().route("/memory", route(in_memory)).route("/store", route(in_a_store));
        let router = router.merge(Router::new().route("/layer", route(uncached)).layer(layer.clone())).layer(from_fn(appends));
        let site = Site::start(router.layer(Extension(cache.cache().clone()))).await;
        for path in ["/memory", "/store", "/layer"] {
            // A miss (by the first version), hits, and what is stale.
            for later in [0, 0, 61] {
                cache.clock().advance(Duration::from_secs(later));
                let answers = site.curl_well(http, &[get(path), head(path), get(path)]).await;
                for answer in &answers {
                    assert_eq!((answer.status, answer.field("content-length")), (200, length.clone()), "{http:?} {path}: {answer:?}");
                    assert_eq!(answer.lines("content-length").len(), 1, "{http:?} {path}: {answer:?}");
                }
                assert!(answers[0].text() == whole && answers[2].text() == whole, "{http:?} {path}: {answers:?}");
            }
            let part = site.ask(http, get(path).with("range", "bytes=3-9")).await;
            assert_eq!((part.status, part.text(), part.field("content-length")), (206, format!("content{FOOTER}"), "20".to_owned()));
        }
    }
}
