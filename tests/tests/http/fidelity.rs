//! A hit is the miss that stored it (law L3), but for `Age`.

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use cached_handler::{Policy, cached};

use super::{
    site::{Frames, Reply, Site, with_fields},
    wire::{Server, Wire, app, ask, get},
};

#[cached(ttl = 60)]
async fn hello() -> &'static str {
    "hello"
}

#[cached(ttl = 60)]
async fn with_many_fields() -> Response {
    let fields: [(&str, &[u8]); 11] = [
        ("x-latin", b"caf\xe9"),
        ("x-bytes", b"\x80\xff\xfe"),
        ("x-empty", b""),
        ("link", b"</b>; rel=next"),
        ("link", b"</a>; rel=prev"),
        ("link", b"</b>; rel=next"),
        ("content-type", b"application/octet-stream"),
        ("x-tab", b"a\tb"),
        ("server-timing", b"db;dur=53"),
        ("warning", b"199 - \"old\""),
        ("x-comma", b"a, b,c"),
    ];
    with_fields(fields, vec![0_u8, 159, 146, 150, 255])
}

const NO_CONTENT: Policy = Policy::new().status(404, cached_handler::secs(60));

#[cached(ttl = 60, policy = NO_CONTENT)]
async fn by_status(Path(status): Path<u16>) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [("location", "/new"), ("cache-control", "max-age=60")], "gone").into_response()
}

#[cached(ttl = 60)]
async fn empty() -> &'static str {
    ""
}

#[cached(ttl = 60)]
async fn streamed() -> Response {
    with_fields([("content-type", &b"text/plain"[..])], Frames::of(&["hel", "", "lo"]))
}

/// But for what a cache adds to hits.
fn comparable(reply: &Reply) -> HeaderMap {
    let mut fields = reply.fields.clone();
    fields.remove("age");
    fields
}

fn assert_same(miss: &Reply, hit: &Reply) {
    assert!(!miss.is_hit(), "{}", miss.why());
    assert!(hit.is_hit(), "{}", hit.why());
    assert_eq!((hit.status, &hit.content), (miss.status, &miss.content));
    assert_eq!(comparable(hit), comparable(miss));
}

#[tokio::test]
async fn a_hit_has_every_line_of_the_miss_whatever_its_bytes_in_order() {
    let site = Site::of(with_many_fields);
    let (miss, hit) = (site.get("/").await, site.get("/").await);
    assert_same(&miss, &hit);
    assert_eq!(hit.fields.get("x-latin").map(header::HeaderValue::as_bytes), Some(&b"caf\xe9"[..]));
    let links: Vec<_> = hit.fields.get_all("link").iter().collect();
    assert_eq!(links, ["</b>; rel=next", "</a>; rel=prev", "</b>; rel=next"]);
}

#[tokio::test]
async fn a_hit_has_the_status_of_the_miss() {
    let site = Site::of(by_status);
    for status in [200, 201, 203, 301, 302, 307, 308, 404, 410] {
        let target = format!("/{status}");
        assert_same(&site.get(&target).await, &site.get(&target).await);
    }
}

#[tokio::test]
async fn a_hit_is_empty_where_the_miss_was() {
    let site = Site::of(empty);
    let (miss, hit) = (site.get("/").await, site.get("/").await);
    assert_same(&miss, &hit);
    assert_eq!(hit.field("content-length"), Some("0"));
}

/// What a stream cannot say before its end is there on the hit: its length and its entity tag.
#[tokio::test]
async fn a_hit_has_the_content_of_a_stream() {
    let site = Site::of(streamed);
    let miss = site.get("/").await;
    assert!(site.cache.cache().drain(std::time::Duration::from_secs(60)).await);
    let hit = site.get("/").await;
    assert!(hit.is_hit(), "{}", hit.why());
    assert_eq!((hit.status, &hit.content, hit.field("content-length")), (miss.status, &miss.content, Some("5")));
    assert!(hit.field("etag").is_some());
    let mut fields = comparable(&hit);
    fields.remove("content-length");
    assert_eq!(fields, comparable(&miss));
}

#[cached(ttl = 60)]
async fn hop_by_hop() -> Response {
    let fields: [(&str, &[u8]); 13] = [
        ("connection", b"x-hop, X-Other , cache-control, vary, set-cookie, etag"),
        ("connection", b"keep-alive"),
        ("keep-alive", b"timeout=5"),
        ("x-hop", b"1"),
        ("x-other", b"1"),
        ("te", b"trailers"),
        ("trailer", b"x-checksum"),
        ("upgrade", b"h2c"),
        ("proxy-connection", b"keep-alive"),
        ("proxy-authenticate", b"Basic"),
        ("etag", b"\"v1\""),
        ("cache-control", b"max-age=60"),
        ("x-end-to-end", b"1"),
    ];
    with_fields(fields, "hello")
}

#[tokio::test]
async fn fields_of_one_connection_are_dropped_and_others_are_not_whatever_connection_says() {
    let site = Site::of(hop_by_hop);
    site.get("/").await;
    let hit = site.get("/").await;
    assert!(hit.is_hit());
    let mut names: Vec<_> = hit.fields.keys().map(header::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["age", "cache-control", "content-length", "content-type", "date", "etag", "x-end-to-end"]);
}

#[tokio::test]
async fn head_is_answered_from_gets_stored_response() {
    let site = Site::of(with_many_fields);
    let miss = site.get("/").await;
    let head = site.ask("HEAD", "/", &[]).await;
    assert!(head.is_hit());
    assert!(head.content.is_empty());
    assert_eq!((head.status, comparable(&head)), (miss.status, comparable(&miss)));
}

#[tokio::test]
async fn get_is_answered_from_what_head_stored_and_head_itself_has_no_content() {
    let site = Site::of(with_many_fields);
    let head = site.ask("HEAD", "/", &[]).await;
    assert!(!head.is_hit());
    assert!(head.content.is_empty());
    let hit = site.get("/").await;
    assert!(hit.is_hit());
    assert_eq!(&hit.content[..], [0, 159, 146, 150, 255]);
    assert_eq!(comparable(&head), comparable(&hit));
}

/// The same by the bytes on the wire.
#[tokio::test]
async fn on_the_wire_hits_are_misses_and_head_has_the_length_of_get() {
    for wire in [Wire::Http1, Wire::H2] {
        for site in [Site::of(hello), Site::of(with_many_fields), Site::of(empty)] {
            let server = Server::start(app(site.router)).await;
            let miss = server.ask(wire, &get("/")).await;
            let mut hit = server.ask(wire, &get("/")).await;
            assert_eq!(hit.fields.remove("age").expect("an age"), "0");
            assert_eq!(hit, miss, "{wire:?}");
            let mut head = server.ask(wire, &ask("HEAD", "/")).await;
            assert_eq!(head.fields.remove("age").expect("an age"), "0");
            assert_eq!((head.status, &head.fields, head.broken, head.content.len()), (miss.status, &miss.fields, false, 0), "{wire:?}");
        }
    }
}
