//! Preconditions and ranges that a cache evaluates against a stored response, and the answer 304 (RFC 9110 §13, §14,
//! §15.4.5).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::range::{self, Asked};
use crate::{
    header::{
        date,
        entity_tag::{self, EntityTag, TagRef},
        targeted::TargetList,
    },
    rules::conditions::{Conditional, Single},
};

/// The answer to a request with preconditions or a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The whole response, with its own status.
    Whole,
    /// 304.
    NotModified,
    /// 412.
    Failed,
    /// 206, with the bytes from `first` to `last` inclusive.
    Part { first: usize, last: usize },
    /// 416.
    Outside,
}

/// The response that a request selects, with what its preconditions are compared with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selected<'a> {
    pub(crate) status: StatusCode,
    pub(crate) entity_tag: Option<TagRef<'a>>,
    pub(crate) last_modified: Option<&'a HeaderValue>,
    pub(crate) date: Option<&'a HeaderValue>,
    /// The length of its content, if known.
    pub(crate) length: Option<usize>,
    /// It was stored and its `Date` comes from a server, so that `Date` may stand in for a missing `Last-Modified` (RFC 9111
    /// §4.3.2).
    pub(crate) goes_by_its_date: bool,
    /// An outer layer may change its bytes for this client, so that no date identifies them.
    pub(crate) may_change: bool,
}

/// Evaluates the preconditions in the order of RFC 9110 §13.2.2, for GET and HEAD.
pub(crate) fn verdict(asked: &Conditional, method: &Method, selected: &Selected<'_>) -> Verdict {
    // §13.2.1: preconditions do not apply to a response that is not a success.
    if !selected.status.is_success() {
        return Verdict::Whole;
    }
    if fails(asked, selected) {
        return Verdict::Failed;
    }
    let is_unmodified = if asked.if_none_match.is_empty() {
        asked.if_modified_since.get().and_then(date::parse).is_some_and(|since| is_unmodified_since(since, selected))
    } else {
        matches_any(&asked.if_none_match, selected.entity_tag, Comparison::Weak)
    };
    if is_unmodified {
        return Verdict::NotModified;
    }
    match (asked.range(), selected.length) {
        (Some(range), Some(length)) if *method == Method::GET && selected.status == StatusCode::OK && may_be_cut(asked, selected) => {
            match range::asked(range, length) {
                Asked::Whole => Verdict::Whole,
                Asked::Part { first, last } => Verdict::Part { first, last },
                Asked::Outside => Verdict::Outside,
            }
        }
        _ => Verdict::Whole,
    }
}

/// Whether the answer is 412: `If-Match` takes precedence over `If-Unmodified-Since` (§13.1.1, §13.1.4).
fn fails(asked: &Conditional, selected: &Selected<'_>) -> bool {
    if !asked.if_match().is_empty() {
        return !matches_any(asked.if_match(), selected.entity_tag, Comparison::Strong);
    }
    match (asked.if_unmodified_since().and_then(date::parse), selected.last_modified.and_then(date::parse)) {
        (Some(since), Some(modified)) => modified > since,
        _ => false,
    }
}

/// Whether the representation is the one that the client had at `since`. Times are whole seconds, and a representation that
/// replaced another within one second has the same time. So an equal time counts only if it is a strong validator (§8.8.2.2).
fn is_unmodified_since(since: SystemTime, selected: &Selected<'_>) -> bool {
    match selected.last_modified {
        Some(modified) => {
            date::parse(modified).is_some_and(|modified| modified < since || modified == since && is_strong(modified, selected))
        }
        // `Date` says less than `Last-Modified`: the handler may have read its data, and the data may have changed, before the
        // response was sent. Hence a margin, which also covers clocks that differ by a second.
        None if selected.goes_by_its_date => {
            let sent = selected.date.and_then(date::parse);
            sent.and_then(|sent| since.duration_since(sent).ok()).is_some_and(|later| later >= SENT_WELL_BEFORE)
        }
        None => false,
    }
}

/// How much later than the stored response's `Date` the client's date has to be.
const SENT_WELL_BEFORE: Duration = Duration::from_secs(2);

/// Whether a `Last-Modified` is a strong validator: the response was made at least a second later (§8.8.2.2). A handler's
/// response without a `Date` was made now, and its `Last-Modified` is trusted.
fn is_strong(modified: SystemTime, selected: &Selected<'_>) -> bool {
    match selected.date.map(date::parse) {
        None => true,
        Some(made) => made.and_then(|made| made.duration_since(modified).ok()).is_some_and(|since| since >= Duration::from_secs(1)),
    }
}

