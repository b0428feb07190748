//! What is passed on and not stored: too long, of another length than declared, with trailers, with too many fields.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use cached_handler::{CacheGroups, Policy, Target, cached};
use http_body::Frame;

use super::site::{Frames, Reply, Site};

const SIXTEEN: Policy = Policy::new().max_body(16);

#[cached(ttl = 60, policy = SIXTEEN)]
async fn of_known_length(Path(length): Path<usize>) -> String {
    "x".repeat(length)
}

#[cached(ttl = 60, policy = SIXTEEN)]
async fn of_unknown_length(Path(length): Path<usize>) -> Response {
    Frames::of(&["x".repeat(length / 2).as_str(), &"x".repeat(length - length / 2)]).into_response()
}

#[cached(ttl = 60)]
async fn by_default(Path(length): Path<usize>) -> Vec<u8> {
    vec![b'x'; length]
}

/// The first answer, and the next one once nothing is under way.
async fn twice(site: &Site, target: &str) -> (Reply, Reply) {
    let first = site.get(target).await;
    assert!(site.cache.cache().drain(std::time::Duration::from_secs(60)).await);
    (first, site.get(target).await)
}

#[tokio::test]
async fn content_is_stored_up_to_max_body_and_passed_on_whole_beyond() {
    for (site, limit) in [(Site::of(of_known_length), 16), (Site::of(of_unknown_length), 16), (Site::of(by_default), 1 << 20)] {
        for (length, stored) in [(0, true), (limit - 1, true), (limit, true), (limit + 1, false), (limit * 3, false)] {
            let (first, second) = twice(&site, &format!("/{length}")).await;
            assert_eq!((first.content.len(), second.content.len()), (length, length));
            assert_eq!(second.is_hit(), stored, "{length}: {}, then {}", first.why(), second.why());
        }
    }
}

/// `Content-Length` says one thing, and the content is another.
#[cached(ttl = 60)]
async fn declared(Path(length): Path<String>) -> Response {
    let mut response = Frames::of(&["hel", "lo"]).into_response();
    for length in length.split('+') {
        response.headers_mut().append("content-length", length.parse().expect("a value"));
    }
    response
}

#[tokio::test]
async fn content_of_another_length_than_declared_is_passed_on_and_not_stored() {
    for (length, stored) in
        [("5", true), ("4", false), ("6", false), ("0", false), ("five", false), ("5+6", false), ("5+5", true), ("-5", false)]
    {
        let site = Site::of(declared);
        let (first, second) = twice(&site, &format!("/{length}")).await;
        assert_eq!((first.text(), second.text()), ("hello", "hello"), "{length}");
        assert_eq!(second.is_hit(), stored, "{length}");
        if stored {
            assert_eq!(second.field("content-length"), Some("5"));
        }
    }
}

#[cached(ttl = 60)]
async fn with_trailers() -> Response {
    let trailers = HeaderMap::from_iter([(HeaderName::from_static("x-checksum"), HeaderValue::from_static("5"))]);
    let frames = [Frame::data(Bytes::from_static(b"hello")), Frame::trailers(trailers)];
    Frames(frames.into_iter().collect()).into_response()
}

#[tokio::test]
async fn trailers_are_passed_on_and_their_response_is_not_stored() {
    let site = Site::of(with_trailers);
    let (first, second) = twice(&site, "/").await;
    for reply in [first, second] {
        assert!(!reply.is_hit());
        assert_eq!(reply.text(), "hello");
        let trailers = reply.trailers.expect("trailers");
        assert_eq!(trailers.get("x-checksum").map(HeaderValue::as_bytes), Some(&b"5"[..]));
    }
}

