//! Preconditions and ranges that a cache evaluates against a stored response, and the answer 304 (RFC 9110 §13, §14,
//! §15.4.5).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::range::{self, Asked};
use crate::{
    conditions::{Conditional, Single},
    header::{
        date,
        entity_tag::{self, EntityTag},
        targeted::TargetList,
    },
};

/// What a request's conditions make of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is sent as it is.
    Whole,
    /// 304.
    NotModified,
    /// 412.
    Failed,
    /// 206, with these bytes, both of them among it.
    Part { first: usize, last: usize },
    /// 416.
    Outside,
}

/// The response that a request selects, as far as its conditions look at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selected<'a> {
    pub(crate) status: StatusCode,
    pub(crate) entity_tag: Option<&'a EntityTag>,
    pub(crate) last_modified: Option<&'a HeaderValue>,
    pub(crate) date: Option<&'a HeaderValue>,
    /// How long its content is, where that is known.
    pub(crate) length: Option<usize>,
    /// It lay in the store: `Date` may stand in for a `Last-Modified` that it does not have (RFC 9111 §4.3.2).
    pub(crate) is_stored: bool,
}

/// In the order of RFC 9110 §13.2.2, for GET and HEAD.
pub(crate) fn verdict(asked: &Conditional, method: &Method, selected: &Selected<'_>) -> Verdict {
    // §13.2.1: what would not have been a success is sent as it is.
    if !selected.status.is_success() {
        return Verdict::Whole;
    }
    if fails(asked, selected) {
        return Verdict::Failed;
    }
    let modified = selected.last_modified.or(selected.date.filter(|_| selected.is_stored));
    if not_modified(&asked.if_none_match, asked.if_modified_since.get(), selected.entity_tag, modified) {
        return Verdict::NotModified;
    }
    match (asked.range(), selected.length) {
        (Some(range), Some(length))
            if *method == Method::GET && selected.status == StatusCode::OK && applies(asked.if_range(), selected) =>
        {
            match range::asked(range, length) {
                Asked::Whole => Verdict::Whole,
                Asked::Part { first, last } => Verdict::Part { first, last },
                Asked::Outside => Verdict::Outside,
            }
        }
        _ => Verdict::Whole,
    }
}

/// `If-Match` counts before `If-Unmodified-Since` (§13.1.1, §13.1.4).
fn fails(asked: &Conditional, selected: &Selected<'_>) -> bool {
    if !asked.if_match().is_empty() {
        return !matches_any(asked.if_match(), selected.entity_tag, Comparison::Strong);
    }
    match (asked.if_unmodified_since().and_then(date::parse), selected.last_modified.and_then(date::parse)) {
        (Some(since), Some(modified)) => modified > since,
        _ => false,
    }
}

/// Whether the range is asked of this very representation (§13.1.5): by its tag, or by a date that is as good as one.
fn applies(if_range: &Single, selected: &Selected<'_>) -> bool {
    let validator = match if_range {
        Single::Absent => return true,
        Single::Twice => return false,
        Single::Once(validator) => validator,
    };
    if let Some(asked) = EntityTag::parse(validator) {
        return selected.entity_tag.is_some_and(|tag| tag.strong_eq(&asked));
    }
    let is_strong = match (selected.last_modified.and_then(date::parse), selected.date.and_then(date::parse)) {
        // §8.8.2.2: it was not modified again within the second in which it was made.
        (Some(modified), Some(made)) => made.duration_since(modified).is_ok_and(|since| since >= Duration::from_secs(1)),
        _ => false,
    };
    is_strong && selected.last_modified == Some(validator)
}

/// Whether 304 is the answer: `If-None-Match` counts before `If-Modified-Since` (RFC 9110 §13.2.2).
pub(crate) fn not_modified(
    if_none_match: &[HeaderValue],
    if_modified_since: Option<&HeaderValue>,
    entity_tag: Option<&EntityTag>,
    last_modified: Option<&HeaderValue>,
) -> bool {
    if !if_none_match.is_empty() {
        return matches_any(if_none_match, entity_tag, Comparison::Weak);
    }
    match (if_modified_since.and_then(date::parse), last_modified.and_then(date::parse)) {
        (Some(since), Some(modified)) => modified <= since,
        _ => false,
    }
}

