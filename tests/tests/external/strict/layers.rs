//! Each status by each method, condition and version, through all layers: nothing is added to what has no content, lengths are
//! right, and the connection goes on.

use axum::{
    Extension, Router,
    extract::{Path, Request},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::{any, get as route},
};
use cached_handler::{CacheLayer, Policy, cached, secs, testing::TestCache};
use cached_handler_tests::{
    curl::{Answer, Ask, Http, Site, ask, get},
    harness::is_full,
};

use super::stack::{LINE, Order, app};

const ALL: Policy = Policy::new().status(204, secs(60)).status(404, secs(60)).status(302, secs(60)).status(410, secs(60));

/// Long enough for compression to be worth it, and a page, so that something is added to it.
fn page() -> Html<String> {
    Html("<p>a page</p>".repeat(100))
}

#[cached(ttl = 60, policy = ALL)]
async fn by_status(Path(status): Path<u16>) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let fields = [("location", "/new"), ("last-modified", MODIFIED)];
    if status == StatusCode::NO_CONTENT { (status, fields).into_response() } else { (status, fields, page()).into_response() }
}

const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

async fn site(cache: &TestCache, order: Order) -> Site {
    let router = Router::new().route("/{status}", any(by_status)).route("/alive", route(async || "alive"));
    Site::start(app(router.layer(Extension(cache.cache().clone())), order)).await
}

const CODINGS: [&str; 4] = ["", "gzip", "br", "zstd"];

fn conditions(tag: &str) -> Vec<Vec<(&'static str, String)>> {
    let tag = tag.to_owned();
    vec![
        vec![],
        vec![("if-none-match", tag.clone())],
        vec![("if-none-match", "*".to_owned())],
        vec![("if-none-match", "\"another\"".to_owned())],
        vec![("if-modified-since", MODIFIED.to_owned())],
        vec![("if-match", "\"another\"".to_owned())],
        vec![("range", "bytes=0-3".to_owned())],
        vec![("range", "bytes=100000-".to_owned())],
        vec![("if-range", "\"another\"".to_owned()), ("range", "bytes=0-3".to_owned())],
    ]
}

#[tokio::test]
async fn each_status_by_each_method_condition_and_coding_is_framed_as_it_has_to_be() {
    let mut requests = 0;
    for order in [Order::Bare, Order::Within, Order::Around] {
        for http in Http::BOTH {
            let cache = TestCache::with(|builder| builder.cache_status("t"));
            let site = site(&cache, order).await;
            let mut asks = Vec::new();
            for status in [200, 203, 204, 301, 302, 308, 404, 410, 500, 503] {
                let first = site.ask(http, get(format!("/{status}"))).await;
                for coding in CODINGS.into_iter().take(if is_full() { 4 } else { 2 }) {
                    for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
                        for condition in
                            conditions(&first.field("etag")).into_iter().filter(|fields| fields.iter().all(|(_, value)| !value.is_empty()))
                        {
                            let mut ask = ask(method, format!("/{status}"));
                            if !coding.is_empty() {
                                ask = ask.with("accept-encoding", coding);
                            }
                            asks.push((method, condition.iter().fold(ask, |ask, (name, value)| ask.with(*name, value.clone()))));
                            asks.push(("GET", get("/alive")));
                        }
                    }
                }
            }
            // In one `curl`: each on the connection of the one before it.
            for asks in asks.chunks(600) {
                let answers = site.curl_well(http, &asks.iter().map(|(_, ask)| ask.clone()).collect::<Vec<_>>()).await;
                requests += answers.len();
                for (answer, (method, ask)) in answers.iter().zip(asks) {
                    is_framed_well(method, answer).unwrap_or_else(|why| panic!("{why}: {order:?}, {http:?}, {ask:?}: {answer:?}"));
                }
            }
        }
    }
    println!("- statuses by methods, conditions, codings and versions through all layers, by curl: {requests} requests, 0 errors");
}

