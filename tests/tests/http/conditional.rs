//! Entity tags and conditional requests (RFC 9110 §8.8, §13, §15.4.5).

use axum::{
    extract::{Path, RawQuery},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use cached_handler::{ETag, EntityTag, Policy, Preconditions, cached, secs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    site::{Site, with_fields},
    wire::{Server, Wire, app, ask, get, read, written},
};

#[cached(ttl = 60)]
async fn hello() -> &'static str {
    "hello"
}

/// The tag of `hello` as UTF-8 text, in every process and every build of this version.
const HELLO: &str = "\"1427128f4787d21faaa70eef1170919e\"";

#[tokio::test]
async fn an_entity_tag_is_strong_and_the_same_in_every_process() {
    let tags =
        [Site::of(hello).get("/").await, Site::of(hello).get("/elsewhere").await].map(|reply| reply.field("etag").map(str::to_owned));
    assert_eq!(tags, [Some(HELLO.to_owned()), Some(HELLO.to_owned())]);
}

#[tokio::test]
async fn an_entity_tag_has_128_bits() {
    let digits = HELLO.trim_matches('"');
    assert!(digits.len() >= 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{digits}");
}

#[cached(ttl = 60)]
async fn representations(Path(fields): Path<String>) -> Response {
    let fields = fields.split(';').filter_map(|field| field.split_once('='));
    with_fields(fields.map(|(name, value)| (name, value.as_bytes())), "hello")
}

#[tokio::test]
async fn two_representations_of_the_same_bytes_have_two_entity_tags() {
    let site = Site::of(representations);
    let mut tags = Vec::new();
    for fields in [
        "x-none=1",
        "content-type=text%2Fhtml",
        "content-type=text%2Fplain",
        "content-encoding=gzip",
        "content-encoding=br",
        "content-language=de",
        "content-language=gzip",
        "content-language=de;content-language=en",
        "content-language=de,en",
    ] {
        tags.push(site.get(&format!("/{fields}")).await.field("etag").expect("a tag").to_owned());
    }
    let all = tags.len();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), all, "{tags:?}");
    assert_eq!(site.get("/x-other=1").await.field("etag"), site.get("/x-none=1").await.field("etag"));
}

const WEAK: Policy = Policy::new().etag(ETag::Weak);
const OFF: Policy = Policy::new().etag(ETag::Off);

#[cached(ttl = 60, policy = WEAK)]
async fn weak() -> &'static str {
    "hello"
}

#[cached(ttl = 60, policy = OFF)]
async fn off() -> &'static str {
    "hello"
}

#[cached(ttl = 60)]
async fn its_own() -> impl IntoResponse {
    ([("etag", "\"v1\"")], "hello")
}

#[cached(ttl = 60)]
async fn its_own_junk() -> impl IntoResponse {
    ([("etag", "v1")], "hello")
}

#[tokio::test]
async fn a_policy_makes_the_entity_tag_weak_or_leaves_it_out() {
    assert_eq!(Site::of(weak).get("/").await.field("etag"), Some(format!("W/{HELLO}").as_str()));
    assert_eq!(Site::of(off).get("/").await.field("etag"), None);
}

#[tokio::test]
async fn a_handlers_own_entity_tag_is_kept() {
    let site = Site::of(its_own);
    assert_eq!(site.get("/").await.field("etag"), Some("\"v1\""));
    assert_eq!(site.get("/").await.field("etag"), Some("\"v1\""));
    assert_eq!(site.ask("GET", "/", &[("if-none-match", "W/\"v1\"")]).await.status, 304);
}

#[tokio::test]
async fn an_entity_tag_that_is_none_matches_nothing() {
    let site = Site::of(its_own_junk);
    for _ in 0..2 {
        let reply = site.ask("GET", "/", &[("if-none-match", "v1"), ("if-none-match", "\"v1\"")]).await;
        assert_eq!((reply.status.as_u16(), reply.field("etag")), (200, Some("v1")));
    }
}

#[tokio::test]
async fn if_none_match_is_read_in_lists_on_lines_weakly_and_as_a_star() {
    let weak = format!("W/{HELLO}");
    let list = format!("\"a\", {HELLO} , \"b\"");
    let weak_list = format!("W/\"a\",{weak}");
    let empty_members = format!(",, {HELLO},");
    let with_comma = format!("\"a,b\", {HELLO}");
    let matching: [&[&str]; 9] =
        [&[HELLO], &[&weak], &["*"], &[" * "], &[&list], &[&weak_list], &[&empty_members], &[&with_comma], &["\"a\"", "\"b\"", HELLO]];
    let unquoted = HELLO.trim_matches('"').to_owned();
    let lower = format!("w/{HELLO}");
    let unclosed = format!("\"{unquoted}");
    let beside_junk = format!("{HELLO} \"c\"");
    let other: [&[&str]; 9] =
        [&["\"a\""], &[""], &[&unquoted], &[&lower], &[&unclosed], &[&beside_junk], &["\"*\""], &["W/*"], &["\"a\"", "W/\"b\""]];
    let site = Site::of(hello);
    for (lines, expected) in matching.iter().map(|lines| (lines, 304)).chain(other.iter().map(|lines| (lines, 200))) {
        let fields: Vec<_> = lines.iter().map(|line| ("if-none-match", *line)).collect();
        for method in ["GET", "HEAD"] {
            let reply = site.ask(method, "/", &fields).await;
            assert_eq!(reply.status.as_u16(), expected, "{method} {lines:?}");
            assert_eq!(reply.content.is_empty(), expected == 304 || method == "HEAD", "{method} {lines:?}");
        }
    }
}

