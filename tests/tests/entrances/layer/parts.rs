//! Ranges of what is not stored, through the layer and a handler that forwards: what will not be stored goes through
//! untouched, and what is stored is cut from.

use std::fs;

use axum::{Router, body::Body, extract::Request, response::Response, routing::any};
use cached_handler::{CacheLayer, cached, secs, testing::TestCache};
use cached_handler_tests::{
    curl::{Answer, Ask, Http, Site, get, head},
    files::Scratch,
    harness::Dict,
};
use tower::ServiceBuilder;
use tower_http::services::ServeDir;

const LARGE: usize = 3 << 20;

/// A directory with a large file, and a small one for each version of HTTP.
fn files(test: &str) -> (Scratch, ServeDir) {
    let scratch = Scratch::new(test);
    let directory = scratch.cache();
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("large.bin"), vec![b'x'; LARGE]).unwrap();
    for name in ["One.txt", "Two.txt"] {
        fs::write(directory.join(name), "0123456789".repeat(10)).unwrap();
    }
    (scratch, ServeDir::new(directory))
}

fn part(target: &str, range: &str) -> Ask {
    get(target).with("range", range)
}

/// But for what a cache says of itself and to clients.
fn comparable(mut answer: Answer) -> Answer {
    for name in ["cache-status", "cache-control", "date", "vary"] {
        answer.fields.remove(name);
    }
    answer.connects = 0;
    answer
}

#[tokio::test]
async fn a_range_of_what_is_too_large_to_be_stored_is_answered_as_without_a_cache() {
    let (_scratch, files) = files("layer-large");
    let cache = TestCache::with(|builder| builder.cache_status("t").backend("dict", Dict::default()));
    let layer = || CacheLayer::new("files", secs(60)).cache(cache.cache().clone());
    let plain = Site::start(Router::new().fallback_service(files.clone())).await;
    let modified = plain.ask(Http::One, head("/large.bin")).await.field("last-modified");
    let cached = [
        Site::start(Router::new().fallback_service(files.clone()).layer(layer())).await,
        Site::start(Router::new().fallback_service(files.clone()).layer(layer().backend("dict"))).await,
        Site::start(ServiceBuilder::new().layer(layer()).service(files)).await,
    ];
    for site in &cached {
        for http in Http::BOTH {
            let asks = [
                part("/large.bin", "bytes=0-1"),
                part("/large.bin", "bytes=0-1"),
                part("/large.bin", "bytes=-5"),
                part("/large.bin", "bytes=9999999-"),
                part("/large.bin", "bytes=0-1").with("if-range", &modified),
                part("/large.bin", "bytes=0-1").with("if-modified-since", &modified),
                get("/large.bin").with("if-modified-since", &modified),
                head("/large.bin"),
                part("/none.bin", "bytes=0-1"),
            ];
            let (with, without) = (site.curl_well(http, &asks).await, plain.curl_well(http, &asks).await);
            for ((with, without), ask) in with.into_iter().zip(without).zip(&asks) {
                let (with, without) = (comparable(with), comparable(without));
                assert_eq!((with.status, with.text()), (without.status, without.text()), "{http:?} {ask:?}");
                if with.status == 206 {
                    assert_eq!(with, without, "{http:?} {ask:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn ranges_alone_have_the_whole_stored() {
    let (_scratch, files) = files("layer-small");
    let cache = TestCache::with(|builder| builder.cache_status("t").backend("dict", Dict::default()));
    let layer = || CacheLayer::new("files", secs(60)).cache(cache.cache().clone());
    let sites = [
        Site::start(Router::new().fallback_service(files.clone()).layer(layer())).await,
        Site::start(Router::new().fallback_service(files.clone()).layer(layer().backend("dict"))).await,
    ];
    for site in &sites {
        for http in Http::BOTH {
            let target = format!("/{http:?}.txt");
            let answers = site.curl_well(http, &[0, 1, 2].map(|_| part(&target, "bytes=2-5"))).await;
            for answer in &answers {
                assert_eq!((answer.status, answer.text().as_str()), (206, "2345"), "{answer:?}");
                assert_eq!(answer.field("content-range"), "bytes 2-5/100", "{answer:?}");
            }
            let told = answers.iter().map(|answer| answer.field("cache-status")).collect::<Vec<_>>();
            assert!(told[0].contains("fwd=uri-miss"), "{told:?}");
            assert!(answers[2].is_hit(), "{told:?}");
        }
    }
}

#[cached(ttl = from_response, vary = from_response)]
async fn forwards(request: Request) -> Response {
    // As a server that has a video, and one that has a page.
    let (is_video, range) = (request.uri().path() == "/video", request.headers().get("range").cloned());
    let response = Response::builder().header("cache-control", if is_video { "no-store" } else { "max-age=60" });
    let response = match range {
        Some(range) if range == "bytes=0-1" => response.status(206).header("content-range", "bytes 0-1/10").body(Body::from("01")),
        _ => response.body(Body::from("0123456789")),
    };
    response.unwrap()
}

#[tokio::test]
async fn a_handler_that_forwards_is_asked_for_a_part_of_what_is_not_stored() {
    let cache = TestCache::with(|builder| builder.cache_status("t"));
    let site = Site::start(Router::new().fallback(any(forwards)).layer(cache.layer())).await;
    for http in Http::BOTH {
        let asks = ["/video", "/video", "/video"].map(|target| part(target, "bytes=0-1"));
        let answers = site.curl_well(http, &asks).await;
        assert!(answers.iter().all(|answer| (answer.status, answer.text().as_str()) == (206, "01") && !answer.is_hit()), "{answers:?}");
        assert!(answers[1..].iter().all(|answer| answer.field("cache-status").contains("range")), "{answers:?}");
        let page = format!("/page?{http:?}");
        let answers = site.curl_well(http, &[0, 1, 2].map(|_| part(&page, "bytes=0-1"))).await;
        assert!(answers.iter().all(|answer| (answer.status, answer.text().as_str()) == (206, "01")), "{answers:?}");
        assert_eq!(answers.iter().map(Answer::is_hit).collect::<Vec<_>>(), [false, true, true], "{answers:?}");
    }
}
