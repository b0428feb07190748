//! Arguments taken from the query, and those of forms, which are the query on GET.

use std::borrow::Cow;

use axum::{
    Form,
    extract::{Query, RawForm, RawQuery},
};
use http::Method;
use serde::de::DeserializeOwned;
use smallvec::SmallVec;

use super::content;
use crate::{
    cache_key::{CacheKey, KeyWriter, Tag},
    probe::{Reads, reads},
};

/// The parameters that `T` reads, sorted by name, repeated ones in order; or else the query as sent. An absent query is
/// an empty one to every `T`.
pub(super) fn write<T: DeserializeOwned + 'static>(key: &mut KeyWriter<'_>) {
    let facts = key.facts;
    let query = facts.query().unwrap_or_default();
    match reads::<T>() {
        Reads::Everything => raw(query, key),
        Reads::Only(names) => parameters(query, names, key),
    }
}

/// The query as sent.
pub(super) fn raw(query: &str, key: &mut KeyWriter<'_>) {
    key.tag(Tag::RawQuery);
    key.raw(query.as_bytes());
}

/// Split and decoded as by the parser that both axum's and axum-extra's `Query` use; where there is nothing to decode
/// and nothing to sort, in a tenth of its time.
fn parameters(query: &str, names: &[&str], key: &mut KeyWriter<'_>) {
    let start = key.position();
    key.tag(Tag::Parameters);
    if !as_they_come(query.as_bytes(), names, key) {
        key.rewind(start);
        key.tag(Tag::Parameters);
        sorted(query, names, key);
    }
    key.tag(Tag::End);
}

/// Writes the parameters if they are sorted and plain; otherwise gives up, and has written some.
fn as_they_come(query: &[u8], names: &[&str], key: &mut KeyWriter<'_>) -> bool {
    let mut last: Option<&[u8]> = None;
    let mut rest = query;
    while !rest.is_empty() {
        let Some((pair, equals)) = pair(rest) else { return false };
        rest = rest.get(pair.len() + 1..).unwrap_or_default();
        let (name, value) = pair.split_at_checked(equals).unwrap_or((pair, &[]));
        if pair.is_empty() || !names.iter().any(|read| is_same(read.as_bytes(), name)) {
            continue;
        }
        if last.is_some_and(|last| name < last) {
            return false;
        }
        last = Some(name);
        key.parameter(name, value.get(1..).unwrap_or_default());
    }
    true
}

/// The bytes up to the next `&`, and where the first `=` stands in them or they end; nothing if there is one to decode.
fn pair(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let mut equals = usize::MAX;
    let mut end = bytes.len();
    for (at, byte) in bytes.iter().enumerate() {
        // All four lie at or below `=`, as do digits: letters cost one comparison.
        if *byte > b'=' {
            continue;
        }
        match byte {
            b'=' => equals = equals.min(at),
            b'&' => {
                end = at;
                break;
            }
            b'%' | b'+' => return None,
            _ => {}
        }
    }
    bytes.get(..end).map(|pair| (pair, equals.min(end)))
}

/// Tells names apart by length and first letter before it compares them.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.first() == other.first() && one == other
}

fn sorted(query: &str, names: &[&str], key: &mut KeyWriter<'_>) {
    let all = form_urlencoded::parse(query.as_bytes());
    let mut read: SmallVec<[(Cow<'_, str>, Cow<'_, str>); 4]> = all.filter(|(name, _)| names.contains(&&**name)).collect();
    // Stable: repeated ones stay in order.
    read.sort_by(|(left, _), (right, _)| left.cmp(right));
    for (name, value) in &read {
        key.parameter(name.as_bytes(), value.as_bytes());
    }
}

/// Whether a form is the query of this request. On HEAD axum takes it from the content, which the key does not hold;
/// other methods have no key.
pub(super) fn is_form(key: &mut KeyWriter<'_>) -> bool {
    if key.facts.method == Method::HEAD {
        key.bypass(content::UNKEYED);
    }
    key.facts.method == Method::GET
}

impl<T: DeserializeOwned + 'static> CacheKey for Query<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        write::<T>(key);
    }
}

impl<T: DeserializeOwned + 'static> CacheKey for Form<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        if is_form(key) {
            write::<T>(key);
        }
    }
}

#[diagnostic::do_not_recommend]
impl CacheKey for RawQuery {
    /// `None` for `/a`, an empty one for `/a?`.
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        match &self.0 {
            None => key.tag(Tag::None),
            Some(query) => raw(query, key),
        }
    }
}

#[diagnostic::do_not_recommend]
impl CacheKey for RawForm {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        if is_form(key) {
            key.part(&self.0);
        }
    }
}