#[cached(ttl = 60)]
async fn modified() -> impl IntoResponse {
    ([("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("etag", "\"v1\"")], "hello")
}

const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

#[tokio::test]
async fn if_modified_since_is_read_in_all_three_forms() {
    let site = Site::of(modified);
    for (since, expected) in [
        (SAME, 304),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 304),
        ("Sun Nov  6 08:49:37 1994", 304),
        ("Fri, 01 Jan 2027 00:00:00 GMT", 304),
        (EARLIER, 200),
        ("Sun, 06 Nov 1994", 200),
        ("yesterday", 200),
        ("", 200),
        ("784111777", 200),
    ] {
        assert_eq!(site.ask("GET", "/", &[("if-modified-since", since)]).await.status.as_u16(), expected, "{since}");
    }
    let twice = [("if-modified-since", SAME), ("if-modified-since", SAME)];
    assert_eq!(site.ask("GET", "/", &twice).await.status, 200, "two lines are no valid field");
}

#[tokio::test]
async fn if_none_match_counts_before_if_modified_since() {
    let site = Site::of(modified);
    for (tag, since, expected) in [("\"v1\"", EARLIER, 304), ("\"v0\"", SAME, 200), ("junk", SAME, 200), ("", SAME, 200)] {
        let reply = site.ask("GET", "/", &[("if-none-match", tag), ("if-modified-since", since)]).await;
        assert_eq!(reply.status.as_u16(), expected, "{tag} {since}");
    }
}

#[tokio::test]
async fn a_condition_on_a_date_alone_needs_a_date_of_the_response() {
    assert_eq!(Site::of(hello).ask("GET", "/", &[("if-modified-since", "Fri, 01 Jan 2027 00:00:00 GMT")]).await.status, 200);
}

#[cached(ttl = 60, vary = "accept-language", cache_control = "max-age=60")]
async fn with_everything(headers: HeaderMap) -> Response {
    let fields: [(&str, &[u8]); 9] = [
        ("content-location", b"/hello.de"),
        ("expires", b"Fri, 01 Jan 2100 00:00:00 GMT"),
        ("last-modified", b"Sun, 06 Nov 1994 08:49:37 GMT"),
        ("vary", b"Accept-Language"),
        ("content-language", b"de"),
        ("x-other", b"1"),
        ("date", b"Tue, 15 Nov 2050 08:12:31 GMT"),
        ("cdn-cache-control", b"max-age=60"),
        ("content-type", b"text/plain"),
    ];
    assert!(headers.len() <= 1, "{headers:?}");
    with_fields(fields, "hallo")
}

#[tokio::test]
async fn a_304_has_the_fields_that_a_200_would_have_had_and_no_others() {
    let site = Site::of(with_everything);
    let whole = site.get("/").await;
    let tag = whole.field("etag").expect("a tag").to_owned();
    site.later(7);
    let unchanged = site.ask("GET", "/", &[("if-none-match", &tag)]).await;
    assert_eq!(unchanged.status, 304);
    assert!(unchanged.content.is_empty());
    for name in ["content-location", "date", "etag", "expires", "vary", "cdn-cache-control"] {
        assert!(unchanged.field(name).is_some(), "{name} is missing");
        assert_eq!(unchanged.field(name), whole.field(name), "{name}");
    }
    assert_eq!(unchanged.field("cache-control"), Some("max-age=67"));
    assert_eq!(unchanged.field("age"), Some("7"));
    let mut names: Vec<_> = unchanged.fields.keys().map(axum::http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["age", "cache-control", "cdn-cache-control", "content-location", "date", "etag", "expires", "vary"]);
}

#[tokio::test]
async fn a_condition_is_met_on_a_miss_as_on_a_hit() {
    let site = Site::of(hello);
    let reply = site.ask("GET", "/", &[("if-none-match", HELLO)]).await;
    assert!(!reply.is_hit());
    assert_eq!((reply.status.as_u16(), reply.field("age"), reply.field("etag")), (304, None, Some(HELLO)));
    let whole = site.get("/").await;
    assert!(whole.is_hit());
    assert_eq!(whole.text(), "hello");
}