/// Whether the client may combine a part of this response with what it has. A precondition by a time that is no strong
/// validator does not allow that; the whole response is then sent, as it always may be (§14.2).
fn may_be_cut(asked: &Conditional, selected: &Selected<'_>) -> bool {
    let by_its_time = if asked.if_match().is_empty() { asked.if_unmodified_since() } else { None };
    let holds =
        by_its_time.is_none_or(|_| selected.last_modified.and_then(date::parse).is_some_and(|modified| is_strong(modified, selected)));
    holds && applies(asked.if_range(), selected)
}

/// Whether `If-Range` names this representation, by its tag or by a date that is a strong validator (§13.1.5).
fn applies(if_range: &Single, selected: &Selected<'_>) -> bool {
    let validator = match if_range {
        Single::Absent => return true,
        Single::Twice => return false,
        Single::Once(validator) => validator,
    };
    if let Some(asked) = TagRef::parse(validator) {
        return selected.entity_tag.is_some_and(|tag| tag.strong_eq(asked));
    }
    let is_dated = selected.date.is_some() && !selected.may_change;
    let is_strong = selected.last_modified.and_then(date::parse).is_some_and(|modified| is_strong(modified, selected));
    is_dated && is_strong && selected.last_modified == Some(validator)
}

/// Whether the answer is 304: `If-None-Match` takes precedence over `If-Modified-Since` (RFC 9110 §13.2.2).
pub(crate) fn not_modified(
    if_none_match: &[HeaderValue],
    if_modified_since: Option<&HeaderValue>,
    entity_tag: Option<TagRef<'_>>,
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

/// Whether any tag of any line matches. A line that cannot be parsed matches nothing, so that the whole response is sent.
fn matches_any(lines: &[HeaderValue], entity_tag: Option<TagRef<'_>>, comparison: Comparison) -> bool {
    lines.iter().any(|line| {
        let line = line.as_bytes().trim_ascii();
        line == b"*" || entity_tag.is_some_and(|tag| is_alone(line, tag, comparison) || lists(line, tag, comparison))
    })
}

/// A line that is exactly this tag, as most are, is compared without parsing it.
fn is_alone(line: &[u8], tag: TagRef<'_>, comparison: Comparison) -> bool {
    comparison == Comparison::Weak && tag.is_quoted_as(line.strip_prefix(b"W/").unwrap_or(line))
}

fn lists(line: &[u8], tag: TagRef<'_>, comparison: Comparison) -> bool {
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

/// Removes the fields of a 200 that describe its content, which a 304 does not have.
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

/// The fields of a 304: those of the 200 that matter to a cache, targeted fields included (RFC 9110 §15.4.5).
/// `Last-Modified` is sent only if there is no entity tag.
pub(crate) fn not_modified_fields(fields: &HeaderMap, targeted: TargetList) -> HeaderMap {
    let has_tag = fields.contains_key(header::ETAG);
    let mut kept = HeaderMap::with_capacity(fields.len());
    for (name, line) in fields.iter().filter(|(name, _)| is_kept_in_304(name, targeted, has_tag)) {
        kept.append(name, line.clone());
    }
    kept
}

/// Whether a 304 has the lines of this name.
pub(crate) fn is_kept_in_304(name: &HeaderName, targeted: TargetList, has_tag: bool) -> bool {
    let matters = [header::CACHE_CONTROL, header::CONTENT_LOCATION, header::DATE, header::ETAG, header::EXPIRES, header::VARY];
    matters.contains(name) || targeted.iter().any(|targeted| name == targeted) || !has_tag && *name == header::LAST_MODIFIED
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
        not_modified(&self.if_none_match, self.if_modified_since.as_ref(), entity_tag.map(EntityTag::as_ref), last_modified.as_ref())
    }
}

/// Weak comparison of entity tags as they were sent (RFC 9110 §8.8.3.2).
pub(crate) fn is_the_same_weakly(one: &HeaderValue, other: &HeaderValue) -> bool {
    without_weakness(one) == without_weakness(other)
}

fn without_weakness(tag: &HeaderValue) -> &[u8] {
    let bytes = tag.as_bytes();
    bytes.strip_prefix(b"W/").unwrap_or(bytes)
}

/// The fields of a 412 or 416 in place of a response with `fields`. It concerns one request, so no cache may store it.
pub(crate) fn refusal_fields(fields: &HeaderMap) -> HeaderMap {
    let mut refusal = HeaderMap::new();
    for name in [header::DATE, header::ETAG, header::VARY] {
        if let Some(value) = fields.get(&name) {
            refusal.insert(name, value.clone());
        }
    }
    refusal.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    refusal
}

#[cfg(test)]
mod tests;