/// So many lines besides those that axum and the cache set themselves.
#[cached(ttl = 60)]
async fn with_lines(Path(said): Path<String>) -> Response {
    let (lines, bytes): (usize, usize) =
        said.split_once('+').and_then(|(lines, bytes)| Some((lines.parse().ok()?, bytes.parse().ok()?))).expect("two numbers");
    let mut response = Response::new("hello".into());
    for line in 0..lines {
        response.headers_mut().append("x", HeaderValue::from_str(&line.to_string()).expect("a value"));
    }
    if bytes > 0 {
        response.headers_mut().append("y", HeaderValue::from_str(&"y".repeat(bytes)).expect("a value"));
    }
    response
}

#[tokio::test]
async fn a_response_has_at_most_256_lines() {
    for (lines, stored) in [(255, true), (256, true), (257, false), (2_000, false)] {
        let site = Site::of(with_lines);
        let (first, second) = twice(&site, &format!("/{lines}+0")).await;
        assert_eq!((first.fields.get_all("x").iter().count(), second.fields.get_all("x").iter().count()), (lines, lines));
        assert_eq!(second.is_hit(), stored, "{lines}: {}", first.why());
    }
}

#[tokio::test]
async fn the_fields_of_a_response_have_at_most_64_kib() {
    const LIMIT: usize = 64 << 10;
    // A line costs its name and its value, and four bytes for what stands between them.
    for (bytes, stored) in [(LIMIT - 5, true), (LIMIT - 4, false), (LIMIT, false)] {
        let site = Site::of(with_lines);
        let (first, second) = twice(&site, &format!("/0+{bytes}")).await;
        assert_eq!((first.fields["y"].len(), second.fields["y"].len()), (bytes, bytes));
        assert_eq!(second.is_hit(), stored, "{bytes}: {}", first.why());
    }
}

#[tokio::test]
async fn a_key_has_at_most_8_kib_and_longer_ones_stand_aside() {
    #[cached(ttl = 60)]
    async fn long(Path(name): Path<String>) -> String {
        name.len().to_string()
    }
    let site = Site::of(long);
    for (length, stored) in [(8_000, true), (8_192, false), (60_000, false)] {
        let (first, second) = twice(&site, &format!("/{}", "x".repeat(length))).await;
        assert_eq!((first.text(), second.text()), (length.to_string().as_str(), length.to_string().as_str()));
        assert_eq!(second.is_hit(), stored, "{length}");
    }
}

#[cached(ttl = 60, group = ["all", "first:{names.len()}"])]
async fn grouped(Path(names): Path<String>) -> (CacheGroups, &'static str) {
    let groups = names.split('+').filter(|name| *name != "none").map(|name| if name == "empty" { "" } else { name }.to_owned());
    (CacheGroups::of(groups), "hello")
}

#[tokio::test]
async fn groups_of_a_response_are_invalidated_and_clients_see_nothing_of_them() {
    let site = Site::of(grouped);
    let (first, second) = twice(&site, "/a+b").await;
    assert!(second.is_hit());
    assert!(first.fields.keys().all(|name| !name.as_str().contains("group")), "{:?}", first.fields);
    for (group, reached) in
        [("c", false), ("A", false), ("", false), ("a", true), ("b", true), ("all", true), ("first:3", true), ("first:4", false)]
    {
        site.get("/a+b").await;
        site.cache.cache().invalidate(Target::group(group)).await.expect("invalidated");
        assert_eq!(!site.get("/a+b").await.is_hit(), reached, "{group}");
    }
}

#[tokio::test]
async fn a_response_whose_groups_no_invalidation_could_reach_is_not_stored() {
    let site = Site::of(grouped);
    let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join("+");
    for (groups, stored) in [
        ("none".to_owned(), true),
        // With the two of the attribute.
        (many(14), true),
        (many(15), false),
        ("empty".to_owned(), false),
        ("x".repeat(256), true),
        ("x".repeat(257), false),
        // Named twice counts once.
        (format!("{}+0+all", many(14)), true),
    ] {
        let (first, second) = twice(&site, &format!("/{groups}")).await;
        assert_eq!(second.text(), "hello");
        assert_eq!(second.is_hit(), stored, "{groups}: {}", first.why());
    }
}