#[cached(ttl = 60)]
async fn by_query(RawQuery(query): RawQuery) -> String {
    query.unwrap_or_default()
}

#[tokio::test]
async fn a_304_is_no_answer_once_the_content_has_changed() {
    let site = Site::of(by_query);
    let old = site.get("/?1").await.field("etag").expect("a tag").to_owned();
    assert_eq!(site.ask("GET", "/?1", &[("if-none-match", &old)]).await.status, 304);
    let new = site.ask("GET", "/?2", &[("if-none-match", &old)]).await;
    assert_eq!((new.status.as_u16(), new.text()), (200, "2"));
}

#[tokio::test]
async fn only_get_and_head_are_answered_304() {
    let site = Site::of(hello);
    site.get("/").await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let reply = site.ask(method, "/", &[("if-none-match", HELLO)]).await;
        assert_eq!((reply.status.as_u16(), reply.text()), (200, "hello"), "{method}");
    }
}

const MISSING: Policy = Policy::new().status(404, secs(60)).status(204, secs(60));

#[cached(ttl = 60, policy = MISSING)]
async fn missing() -> impl IntoResponse {
    (axum::http::StatusCode::NOT_FOUND, [("etag", "\"v1\"")], "nothing here")
}

#[tokio::test]
async fn conditions_are_ignored_where_the_answer_without_them_would_be_no_success() {
    let site = Site::of(missing);
    for _ in 0..2 {
        assert_eq!(site.ask("GET", "/", &[("if-none-match", "\"v1\"")]).await.status, 404);
        assert_eq!(site.ask("GET", "/", &[("if-none-match", "*")]).await.status, 404);
    }
}

#[cached(ttl = 60, policy = MISSING)]
async fn no_content() -> axum::http::StatusCode {
    axum::http::StatusCode::NO_CONTENT
}

/// By the bytes on the wire: RFC 9110 §8.6.
#[tokio::test]
async fn a_304_and_a_204_have_no_content_and_no_wrong_length() {
    for wire in [Wire::Http1, Wire::H2] {
        let server = Server::start(app(Site::of(hello).router)).await;
        for _ in 0..2 {
            let unchanged = server.ask(wire, &get("/").with("if-none-match", HELLO)).await;
            assert_eq!((unchanged.status, unchanged.broken, unchanged.content.is_empty()), (304, false, true), "{wire:?}");
            assert!(["", "5"].contains(&unchanged.field("content-length").as_str()), "{wire:?}: {unchanged:?}");
            let unchanged = server.ask(wire, &ask("HEAD", "/").with("if-none-match", HELLO)).await;
            assert_eq!((unchanged.status, unchanged.broken), (304, false), "{wire:?}");
            assert!(["", "5"].contains(&unchanged.field("content-length").as_str()), "{wire:?}: {unchanged:?}");
        }
        let server = Server::start(app(Site::of(no_content).router)).await;
        for _ in 0..2 {
            let nothing = server.ask(wire, &get("/")).await;
            assert_eq!((nothing.status, nothing.broken), (204, false), "{wire:?}");
            // axum itself says 0, which hyper takes away in HTTP/1.1.
            assert!(["", "0"].contains(&nothing.field("content-length").as_str()), "{wire:?}: {nothing:?}");
        }
    }
}

/// A 304 with content would be taken for the next answer.
#[tokio::test]
async fn a_304_leaves_the_connection_as_it_was() {
    let server = Server::start(app(Site::of(hello).router)).await;
    let mut stream = server.connect().await;
    let asked = [
        get("/"),
        get("/").with("if-none-match", HELLO),
        ask("HEAD", "/"),
        get("/").with("if-none-match", HELLO),
        get("/").with("connection", "close"),
    ];
    for ask in &asked {
        stream.write_all(&written(ask)).await.expect("a request");
    }
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.expect("answers");
    let mut rest = &bytes[..];
    for (ask, (status, text)) in asked.iter().zip([(200, "hello"), (304, ""), (200, ""), (304, ""), (200, "hello")]) {
        let (answer, more) = read(rest, ask.method == "HEAD");
        assert_eq!((answer.status, answer.text().as_str()), (status, text));
        rest = more;
    }
    assert!(rest.is_empty());
}

#[test]
fn handlers_that_are_not_cached_can_ask_the_same_questions() {
    let tag = EntityTag::of(b"content");
    assert!(!tag.is_weak());
    assert_eq!(tag, EntityTag::of(b"content"));
    assert!(!tag.strong_eq(&EntityTag::of(b"other content")));
    let headers = HeaderMap::from_iter([("if-none-match".parse().expect("a name"), tag.to_header_value())]);
    assert!(Preconditions::of(&headers).not_modified(Some(&tag), None));
    assert!(!Preconditions::of(&headers).not_modified(Some(&EntityTag::of(b"new")), None));
}