/// RFC 9110 §8.8.3.2.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// With each tag of all lines. A line that cannot be read matches nothing, so that the whole response is sent.
fn matches_any(lines: &[HeaderValue], entity_tag: Option<&EntityTag>, comparison: Comparison) -> bool {
    lines.iter().any(|line| {
        let line = line.as_bytes().trim_ascii();
        line == b"*" || entity_tag.is_some_and(|tag| is_alone(line, tag, comparison) || lists(line, tag, comparison))
    })
}

/// Most lines are one tag, the one that was sent: they need not be taken apart.
fn is_alone(line: &[u8], tag: &EntityTag, comparison: Comparison) -> bool {
    comparison == Comparison::Weak && tag.is_quoted_as(line.strip_prefix(b"W/").unwrap_or(line))
}

fn lists(line: &[u8], tag: &EntityTag, comparison: Comparison) -> bool {
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
        let Some((weak, quoted, after)) = entity_tag::split(rest) else { return false };
        let after = after.trim_ascii_start();
        if !after.is_empty() && !after.starts_with(b",") {
            return false;
        }
        let may_match = comparison == Comparison::Weak || !(weak || tag.is_weak());
        found |= may_match && tag.is_quoted_as(quoted);
        rest = after;
    }
}

/// Takes away the fields of a 200 that say something of its content, which a 304 does not have.
pub(crate) fn drop_what_no_304_has(fields: &mut HeaderMap) {
    for name in &[
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::CONTENT_LANGUAGE,
        header::CONTENT_RANGE,
        header::CONTENT_DISPOSITION,
    ] {
        fields.remove(name);
    }
    if fields.contains_key(header::ETAG) {
        fields.remove(header::LAST_MODIFIED);
    }
}

