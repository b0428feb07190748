//! Preconditions that a cache evaluates, and the answer 304 (RFC 9110 §13, §15.4.5).

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::header::{
    cdn_cache_control, date,
    entity_tag::{self, EntityTag},
};

/// Whether 304 is the answer: `If-None-Match` counts before `If-Modified-Since` (RFC 9110 §13.2.2).
pub(crate) fn not_modified(
    if_none_match: &[HeaderValue],
    if_modified_since: Option<&HeaderValue>,
    entity_tag: Option<&EntityTag>,
    last_modified: Option<&HeaderValue>,
) -> bool {
    if !if_none_match.is_empty() {
        return matches_any(if_none_match, entity_tag);
    }
    match (if_modified_since.and_then(date::parse), last_modified.and_then(date::parse)) {
        (Some(since), Some(modified)) => modified <= since,
        _ => false,
    }
}

/// RFC 9110 §13.1.2: weak comparison with each tag of all lines. A line that cannot be read matches nothing, so that the
/// whole response is sent.
fn matches_any(lines: &[HeaderValue], entity_tag: Option<&EntityTag>) -> bool {
    lines.iter().any(|line| {
        let line = line.as_bytes().trim_ascii();
        line == b"*" || entity_tag.is_some_and(|tag| is_alone(line, tag) || lists(line, tag))
    })
}

/// Most lines are one tag, the one that was sent: they need not be taken apart.
fn is_alone(line: &[u8], tag: &EntityTag) -> bool {
    tag.is_quoted_as(line.strip_prefix(b"W/").unwrap_or(line))
}

fn lists(line: &[u8], tag: &EntityTag) -> bool {
    let mut rest = line;
    let mut found = false;
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return found;
        }
        if let Some(after) = rest.strip_prefix(b",") {
            rest = after;
            continue;
        }
        let Some((_, quoted, after)) = entity_tag::split(rest) else { return false };
        let after = after.trim_ascii_start();
        if !after.is_empty() && !after.starts_with(b",") {
            return false;
        }
        found |= tag.is_quoted_as(quoted);
        rest = after;
    }
}

/// The fields of a 304: those that a 200 would have had and that matter to a cache. `Last-Modified` only where there is no
/// entity tag to go by.
pub(crate) fn not_modified_fields(fields: &HeaderMap) -> HeaderMap {
    let names = [
        header::CACHE_CONTROL,
        HeaderName::from_static(cdn_cache_control::NAME),
        header::CONTENT_LOCATION,
        header::DATE,
        header::ETAG,
        header::EXPIRES,
        header::VARY,
    ];
    let mut kept = HeaderMap::with_capacity(names.len() + 1);
    let only_without_tag = (!fields.contains_key(header::ETAG)).then_some(header::LAST_MODIFIED);
    for name in names.into_iter().chain(only_without_tag) {
        for line in fields.get_all(&name) {
            kept.append(name.clone(), line.clone());
        }
    }
    kept
}

/// The preconditions of a request, for handlers that are not cached and can tell cheaply that nothing has changed.
///
/// ```
/// use axum::{http::{HeaderMap, StatusCode, header}, response::{IntoResponse, Response}};
/// use cached_handler::{EntityTag, Preconditions};
///
/// async fn report(headers: HeaderMap) -> Response {
///     let tag = EntityTag::of(b"version 7 of the report");
///     if Preconditions::of(&headers).not_modified(Some(&tag), None) {
///         return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag.to_header_value())]).into_response();
///     }
///     ([(header::ETAG, tag.to_header_value())], "the whole report").into_response()
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Preconditions {
    if_none_match: Vec<HeaderValue>,
    if_modified_since: Option<HeaderValue>,
}

impl Preconditions {
    /// Those of a request's fields: `If-None-Match`, all lines, and `If-Modified-Since`.
    #[must_use]
    pub fn of(fields: &HeaderMap) -> Self {
        let mut dates = fields.get_all(header::IF_MODIFIED_SINCE).iter();
        let if_modified_since = dates.next().filter(|_| dates.next().is_none()).cloned();
        Self { if_none_match: fields.get_all(header::IF_NONE_MATCH).iter().cloned().collect(), if_modified_since }
    }

    /// Whether a GET or HEAD is to be answered 304, for a response with these validators (RFC 9110 §13.2.2).
    #[must_use]
    pub fn not_modified(&self, entity_tag: Option<&EntityTag>, last_modified: Option<SystemTime>) -> bool {
        let last_modified = last_modified.map(date::print);
        not_modified(&self.if_none_match, self.if_modified_since.as_ref(), entity_tag, last_modified.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(lines: &[&'static str], since: Option<&'static str>) -> bool {
        let lines: Vec<_> = lines.iter().map(|line| HeaderValue::from_static(line)).collect();
        let tag = EntityTag::parse(&HeaderValue::from_static("\"a,b\"")).unwrap();
        let modified = HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");
        not_modified(&lines, since.map(HeaderValue::from_static).as_ref(), Some(&tag), Some(&modified))
    }

    #[test]
    fn a_tag_is_found_on_any_line_in_any_list_weak_or_not() {
        for lines in [&["\"a,b\""][..], &["\"x\", W/\"a,b\""], &["\"x\"", "\"y\",,\"a,b\""], &["*"], &[" * "]] {
            assert!(asks(lines, None), "{lines:?}");
        }
        for lines in [&["\"a\""][..], &["a,b"], &["\"a,b"], &["\"a,b\" \"c\""], &[""], &["\"x\" junk, \"a,b\""]] {
            assert!(!asks(lines, None), "{lines:?}");
        }
    }

    #[test]
    fn a_tag_counts_before_a_date() {
        let same = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert!(asks(&[], Some(same)));
        assert!(asks(&[], Some("Sunday, 06-Nov-94 08:49:38 GMT")));
        assert!(!asks(&[], Some("Sun, 06 Nov 1994 08:49:36 GMT")));
        assert!(!asks(&["\"other\""], Some(same)));
        assert!(!asks(&[], Some("yesterday")));
    }

    #[test]
    fn a_304_has_the_fields_that_the_rfc_asks_for() {
        let mut fields = HeaderMap::new();
        for (name, value) in [
            ("etag", "\"1\""),
            ("date", "x"),
            ("vary", "a"),
            ("vary", "b"),
            ("content-type", "t"),
            ("set-cookie", "s"),
            ("last-modified", "m"),
        ] {
            fields.append(name, HeaderValue::from_static(value));
        }
        let mut kept: Vec<_> =
            not_modified_fields(&fields).iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap())).collect();
        kept.sort();
        assert_eq!(kept, ["date=x", "etag=\"1\"", "vary=a", "vary=b"]);
        fields.remove("etag");
        assert!(not_modified_fields(&fields).contains_key("last-modified"));
    }
}
