//! One handler behind the layers that authors put around it: compression, CORS, nested routers, over both versions of HTTP.
//! A hit is still the miss that stored it (law L3), and no strong entity tag stands for two codings (RFC 9110 §8.8.1).

use std::io::Read;

use axum::{Router, extract::Path, routing::get};
use cached_handler::{CacheLayer, cached, secs, testing::TestCache};
use tower::ServiceBuilder;
use tower_http::{
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
};

use super::wire::{Answer, App, Ask, Server, Wire, app, ask, get as asks};

/// Long enough for compression to be worth it.
fn page(id: &str) -> String {
    format!("page {id} ").repeat(100)
}

#[cached(ttl = 60)]
async fn weakly(Path(id): Path<String>) -> String {
    page(&id)
}

async fn uncached(Path(id): Path<String>) -> String {
    page(&id)
}

fn nested(router: Router) -> Router {
    Router::new().nest("/outer", Router::new().nest("/inner", router))
}

fn cors() -> CorsLayer {
    CorsLayer::new().allow_origin(AllowOrigin::mirror_request())
}

/// The attribute: one stored response for all codings and all origins.
fn with_the_attribute(cache: &TestCache) -> App {
    let layers = ServiceBuilder::new().layer(cors()).layer(CompressionLayer::new());
    app(nested(Router::new().route("/{id}", get(weakly))).layer(layers).layer(cache.layer()))
}

/// A layer around the compression: one stored response for each coding.
fn with_a_layer(cache: &TestCache) -> App {
    let layer = CacheLayer::new("pages", secs(60)).cache(cache.cache().clone()).vary(["accept-encoding"]);
    let layers = ServiceBuilder::new().layer(cors()).layer(layer).layer(CompressionLayer::new());
    app(nested(Router::new().route("/{id}", get(uncached))).layer(layers))
}

fn sites() -> [(&'static str, TestCache, App); 2] {
    let [first, second] = [(); 2].map(|()| TestCache::with(|builder| builder.cache_status("t")));
    let (attribute, layer) = (with_the_attribute(&first), with_a_layer(&second));
    [("attribute", first, attribute), ("layer", second, layer)]
}

/// But for what a cache says of itself, and for what a stream cannot say before its end.
fn comparable(mut answer: Answer, is_streamed: bool) -> Answer {
    let of_streams: &[&str] = if is_streamed { &["transfer-encoding", "content-length"] } else { &[] };
    for name in ["age", "cache-status"].iter().chain(of_streams) {
        answer.fields.remove(*name);
    }
    answer
}

fn for_coding(target: &str, coding: &'static str) -> Ask {
    let ask = asks(target).with("origin", "https://a.example");
    if coding.is_empty() { ask } else { ask.with("accept-encoding", coding) }
}

fn content_of(answer: &Answer) -> String {
    match answer.field("content-encoding").as_str() {
        "" => answer.text(),
        "gzip" => {
            let mut text = String::new();
            flate2::read::GzDecoder::new(&answer.content[..]).read_to_string(&mut text).unwrap();
            text
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_hit_is_the_miss_that_stored_it_through_compression_cors_and_nests() {
    for (way, _cache, site) in sites() {
        let server = Server::start(site).await;
        for (at, wire) in [Wire::Http1, Wire::H2].into_iter().enumerate() {
            for coding in ["", "gzip"] {
                let target = format!("/outer/inner/{at}{coding}");
                let request = for_coding(&target, coding);
                let (miss, hit) = (server.ask(wire, &request).await, server.ask(wire, &request).await);
                let case = format!("{way}, {wire:?}, {coding:?}: {miss:?} {hit:?}");
                assert!(!miss.is_hit() && hit.is_hit(), "{case}");
                assert_eq!((miss.field("content-encoding").as_str(), miss.status, miss.broken), (coding, 200, false), "{case}");
                assert_eq!(content_of(&hit), page(&format!("{at}{coding}")), "{case}");
                assert_eq!(hit.field("age"), "0", "{case}");
                // The layer is handed what compression makes, piece by piece.
                let is_streamed = way == "layer" && coding == "gzip";
                assert_eq!(comparable(hit, is_streamed), comparable(miss, is_streamed), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn no_strong_entity_tag_is_shared_by_two_codings() {
    for (way, _cache, site) in sites() {
        let server = Server::start(site).await;
        for wire in [Wire::Http1, Wire::H2] {
            let mut tags = Vec::new();
            for coding in ["", "gzip"] {
                let miss = server.ask(wire, &for_coding("/outer/inner/1", coding)).await;
                for _ in 0..2 {
                    let answer = server.ask(wire, &for_coding("/outer/inner/1", coding)).await;
                    let tag = answer.field("etag");
                    assert!(["", &tag].contains(&miss.field("etag").as_str()), "{way}, {wire:?}: {miss:?}");
                    assert!(
                        answer.is_hit() && !tag.is_empty() && answer.field("vary").contains("accept-encoding"),
                        "{way}, {wire:?}: {answer:?}"
                    );
                    // It is the one to ask by, whatever it is.
                    let again = for_coding("/outer/inner/1", coding).with("if-none-match", &tag);
                    let unchanged = server.ask(wire, &again).await;
                    assert_eq!(
                        (unchanged.status, unchanged.field("etag"), unchanged.is_hit()),
                        (304, tag.clone(), true),
                        "{way}, {wire:?}"
                    );
                    tags.push((coding, tag));
                }
            }
            let strong = tags.iter().filter(|(_, tag)| !tag.starts_with("W/"));
            for (coding, tag) in strong.clone() {
                assert!(strong.clone().all(|(other, same)| (tag == same) == (coding == other)), "{way}, {wire:?}: {tags:?}");
            }
            // The layer stores what compression made of it, and may say that its bytes are these.
            assert_eq!(strong.count(), if way == "layer" { 4 } else { 2 }, "{way}, {wire:?}: {tags:?}");
        }
    }
}

#[tokio::test]
async fn each_origin_is_told_that_it_may_read_what_another_has_stored() {
    for (way, _cache, site) in sites() {
        let server = Server::start(site).await;
        for wire in [Wire::Http1, Wire::H2] {
            let target = format!("/outer/inner/{wire:?}");
            for (origin, is_hit) in [("https://a.example", false), ("https://b.example", true), ("https://a.example", true)] {
                let answer = server.ask(wire, &asks(&target).with("origin", origin)).await;
                assert_eq!(answer.is_hit(), is_hit, "{way}, {wire:?}: {answer:?}");
                assert_eq!(answer.lines("access-control-allow-origin"), [origin], "{way}, {wire:?}");
            }
            // What the layer of CORS answers by itself is nobody's response.
            let preflight = ask("OPTIONS", &target).with("origin", "https://c.example").with("access-control-request-method", "GET");
            let allowed = server.ask(wire, &preflight).await;
            assert_eq!((allowed.status, allowed.field("cache-status")), (200, String::new()), "{way}, {wire:?}");
            assert!(server.ask(wire, &asks(&target)).await.is_hit(), "{way}, {wire:?}");
        }
    }
}
