//! The entity tag with default settings, behind layers that compress and before them: two different contents never have one
//! strong tag (RFC 9110 §8.8.1), and a part is cut of what the client has.

use std::{io::Read, time::Duration};

use axum::{Router, extract::Path, http::HeaderName, routing::get as route};
use cached_handler::{ETag, Policy, cached, testing::TestCache};
use cached_handler_tests::{
    curl::{Answer, Ask, Http, Site, get, head},
    harness::Dict,
};
use tower_http::compression::CompressionLayer;

const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const STRONG: Policy = Policy::new().etag(ETag::Strong);

/// Of a type, and with a further field.
fn page(kind: &str) -> ([(HeaderName, String); 2], String) {
    let named = |name: &'static str, value: &str| (HeaderName::from_static(name), value.to_owned());
    let fields = match kind {
        "png" => [named("content-type", "image/png"), named("x-a", "a")],
        "coded" => [named("content-type", "text/html"), named("content-encoding", "x-own")],
        "own" => [named("content-type", "text/html"), named("etag", "\"own\"")],
        _ => [named("content-type", "text/html"), named("last-modified", MODIFIED)],
    };
    (fields, format!("a page {kind} ").repeat(100))
}

#[cached(ttl = 60, stale_while_revalidate = 600)]
async fn in_memory(Path(kind): Path<String>) -> ([(HeaderName, String); 2], String) {
    page(&kind)
}

#[cached(ttl = 60, backend = "dict")]
async fn at_rest(Path(kind): Path<String>) -> ([(HeaderName, String); 2], String) {
    page(&kind)
}

#[cached(ttl = 60, policy = STRONG)]
async fn vouched_for(Path(kind): Path<String>) -> ([(HeaderName, String); 2], String) {
    page(&kind)
}

fn cache() -> TestCache {
    TestCache::with(|builder| builder.cache_status("t").backend("dict", Dict::default()))
}

async fn site(cache: &TestCache) -> Site {
    let router = Router::new().route("/memory/{kind}", route(in_memory)).route("/rest/{kind}", route(at_rest));
    Site::start(router.route("/strong/{kind}", route(vouched_for)).layer(CompressionLayer::new()).layer(cache.layer())).await
}

fn for_gzip(ask: Ask) -> Ask {
    ask.with("accept-encoding", "gzip")
}

fn content(answer: &Answer) -> Vec<u8> {
    if answer.field("content-encoding") != "gzip" {
        return answer.content.clone();
    }
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(&answer.content[..]).read_to_end(&mut content).unwrap();
    content
}

#[tokio::test]
async fn two_codings_have_two_forms_of_one_tag() {
    let cache = cache();
    let site = site(&cache).await;
    for http in Http::BOTH {
        for path in ["/memory/html", "/rest/html"] {
            let path = format!("{path}?{http:?}");
            let mut known: Option<String> = None;
            // A miss, hits, and what is stale; one that has it weak first, and one that has it strong.
            for later in [0, 0, 61] {
                cache.clock().advance(Duration::from_secs(later));
                for asks in [[for_gzip(get(&path)), get(&path)], [get(&path), for_gzip(get(&path))]] {
                    let identities = asks.iter().map(|ask| format!("{ask:?}").contains("gzip")).collect::<Vec<_>>();
                    for (answer, is_gzip) in site.curl_well(http, &asks).await.iter().zip(identities) {
                        let tag = answer.field("etag");
                        assert_eq!(tag.starts_with("W/\""), is_gzip, "{http:?}: {answer:?}");
                        assert_eq!(answer.field("content-encoding"), if is_gzip { "gzip" } else { "" }, "{http:?}: {answer:?}");
                        let opaque = tag.trim_start_matches("W/").to_owned();
                        assert_eq!(*known.get_or_insert_with(|| opaque.clone()), opaque, "{http:?}: {answer:?}");
                        assert_eq!(content(answer), page("html").1.into_bytes());
                    }
                }
            }
            let strong = known.unwrap();
            let weak = format!("W/{strong}");
            for tag in [&strong, &weak] {
                let asks = [get(&path), for_gzip(get(&path)), head(&path), for_gzip(head(&path))];
                let answers = site.curl_well(http, &asks.map(|ask| ask.with("if-none-match", tag))).await;
                assert!(answers.iter().all(|answer| answer.status == 304), "{http:?}: {answers:?}");
                assert_eq!(answers.iter().map(|answer| answer.field("etag")).collect::<Vec<_>>(), [&*strong, &weak, &strong, &weak]);
            }
        }
    }
}

#[tokio::test]
async fn no_part_is_cut_for_a_validator_that_came_with_another_coding() {
    let cache = cache();
    let site = site(&cache).await;
    for http in Http::BOTH {
        for path in ["/memory/html", "/rest/html"] {
            let [with_gzip, without] = site.curl_well(http, &[for_gzip(get(path)), get(path)]).await.try_into().unwrap();
            let (weak, strong) = (with_gzip.field("etag"), without.field("etag"));
            let part = |ask: Ask, validator: &str| ask.with("range", "bytes=2-5").with("if-range", validator);
            let asks = [
                (part(for_gzip(get(path)), &weak), 200),
                (part(for_gzip(get(path)), &strong), 200),
                (part(for_gzip(get(path)), MODIFIED), 200),
                (part(get(path), &weak), 200),
                (part(get(path), &strong), 206),
                (part(get(path), MODIFIED), 206),
                (get(path).with("if-match", &strong), 200),
                (get(path).with("if-match", &weak), 412),
                (for_gzip(get(path)).with("if-match", &weak), 412),
            ];
            let answers = site.curl_well(http, &asks.clone().map(|(ask, _)| ask)).await;
            for (answer, (ask, status)) in answers.iter().zip(asks) {
                assert_eq!(answer.status, status, "{http:?}: {ask:?}: {answer:?}");
                if status == 206 {
                    assert_eq!((answer.text().as_str(), answer.field("etag")), ("page", strong.clone()), "{http:?}: {answer:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_tag_is_strong_where_nothing_changes_the_bytes_or_the_author_says_so() {
    let cache = cache();
    let site = site(&cache).await;
    for http in Http::BOTH {
        for path in ["/memory/png", "/rest/png", "/memory/coded", "/rest/coded", "/memory/own", "/rest/own", "/strong/html"] {
            let answers = site.curl_well(http, &[for_gzip(get(path)), get(path), for_gzip(get(path))]).await;
            for answer in &answers {
                assert!(answer.field("etag").starts_with('"'), "{http:?} {path}: {answer:?}");
                assert_eq!(answer.field("etag"), answers[0].field("etag"), "{http:?} {path}: {answer:?}");
            }
        }
    }
}
