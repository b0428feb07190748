//! The declared length of a response's content, and content that never ends (RFC 9110 §8.6).

use http::{HeaderMap, HeaderValue, header};

/// Whether each `Content-Length` that the handler set is the length of the content.
pub(crate) fn is_as_long_as_declared(fields: &HeaderMap, content: &[u8]) -> bool {
    fields
        .get_all(header::CONTENT_LENGTH)
        .iter()
        .all(|declared| declared.to_str().ok().and_then(|declared| declared.trim().parse::<usize>().ok()) == Some(content.len()))
}

/// Whether `Content-Length` declares more than `limit` bytes.
pub(crate) fn is_declared_longer(fields: &HeaderMap, limit: usize) -> bool {
    declared(fields).is_some_and(|declared| declared > limit as u64)
}

/// The value of `Content-Length`.
pub(crate) fn declared(fields: &HeaderMap) -> Option<u64> {
    fields.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// Whether the content is of a type that goes on until one side disconnects.
pub(crate) fn is_endless(fields: &HeaderMap) -> bool {
    let media_type = fields.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let essence = media_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    [&b"text/event-stream"[..], b"multipart/x-mixed-replace"].iter().any(|endless| essence.eq_ignore_ascii_case(endless))
}
