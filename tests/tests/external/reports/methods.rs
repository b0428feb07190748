//! HEAD, and methods that change something (RFC 9110 §9.3, RFC 9111 §4.3.5).

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, extract::State, http::Method, routing::get};
use cached_handler::{
    CacheLayer, cached, secs,
    testing::{TestCache, assert_hit},
};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::origin::{ALL, FORWARDING, answer, behind, numbered, request};

/// tempesta-tech/tempesta#416, apache/httpcomponents-client#101: the empty content of HEAD answered GET.
#[tokio::test]
async fn get_after_head_has_its_content_and_asks_for_it_without_a_condition() {
    behind(&ALL, async |site| {
        site.answers(|asked| {
            assert!(asked.method == Method::HEAD || asked.field("if-none-match").is_empty(), "nobody has the content");
            let content = if asked.method == Method::HEAD { "" } else { "hello" };
            answer(200, &[("etag", "\"1\""), ("content-length", "5"), ("cache-control", "max-age=60")], content)
        });
        for _ in 0..2 {
            let head = site.ask("HEAD", "/", &[]).await;
            assert_eq!((head.text(), head.field("content-length")), ("", "5"), "{}", site.name());
            site.later(61);
        }
        for is_hit in [false, true] {
            let whole = site.get("/").await;
            assert_eq!((whole.text(), whole.is_hit()), ("hello", is_hit), "{}", site.name());
        }
    })
    .await;
}

/// envoyproxy/envoy#10020, statamic/cms#15168: HEAD ran everything although the page was stored.
#[tokio::test]
async fn head_is_answered_from_what_get_stored() {
    #[cached(ttl = 60)]
    async fn page(State(runs): State<Arc<AtomicUsize>>) -> String {
        format!("run {}", runs.fetch_add(1, Ordering::SeqCst) + 1)
    }
    async fn plain(State(runs): State<Arc<AtomicUsize>>) -> String {
        format!("run {}", runs.fetch_add(1, Ordering::SeqCst) + 1)
    }
    let (cache, runs) = (TestCache::new(), Arc::<AtomicUsize>::default());
    let layer = CacheLayer::new("pages", secs(60)).cache(cache.cache().clone());
    let router = Router::new().route("/layer", get(plain)).layer(layer).route("/attribute", get(page));
    let router = router.with_state(Arc::clone(&runs)).layer(cache.layer());
    let send = |method, path| router.clone().oneshot(request(method, path, &[], ""));
    for (path, count) in [("/layer", 1), ("/attribute", 2)] {
        let (whole, _) = send("GET", path).await.unwrap().into_parts();
        let (head, body) = assert_hit!(send("HEAD", path).await.unwrap()).into_parts();
        assert!(body.collect().await.unwrap().to_bytes().is_empty(), "{path}");
        for name in ["content-length", "etag", "content-type", "cache-control", "date"] {
            assert_eq!(head.headers[name], whole.headers[name], "{path}: {name}");
        }
        assert_eq!(runs.load(Ordering::SeqCst), count, "{path}");
    }
}

/// caddyserver/cache-handler#59, caddyserver/cache-handler#112, sillygod/cdp-cache#14: the length was 0, empty or missing
/// (RFC 9110 §8.6, §9.3.2).
#[tokio::test]
async fn head_is_told_the_length_of_what_get_would_be_given() {
    behind(&ALL, async |site| {
        site.answers(|_| answer(200, &[("cache-control", "max-age=60"), ("content-type", "text/plain")], "hello"));
        for path in ["/after-get", "/cold"] {
            if path == "/after-get" {
                site.get(path).await;
            }
            let heads = [site.ask("HEAD", path, &[]).await, site.ask("HEAD", path, &[]).await];
            let whole = site.get(path).await;
            for head in heads {
                assert_eq!((head.text(), head.field("content-length")), ("", "5"), "{} {path}", site.name());
                assert_eq!(head.field("content-type"), whole.field("content-type"), "{} {path}", site.name());
                assert!(["", whole.field("etag")].contains(&head.field("etag")), "{} {path}: {head:?}", site.name());
            }
        }
    })
    .await;
}

/// httpcache4j/httpcache4j#14: the stored content was given the tag of another, and an update was lost by it
/// (RFC 9111 §4.3.5).
#[tokio::test]
async fn head_of_another_representation_never_lends_its_fields_to_the_stored_content() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| {
            let tag = if asked.run == 1 { "\"old\"" } else { "\"new\"" };
            let content = if asked.method == Method::HEAD { String::new() } else { format!("{tag} of 9") };
            answer(200, &[("etag", tag), ("cache-control", "max-age=10")], content)
        });
        site.get("/").await;
        site.later(11);
        assert_eq!(site.ask("HEAD", "/", &[]).await.field("etag"), "\"new\"", "{}", site.name());
        for _ in 0..2 {
            let reply = site.get("/").await;
            assert!(reply.text().starts_with(reply.field("etag")), "{}: {reply:?}", site.name());
        }
    })
    .await;
}

/// darkweak/souin#287: the content of a POST was read by the cache, and nothing was left for the server.
#[tokio::test]
async fn the_content_of_a_post_reaches_the_server_whole() {
    behind(&ALL, async |site| {
        site.answers(|asked| answer(200, &[("cache-control", "max-age=60")], asked.content.clone()));
        for content in ["one", "two", "one"] {
            let reply = site.send(request("POST", "/", &[("content-type", "text/plain")], content)).await;
            assert_eq!(reply.text(), content, "{}", site.name());
        }
        assert_eq!(site.runs(), 3, "{}", site.name());
    })
    .await;
}

/// nodejs/undici#5509, jonbaldie/varnish#75: what `Location` and `Content-Location` name stayed. psf/cachecontrol#461: POST
/// ended nothing (RFC 9111 §4.4).
#[tokio::test]
async fn a_write_ends_what_is_stored_for_its_path_and_for_what_it_names() {
    behind(&FORWARDING, async |site| {
        site.answers(|asked| match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", _) => numbered(asked, &[("cache-control", "max-age=60")]),
            (_, "/located") => answer(201, &[("location", "/item?id=1")], ""),
            (_, "/contained") => answer(200, &[("content-location", "http://example.org/item?id=1")], ""),
            (_, "/elsewhere") => answer(201, &[("location", "http://other.example/item?id=1")], ""),
            (_, "/failed") => answer(500, &[("location", "/item?id=1")], ""),
            _ => answer(204, &[], ""),
        });
        let host = [("host", "example.org")];
        for (method, target, is_ended) in [
            ("POST", "/item?id=1", true),
            ("PUT", "/item?id=1", true),
            ("PATCH", "/item?id=1", true),
            ("DELETE", "/item?id=1", true),
            ("M-SEARCH", "/item?id=1", true),
            ("POST", "/located", true),
            ("PUT", "/contained", true),
            ("POST", "/elsewhere", false),
            ("POST", "/failed", false),
            ("OPTIONS", "/item?id=1", false),
        ] {
            site.ask("GET", "/item?id=1", &host).await;
            site.ask(method, target, &host).await;
            let is_hit = site.ask("GET", "/item?id=1", &host).await.is_hit();
            assert_eq!(is_hit, !is_ended, "{} {method} {target}", site.name());
        }
    })
    .await;
}