fn is_framed_well(method: &str, answer: &Answer) -> Result<(), String> {
    let length = answer.field("content-length");
    let is_bare = method == "HEAD" || matches!(answer.status, 204 | 304);
    if is_bare && !answer.content.is_empty() {
        return Err(format!("{} bytes of content", answer.content.len()));
    }
    // A HEAD has the fields of its GET.
    if (matches!(answer.status, 204 | 304) || answer.content.is_empty() && method != "HEAD") && !answer.field("content-encoding").is_empty()
    {
        return Err("a coding of nothing".to_owned());
    }
    if !is_bare && !length.is_empty() && length != answer.content.len().to_string() {
        return Err(format!("a length of {length} for {} bytes", answer.content.len()));
    }
    if answer.status == 204 && !["", "0"].contains(&length.as_str()) {
        return Err(format!("a 204 of {length} bytes"));
    }
    Ok(())
}

#[tokio::test]
async fn a_thousand_revalidations_of_a_rewritten_page_take_one_connection() {
    for (order, name) in [(Order::Within, "in the router"), (Order::Around, "around the router")] {
        let cache = TestCache::with(|builder| builder.cache_status("t"));
        let site = site(&cache, order).await;
        let for_gzip = |ask: Ask| ask.with("accept-encoding", "gzip, br, zstd");
        let tag = site.ask(Http::Two, for_gzip(get("/200"))).await.field("etag");
        let asks: Vec<_> = (0..1000).map(|_| for_gzip(get("/200")).with("if-none-match", &tag)).collect();
        let answers = site.curl_well(Http::Two, &asks).await;
        let errors = answers.iter().filter(|answer| answer.status != 304 || !answer.is_hit() || !answer.content.is_empty()).count();
        println!("- 1000 revalidations by curl over one connection of HTTP/2, all layers {name}: {errors} errors");
        assert_eq!(errors, 0, "{answers:?}");
        // It is the whole page that is known by that tag, with what was added to it.
        let whole = site.ask(Http::Two, get("/200")).await;
        assert!(whole.text().ends_with(LINE) && whole.is_hit(), "{whole:?}");
    }
}

/// Nobody takes the content away from what a service answers to a HEAD.
#[tokio::test]
async fn a_head_for_a_service_that_a_router_hands_on_to_has_no_content() {
    let cache = TestCache::with(|builder| builder.cache_status("t"));
    let pages = |name| {
        let page = tower::service_fn(async |request: Request| {
            let fields = [("etag", "\"1\""), ("cache-control", "max-age=60")];
            let is_known = request.headers().contains_key("if-none-match");
            let response = if is_known { (StatusCode::NOT_MODIFIED, fields).into_response() } else { (fields, page()).into_response() };
            Ok::<_, std::convert::Infallible>(response)
        });
        CacheLayer::new(name, secs(60)).around(page)
    };
    let router = Router::new().route_service("/route", pages("a")).nest_service("/nest", pages("b")).fallback_service(pages("c"));
    let site = Site::start(router.layer(cache.layer())).await;
    for http in Http::BOTH {
        for path in ["/route", "/nest", "/nest/in", "/fallback"] {
            let asks = ["GET", "HEAD", "GET", "HEAD"].map(|method| ask(method, path));
            let answers = site.curl_well(http, &asks).await;
            let lengths: Vec<_> = answers.iter().map(|answer| (answer.content.len(), answer.field("content-length"))).collect();
            assert_eq!(lengths.iter().map(|(length, _)| *length).collect::<Vec<_>>(), [1300, 0, 1300, 0], "{http:?} {path}: {answers:?}");
            assert!(lengths.iter().all(|(_, said)| said == "1300"), "{http:?} {path}: {answers:?}");
            assert!(answers[1..].iter().all(Answer::is_hit), "{http:?} {path}: {answers:?}");
        }
        // What is held still holds, and the answer to the HEAD that has asked is not its content.
        cache.clock().advance(secs(61));
        let answers = site.curl_well(http, &[ask("HEAD", "/route"), get("/route")]).await;
        assert_eq!(answers.iter().map(|answer| answer.content.len()).collect::<Vec<_>>(), [0, 1300], "{http:?}: {answers:?}");
    }
}
