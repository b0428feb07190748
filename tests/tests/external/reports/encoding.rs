//! Content codings, by the handler and by a layer outside (RFC 9110 §8.4).

use std::io::{Read, Write};

use axum::{Router, response::IntoResponse, routing::get};
use cached_handler::{CacheLayer, cached, secs, testing::TestCache};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_http::compression::CompressionLayer;

use super::origin::{ALL, answer, behind, request};

fn page() -> String {
    "A page that is worth compressing. ".repeat(100)
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// What a client reads that believes `Content-Encoding`.
fn read(coding: &str, content: &[u8]) -> String {
    let mut text = String::new();
    match coding {
        "" => text = String::from_utf8(content.to_vec()).expect("no coding"),
        "gzip" => _ = GzDecoder::new(content).read_to_string(&mut text).expect("gzip, once"),
        other => panic!("{other}"),
    }
    text
}

/// kwhitley/apicache#28: a hit had the bytes of gzip and no `Content-Encoding`.
#[tokio::test]
async fn a_hit_says_the_coding_of_its_bytes() {
    behind(&ALL, async |site| {
        site.answers(|asked| {
            let fields = [("cache-control", "max-age=60"), ("vary", "accept-encoding"), ("content-encoding", "gzip")];
            if asked.field("accept-encoding") == "gzip" { answer(200, &fields, gzip(&page())) } else { answer(200, &fields[..2], page()) }
        });
        for _ in ["a miss", "a hit"] {
            for accepted in ["gzip", "identity"] {
                let reply = site.ask("GET", "/", &[("accept-encoding", accepted)]).await;
                assert_eq!(reply.field("content-encoding") == "gzip", accepted == "gzip", "{}", site.name());
                assert_eq!(read(reply.field("content-encoding"), &reply.content), page(), "{}", site.name());
            }
        }
    })
    .await;
}

/// addisonj/node-cacher#27: a hit said a coding that it did not have. salvo-rs/salvo#1596: who accepted no gzip was given
/// the bytes of whoever had asked first. swoole/swoole-src#5958: what was compressed already was compressed once more.
#[tokio::test]
async fn compression_outside_gives_each_client_one_coding_that_it_accepts() {
    #[cached(ttl = 60)]
    async fn plain() -> String {
        page()
    }
    #[cached(ttl = 60)]
    async fn ready() -> impl IntoResponse {
        ([("content-encoding", "gzip"), ("content-type", "text/plain")], gzip(&page()))
    }
    async fn plain_inside() -> String {
        page()
    }
    async fn ready_inside() -> impl IntoResponse {
        ([("content-encoding", "gzip"), ("content-type", "text/plain")], gzip(&page()))
    }
    for order in [["gzip", ""], ["", "gzip"]] {
        let cache = TestCache::new();
        let inside = Router::new().route("/layer/plain", get(plain_inside)).route("/layer/ready", get(ready_inside));
        let inside = inside.layer(CacheLayer::new("pages", secs(60)).cache(cache.cache().clone()));
        let router = Router::new().route("/plain", get(plain)).route("/ready", get(ready)).merge(inside);
        let router = router.layer(cache.layer()).layer(CompressionLayer::new());
        for path in ["/plain", "/ready", "/layer/plain", "/layer/ready"] {
            for accepted in [order, order].concat() {
                let response = router.clone().oneshot(request("GET", path, &[("accept-encoding", accepted)], "")).await.unwrap();
                let codings: Vec<_> = response.headers().get_all("content-encoding").iter().cloned().collect();
                let coding = codings.first().map_or("", |coding| coding.to_str().unwrap()).to_owned();
                let wanted = if path.ends_with("ready") { "gzip" } else { accepted };
                assert_eq!((coding.as_str(), codings.len()), (wanted, usize::from(!wanted.is_empty())), "{path}");
                let content = response.into_body().collect().await.unwrap().to_bytes();
                assert_eq!(read(&coding, &content), page(), "{path} {accepted}");
            }
        }
    }
}

/// darkweak/souin#731: what was read from the store broke off in the middle.
#[tokio::test]
async fn long_content_of_any_bytes_is_read_back_whole() {
    behind(&ALL, async |site| {
        let content: Vec<u8> = (0..900_000_u64).map(|at| ((at * at) >> 7) as u8).collect();
        let made = content.clone();
        site.answers(move |_| answer(200, &[("cache-control", "max-age=60"), ("content-type", "application/json")], made.clone()));
        for is_hit in [false, true, true] {
            let reply = site.get("/").await;
            assert_eq!((reply.is_hit(), reply.field("content-length")), (is_hit, "900000"), "{}", site.name());
            assert!(reply.content == content, "{}", site.name());
        }
    })
    .await;
}
