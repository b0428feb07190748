//! Request fields that select a response by what they mean, by their author's word.

use axum::extract::Request;
use cached_handler::{CacheLayer, Policy, cached};
use cached_handler_tests::harness::Dict;

use super::site::{Reply, Site, with_fields};

const BY_MEANING: Policy = Policy::new().vary_by_meaning(&["accept", "accept-language", "accept-encoding", "x-list"]);

fn said() -> axum::response::Response {
    let fields = [("cache-control", "max-age=60"), ("vary", "accept, accept-language, x-list, x-roles")];
    with_fields(fields.iter().map(|(name, value)| (*name, value.as_bytes())), "hello")
}

#[cached(ttl = from_response, vary = from_response)]
async fn by_bytes(_request: Request) -> axum::response::Response {
    said()
}

#[cached(ttl = from_response, vary = from_response, policy = BY_MEANING)]
async fn by_meaning(_request: Request) -> axum::response::Response {
    said()
}

#[cached(ttl = from_response, vary = from_response, policy = BY_MEANING, backend = "dict")]
async fn by_meaning_at_rest(_request: Request) -> axum::response::Response {
    said()
}

/// Each of the second is asked for by another spelling of the first.
const THE_SAME: [(&[(&str, &str)], &[(&str, &str)]); 7] = [
    (&[("accept-language", "en, de;q=0.5")], &[("accept-language", "DE ;q=0.5,en")]),
    (&[("accept-language", "en, de")], &[("accept-language", "de"), ("accept-language", "en;q=1.0")]),
    (&[("accept-language", "en")], &[("accept-language", "en,, en")]),
    (&[("accept", "text/html, */*;q=0.1")], &[("accept", "text/html,*/*;q=0.1")]),
    (&[("x-list", "1, 2")], &[("x-list", "1"), ("x-list", "2")]),
    (&[("x-list", "1,2")], &[("x-list", " 1 ,2,")]),
    (&[("x-list", "\"a, b\", 1")], &[("x-list", "\"a, b\",1")]),
];

const OTHERS: [(&[(&str, &str)], &[(&str, &str)]); 10] = [
    (&[("x-roles", "admin")], &[("x-roles", "admin,")]),
    (&[("x-roles", "1, 2")], &[("x-roles", "1,2")]),
    (&[("x-roles", "1, 2")], &[("x-roles", "1"), ("x-roles", "2")]),
    (&[("x-list", "1, 2")], &[("x-list", "2, 1")]),
    (&[("x-list", "a")], &[("x-list", "A")]),
    (&[("x-list", "\"a, b\"")], &[("x-list", "\"a,b\"")]),
    (&[("x-list", "\"a, b")], &[("x-list", "\"a,b")]),
    (&[("accept-language", "en, de;q=0.5")], &[("accept-language", "en;q=0.5, de")]),
    (&[("accept-language", "\"en\"")], &[("accept-language", "\"EN\"")]),
    (&[("accept-language", "en")], &[("x-list", "en")]),
];

async fn asked(site: &Site, of: &[(&str, &str)], also: &[(&str, &str)]) -> Reply {
    site.get("/").await;
    site.ask("GET", "/", of).await;
    assert!(site.ask("GET", "/", of).await.is_hit(), "{of:?}");
    site.ask("GET", "/", also).await
}

fn sites_by_meaning() -> [Site; 2] {
    [Site::of(by_meaning), Site::with(by_meaning_at_rest, |builder| builder.backend("dict", Dict::default()))]
}

#[tokio::test]
async fn by_default_another_spelling_of_a_selecting_field_is_another_request() {
    for (of, also) in THE_SAME {
        assert!(!asked(&Site::of(by_bytes), of, also).await.is_hit(), "{of:?}: {also:?}");
    }
}

#[tokio::test]
async fn by_its_authors_word_what_means_the_same_is_answered_with_the_same() {
    for (of, also) in THE_SAME {
        for site in sites_by_meaning() {
            let reply = asked(&site, of, also).await;
            assert!(reply.is_hit(), "{of:?}: {also:?}: {}", reply.why());
        }
    }
}

#[tokio::test]
async fn what_means_something_else_or_is_not_named_is_another_request_all_the_same() {
    for (of, also) in OTHERS {
        for site in sites_by_meaning() {
            assert!(!asked(&site, of, also).await.is_hit(), "{of:?}: {also:?}");
        }
    }
}

#[tokio::test]
async fn an_empty_field_and_none_are_two_values() {
    for site in sites_by_meaning() {
        site.ask("GET", "/", &[("accept-language", "")]).await;
        assert!(!site.get("/").await.is_hit());
    }
}

#[tokio::test]
async fn a_layer_with_the_policy_goes_by_it_too() {
    for (policy, shares) in [(Policy::new(), false), (BY_MEANING, true)] {
        let mut site = Site::of(async |_: Request| said());
        let layer = CacheLayer::from_response("by-meaning").vary_from_response().policy(policy);
        site.router = site.router.layer(layer).layer(site.cache.layer());
        assert_eq!(asked(&site, THE_SAME[0].0, THE_SAME[0].1).await.is_hit(), shares);
    }
}
