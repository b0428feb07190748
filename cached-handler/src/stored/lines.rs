//! The lines of a stored response, in an order in which an answer finds what it sets without a search.

use std::{mem, sync::LazyLock};

use http::{HeaderMap, HeaderValue, header};

/// Adds the line whose place a copy of the fields has for the length that the server writes. Without that place the copy would
/// grow to twice its size for one line. [`take_room`] takes the line out of each copy.
pub(crate) fn leave_room(fields: &mut HeaderMap) {
    fields.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
}

/// Takes the line of [`leave_room`] out of a copy, and leaves its place.
#[inline]
pub(crate) fn take_room(fields: &mut HeaderMap) {
    // Its value is text of the program, and need not be dropped.
    mem::forget(fields.remove(header::CONTENT_LENGTH));
}

/// Sets the tag in the line that [`reserve_lines`] put in the second place.
pub(crate) fn set_tag(fields: &mut HeaderMap, tag: &HeaderValue) {
    match fields.iter_mut().nth(1) {
        Some((name, value)) if *name == header::ETAG => *value = tag.clone(),
        _ => drop(fields.insert(header::ETAG, tag.clone())),
    }
}

/// Sets the value of the line that [`reserve_lines`] put in the first place, where it is found without a search.
#[expect(clippy::inline_always, reason = "a call on the way of every hit")]
#[inline(always)]
pub(crate) fn set_age(fields: &mut HeaderMap, age: u64) {
    match fields.iter_mut().next() {
        Some((name, value)) if *name == header::AGE => *value = age_value(age),
        _ => drop(fields.insert(header::AGE, age_value(age))),
    }
}

/// `Age` in seconds; the first ten minutes are ready, as text that lives as long as the process: whoever clones such a
/// value counts no references.
pub(super) fn age_value(secs: u64) -> HeaderValue {
    static READY: LazyLock<Vec<HeaderValue>> =
        LazyLock::new(|| (0..600_u64).map(|secs| HeaderValue::from_static(secs.to_string().leak())).collect());
    match usize::try_from(secs).map(|secs| READY.get(secs)) {
        Ok(Some(ready)) => ready.clone(),
        _ => HeaderValue::from(secs),
    }
}

/// The lines of a stored response that is read from a backend: first the `Age` that each answer sets, then the entity tag that some
/// change.
pub(crate) fn reserve_lines(fields: &mut HeaderMap) {
    let mut all = HeaderMap::with_capacity(fields.len() + 2);
    all.insert(header::AGE, age_value(0));
    let mut tags = fields.get_all(header::ETAG).iter();
    // Two lines are no valid field, and stay as they are.
    let tag = tags.next().filter(|_| tags.next().is_none()).cloned();
    let has_tag = tag.is_some();
    all.extend(tag.map(|tag| (header::ETAG, tag)));
    let mut last = None;
    for (name, value) in mem::take(fields) {
        last = name.or(last);
        if let Some(name) = last.as_ref().filter(|name| **name != header::AGE && !(has_tag && **name == header::ETAG)) {
            all.append(name, value);
        }
    }
    *fields = all;
}
