//! Preconditions and ranges (RFC 9110 §13, §14), answered from the whole that is stored.

use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cached_handler::{DoNotStore, cached};

use super::site::{Frames, Site};

const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

#[cached(ttl = 60)]
async fn digits() -> impl IntoResponse {
    ([("etag", "\"1\""), ("last-modified", MODIFIED), ("cache-control", "max-age=60")], "0123456789")
}

#[tokio::test]
async fn a_range_is_cut_from_the_stored_whole_and_never_stored() {
    let site = Site::of(digits);
    // The run's own answer, too, is cut from the whole.
    let first = site.ask("GET", "/", &[("range", "bytes=2-4")]).await;
    assert!(!first.is_hit());
    assert_eq!((first.status, first.text()), (StatusCode::PARTIAL_CONTENT, "234"));
    for (range, content_range, content) in [
        ("bytes=0-0", "bytes 0-0/10", "0"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=-3", "bytes 7-9/10", "789"),
        ("bytes=5-100", "bytes 5-9/10", "56789"),
        ("Bytes=0-9", "bytes 0-9/10", "0123456789"),
    ] {
        let reply = site.ask("GET", "/", &[("range", range)]).await;
        assert!(reply.is_hit(), "{range}");
        assert_eq!((reply.status, reply.text()), (StatusCode::PARTIAL_CONTENT, content), "{range}");
        assert_eq!(reply.field("content-range"), Some(content_range));
        assert_eq!(reply.field("content-length"), Some(content.len().to_string().as_str()));
        assert_eq!(reply.field("etag"), Some("\"1\""));
    }
    let whole = site.get("/").await;
    assert!(whole.is_hit());
    assert_eq!((whole.status, whole.text(), whole.field("content-range")), (StatusCode::OK, "0123456789", None));
}

#[tokio::test]
async fn what_is_no_single_range_of_bytes_is_the_whole() {
    let site = Site::of(digits);
    for range in ["bytes=0-1,3-4", "lines=0-1", "bytes=4-2", "bytes", "bytes=x-y"] {
        let reply = site.ask("GET", "/", &[("range", range)]).await;
        assert_eq!((reply.status, reply.text()), (StatusCode::OK, "0123456789"), "{range}");
    }
    let twice = site.ask("GET", "/", &[("range", "bytes=0-1"), ("range", "bytes=0-1")]).await;
    assert_eq!(twice.status, StatusCode::OK);
    let head = site.ask("HEAD", "/", &[("range", "bytes=0-1")]).await;
    assert_eq!((head.status, head.field("content-length")), (StatusCode::OK, Some("10")), "RFC 9110 §14.2: for GET alone");
}

#[tokio::test]
async fn a_range_outside_is_refused_and_nobody_may_keep_that() {
    let site = Site::of(digits);
    for range in ["bytes=10-", "bytes=-0", "bytes=99999999999999999999-"] {
        let reply = site.ask("GET", "/", &[("range", range)]).await;
        assert_eq!((reply.status, reply.field("content-range")), (StatusCode::RANGE_NOT_SATISFIABLE, Some("bytes */10")), "{range}");
        assert_eq!(reply.field("cache-control"), Some("no-store"));
        assert!(reply.content.is_empty());
    }
    assert_eq!(site.get("/").await.text(), "0123456789");
}

#[tokio::test]
async fn a_range_of_another_representation_is_the_whole() {
    let site = Site::of(digits);
    for (validator, status) in [
        ("\"1\"", StatusCode::PARTIAL_CONTENT),
        (MODIFIED, StatusCode::PARTIAL_CONTENT),
        ("W/\"1\"", StatusCode::OK),
        ("\"2\"", StatusCode::OK),
        (BEFORE, StatusCode::OK),
    ] {
        let reply = site.ask("GET", "/", &[("range", "bytes=0-1"), ("if-range", validator)]).await;
        assert_eq!(reply.status, status, "{validator}");
    }
}

#[tokio::test]
async fn preconditions_that_fail_are_412_before_anything_else() {
    let site = Site::of(digits);
    for (fields, status) in [
        (&[("if-match", "\"1\"")][..], StatusCode::OK),
        (&[("if-match", "*")], StatusCode::OK),
        (&[("if-match", "\"2\"")], StatusCode::PRECONDITION_FAILED),
        (&[("if-match", "W/\"1\"")], StatusCode::PRECONDITION_FAILED),
        (&[("if-match", "\"2\""), ("if-none-match", "\"1\"")], StatusCode::PRECONDITION_FAILED),
        (&[("if-match", "\"1\""), ("if-none-match", "\"1\"")], StatusCode::NOT_MODIFIED),
        (&[("if-unmodified-since", BEFORE)], StatusCode::PRECONDITION_FAILED),
        (&[("if-unmodified-since", MODIFIED)], StatusCode::OK),
        (&[("if-match", "\"1\""), ("if-unmodified-since", BEFORE)], StatusCode::OK),
        (&[("if-none-match", "\"1\""), ("range", "bytes=0-1")], StatusCode::NOT_MODIFIED),
    ] {
        let reply = site.ask("GET", "/", fields).await;
        assert_eq!(reply.status, status, "{fields:?}");
        if status == StatusCode::PRECONDITION_FAILED {
            assert_eq!((reply.field("cache-control"), reply.content.len()), (Some("no-store"), 0), "{fields:?}");
        }
    }
}

#[cached(ttl = 60)]
async fn not_stored(Path(how): Path<String>) -> Response {
    let fields = [("etag", "\"1\""), ("content-type", "text/plain"), ("x-own", "1")];
    match how.as_str() {
        "streamed" => (DoNotStore, fields, Frames::of(&["01234", "56789"])).into_response(),
        "missing" => (StatusCode::NOT_FOUND, DoNotStore, fields, "0123456789").into_response(),
        _ => (DoNotStore, fields, "0123456789").into_response(),
    }
}

#[tokio::test]
async fn a_response_that_is_not_stored_is_not_sent_again_to_who_has_it() {
    let site = Site::of(not_stored);
    for how in ["/whole", "/streamed"] {
        let known = site.ask("GET", how, &[("if-none-match", "\"1\"")]).await;
        assert_eq!((known.status, known.content.len()), (StatusCode::NOT_MODIFIED, 0), "{how}");
        assert_eq!((known.field("etag"), known.field("content-type"), known.field("x-own")), (Some("\"1\""), None, Some("1")));
        assert_eq!(site.ask("GET", how, &[("if-match", "\"2\"")]).await.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(site.ask("GET", how, &[("if-none-match", "\"2\"")]).await.text(), "0123456789");
        // A part is not cut from what is not there as a whole.
        assert_eq!(site.ask("GET", how, &[("range", "bytes=0-1")]).await.text(), "0123456789");
    }
    assert_eq!(site.ask("GET", "/missing", &[("if-none-match", "\"1\"")]).await.status, StatusCode::NOT_FOUND);
}