/// The fields of a 304: those that a 200 would have had and that matter to a cache, this one's own among them.
/// `Last-Modified` only where there is no entity tag to go by.
pub(crate) fn not_modified_fields(fields: &HeaderMap, targeted: TargetList) -> HeaderMap {
    let names = &[header::CACHE_CONTROL, header::CONTENT_LOCATION, header::DATE, header::ETAG, header::EXPIRES, header::VARY];
    let mut kept = HeaderMap::with_capacity(names.len() + targeted.len() + 1);
    let mut keep = |name: &HeaderName| {
        for line in fields.get_all(name) {
            kept.append(name, line.clone());
        }
    };
    names.iter().for_each(&mut keep);
    for name in targeted.iter().filter_map(|name| name.parse().ok()) {
        keep(&name);
    }
    if !fields.contains_key(header::ETAG) {
        keep(&header::LAST_MODIFIED);
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

    /// By the name of each field, for a response with the tag `"1"`, modified at 08:49:37 and made a minute later.
    fn of(asked: &[(&str, &'static str)], status: u16, length: usize) -> Verdict {
        let mut conditional = Conditional::default();
        for (name, value) in asked {
            conditional.note(&name.parse().unwrap(), &HeaderValue::from_static(value));
        }
        let tag = EntityTag::parse(&HeaderValue::from_static("\"1\"")).unwrap();
        let selected = Selected {
            status: StatusCode::from_u16(status).unwrap(),
            entity_tag: Some(&tag),
            last_modified: Some(&HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT")),
            date: Some(&HeaderValue::from_static("Sun, 06 Nov 1994 08:50:37 GMT")),
            length: Some(length),
            is_stored: true,
        };
        verdict(&conditional, &Method::GET, &selected)
    }

    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    #[test]
    fn preconditions_are_taken_in_the_order_of_the_rfc() {
        let part = Verdict::Part { first: 0, last: 1 };
        for (asked, expected) in [
            (&[][..], Verdict::Whole),
            // 1 and 2: the one before the other, and both before what comes then.
            (&[("if-match", "\"1\""), ("if-unmodified-since", BEFORE)], Verdict::Whole),
            (&[("if-match", "\"2\"")], Verdict::Failed),
            (&[("if-match", "\"2\""), ("if-match", "\"1\"")], Verdict::Whole),
            (&[("if-match", "*")], Verdict::Whole),
            (&[("if-match", "junk")], Verdict::Failed),
            (&[("if-unmodified-since", BEFORE)], Verdict::Failed),
            (&[("if-unmodified-since", MODIFIED)], Verdict::Whole),
            (&[("if-unmodified-since", "junk")], Verdict::Whole),
            (&[("if-match", "\"2\""), ("if-none-match", "\"1\"")], Verdict::Failed),
            // If-Match compares strongly, If-None-Match weakly.
            (&[("if-match", "W/\"1\"")], Verdict::Failed),
            (&[("if-none-match", "W/\"1\"")], Verdict::NotModified),
            // 3 and 4.
            (&[("if-none-match", "\"2\""), ("if-modified-since", MODIFIED)], Verdict::Whole),
            (&[("if-modified-since", MODIFIED)], Verdict::NotModified),
            (&[("if-modified-since", MODIFIED), ("if-modified-since", MODIFIED)], Verdict::Whole),
            (&[("if-none-match", "\"1\""), ("range", "bytes=0-1")], Verdict::NotModified),
            // 5.
            (&[("range", "bytes=0-1")], part),
            (&[("range", "bytes=0-1"), ("if-range", "\"1\"")], part),
            (&[("range", "bytes=0-1"), ("if-range", "W/\"1\"")], Verdict::Whole),
            (&[("range", "bytes=0-1"), ("if-range", "\"2\"")], Verdict::Whole),
            (&[("range", "bytes=0-1"), ("if-range", MODIFIED)], part),
            (&[("range", "bytes=0-1"), ("if-range", BEFORE)], Verdict::Whole),
            (&[("range", "bytes=0-1"), ("if-range", "\"1\""), ("if-range", "\"1\"")], Verdict::Whole),
            (&[("range", "bytes=5-"), ("if-match", "\"1\"")], Verdict::Outside),
            (&[("range", "bytes=0-1"), ("range", "bytes=0-1")], Verdict::Whole),
        ] {
            assert_eq!(of(asked, 200, 5), expected, "{asked:?}");
        }
    }

    #[test]
    fn what_is_no_success_is_sent_as_it_is() {
        for status in [301, 404, 500] {
            assert_eq!(of(&[("if-match", "\"2\""), ("range", "bytes=0-1")], status, 5), Verdict::Whole);
        }
        assert_eq!(of(&[("range", "bytes=0-1")], 203, 5), Verdict::Whole);
    }

    #[test]
    fn a_date_stands_in_for_a_modification_only_of_what_was_stored() {
        let asked = |is_stored| {
            let mut conditional = Conditional::default();
            conditional.note(&header::IF_MODIFIED_SINCE, &HeaderValue::from_static(MODIFIED));
            let date = HeaderValue::from_static(MODIFIED);
            let selected =
                Selected { status: StatusCode::OK, entity_tag: None, last_modified: None, date: Some(&date), length: Some(5), is_stored };
            verdict(&conditional, &Method::GET, &selected)
        };
        assert_eq!((asked(true), asked(false)), (Verdict::NotModified, Verdict::Whole));
    }

    #[test]
    fn a_date_of_the_second_in_which_it_was_made_is_no_strong_validator() {
        let mut conditional = Conditional::default();
        conditional.note(&header::RANGE, &HeaderValue::from_static("bytes=0-1"));
        conditional.note(&header::IF_RANGE, &HeaderValue::from_static(MODIFIED));
        let date = HeaderValue::from_static(MODIFIED);
        let selected = Selected {
            status: StatusCode::OK,
            entity_tag: None,
            last_modified: Some(&date),
            date: Some(&date),
            length: Some(5),
            is_stored: true,
        };
        assert_eq!(verdict(&conditional, &Method::GET, &selected), Verdict::Whole);
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
            not_modified_fields(&fields, &[]).iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap())).collect();
        kept.sort();
        assert_eq!(kept, ["date=x", "etag=\"1\"", "vary=a", "vary=b"]);
        fields.remove("etag");
        assert!(not_modified_fields(&fields, &[]).contains_key("last-modified"));
    }
}
