//! `Cache-Status` (RFC 9211), read by a parser of structured fields that is not ours.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Response},
};
use cached_handler::cached;
use sfv::{BareItem, KeyRef, List, ListEntry, Parser};

use super::site::{Frames, Site};

/// A cache on the list, with its parameters as text.
#[derive(Debug, PartialEq, Eq)]
struct Member {
    cache: String,
    parameters: Vec<(String, String)>,
}

fn members(fields: &HeaderMap) -> Vec<Member> {
    let lines: Vec<_> = fields.get_all("cache-status").iter().map(HeaderValue::as_bytes).collect();
    let list: List = Parser::new(&lines.join(&b", "[..])).parse().expect("a list of RFC 9651");
    list.into_iter()
        .map(|entry| {
            let ListEntry::Item(item) = entry else { panic!("an inner list: {entry:?}") };
            assert!(matches!(item.bare_item, BareItem::String(_) | BareItem::Token(_)), "RFC 9211 §2: {:?}", item.bare_item);
            let parameters = item.params.iter().map(|(name, value)| (name.as_str().to_owned(), shown(name, value)));
            Member { cache: text(&item.bare_item), parameters: parameters.collect() }
        })
        .collect()
}

/// RFC 9211 §2: each parameter's type is given.
fn shown(name: &KeyRef, value: &BareItem) -> String {
    let fits = match name.as_str() {
        "hit" | "stored" | "collapsed" => matches!(value, BareItem::Boolean(_)),
        "ttl" | "fwd-status" => matches!(value, BareItem::Integer(_)),
        "fwd" => matches!(value, BareItem::Token(_)),
        "key" => matches!(value, BareItem::String(_)),
        "detail" => matches!(value, BareItem::String(_) | BareItem::Token(_)),
        other => panic!("`{other}` is no parameter of RFC 9211"),
    };
    assert!(fits, "{name:?} {value:?}");
    text(value)
}

fn text(item: &BareItem) -> String {
    match item {
        BareItem::String(text) => text.as_str().to_owned(),
        BareItem::Token(token) => token.as_str().to_owned(),
        BareItem::Boolean(boolean) => boolean.to_string(),
        BareItem::Integer(integer) => integer.to_string(),
        other => panic!("{other:?}"),
    }
}

#[cached(ttl = 60, vary = "x-case")]
async fn handler(headers: HeaderMap) -> Response {
    match headers.get("x-case").map(HeaderValue::as_bytes) {
        Some(b"cookie") => ([("set-cookie", "sid=1")], "hello").into_response(),
        Some(b"streamed") => Frames::of(&["hello"]).into_response(),
        Some(b"others") => {
            let mut response = "hello".into_response();
            response.headers_mut().append("cache-status", HeaderValue::from_static("origin; hit; ttl=5"));
            response.headers_mut().append("cache-status", HeaderValue::from_static("\"a, b\"; fwd=stale"));
            response
        }
        _ => "hello".into_response(),
    }
}

#[cached(ttl = 60, skip(_body))]
async fn with_skip(
    headers: Result<axum_extra::TypedHeader<axum_extra::headers::Origin>, axum_extra::typed_header::TypedHeaderRejection>,
    _body: Body,
) -> String {
    headers.is_ok().to_string()
}

fn site() -> Site {
    Site::with(handler, |builder| builder.cache_status("site"))
}

fn says(cache: &str, parameters: &[(&str, &str)]) -> Member {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Member { cache: cache.to_owned(), parameters: parameters.collect() }
}

#[tokio::test]
async fn it_is_off_by_default() {
    let site = Site::of(handler);
    for _ in 0..2 {
        assert_eq!(site.get("/").await.field("cache-status"), None);
    }
}

#[tokio::test]
async fn it_says_what_the_cache_did_and_why() {
    let site = site();
    let said = async |method: &str, fields: &[(&str, &str)]| members(&site.ask(method, "/", fields).await.fields);
    assert_eq!(said("GET", &[]).await, [says("site", &[("fwd", "uri-miss"), ("stored", "true")])]);
    assert_eq!(said("GET", &[]).await, [says("site", &[("hit", "true"), ("ttl", "60")])]);
    site.later(20);
    assert_eq!(said("HEAD", &[]).await, [says("site", &[("hit", "true"), ("ttl", "40")])]);
    assert_eq!(said("GET", &[("if-none-match", "*")]).await, [says("site", &[("hit", "true"), ("ttl", "40")])]);
    site.later(40);
    assert_eq!(said("GET", &[]).await, [says("site", &[("fwd", "stale"), ("stored", "true")])]);
    assert_eq!(said("POST", &[]).await, [says("site", &[("fwd", "method"), ("detail", "method")])]);
    assert_eq!(said("GET", &[("x-case", "cookie")]).await, [says("site", &[("fwd", "uri-miss"), ("detail", "set-cookie")])]);
    assert_eq!(said("GET", &[("x-case", "streamed")]).await, [says("site", &[("fwd", "uri-miss")])]);
    assert_eq!(said("GET", &[("upgrade", "h2c")]).await, [says("site", &[("fwd", "bypass"), ("detail", "upgrade")])]);
    site.cache.cache().invalidate(cached_handler::Target::all()).await.expect("invalidated");
    assert_eq!(said("GET", &[]).await, [says("site", &[("fwd", "uri-miss"), ("stored", "true"), ("detail", "invalidated")])]);
}

#[tokio::test]
async fn it_names_each_reason_to_stand_aside() {
    let site = Site::with(with_skip, |builder| builder.cache_status("site"));
    let reply = site.ask("GET", "/", &[]).await;
    assert_eq!(members(&reply.fields), [says("site", &[("fwd", "bypass"), ("detail", "rejected-argument")])]);
}

#[tokio::test]
async fn it_stands_after_what_others_said() {
    let site = site();
    let others = || vec![says("origin", &[("hit", "true"), ("ttl", "5")]), says("a, b", &[("fwd", "stale")])];
    for ours in [says("site", &[("fwd", "uri-miss"), ("stored", "true")]), says("site", &[("hit", "true"), ("ttl", "60")])] {
        let reply = site.ask("GET", "/", &[("x-case", "others")]).await;
        let mut expected = others();
        expected.push(ours);
        assert_eq!(members(&reply.fields), expected);
    }
}

#[tokio::test]
async fn it_names_the_cache_whatever_its_name() {
    for name in
        ["site", "my cache", "a\"b", "back\\slash", "1st", "*", "*star", "a/b:c", "", "caf\u{e9}", "tab\tbed", "a,b;c=d", "\u{1F600}"]
    {
        let site = Site::with(handler, |builder| builder.cache_status(name));
        for _ in 0..2 {
            let found = members(&site.get("/").await.fields);
            let [member] = &found[..] else { panic!("{name:?}: {found:?}") };
            let printable: String = name.chars().filter(|letter| matches!(letter, ' '..='~')).collect();
            assert_eq!(member.cache, printable, "{name:?}");
        }
    }
}
