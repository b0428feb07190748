//! Arguments taken from the query, and those of forms, which are the query on GET.

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

/// Split and decoded as by the parser that both axum's and axum-extra's `Query` use; where there is nothing to decode,
/// in a tenth of its time.
fn parameters(query: &str, names: &[&str], key: &mut KeyWriter<'_>) {
    if query.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        sorted(form_urlencoded::parse(query.as_bytes()), names, key);
    } else {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        sorted(pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))), names, key);
    }
}

/// Those that are read, sorted by name.
fn sorted<T: AsRef<str>>(all: impl Iterator<Item = (T, T)>, names: &[&str], key: &mut KeyWriter<'_>) {
    let mut read: SmallVec<[(T, T); 4]> = all.filter(|(name, _)| names.contains(&name.as_ref())).collect();
    // Stable: repeated ones stay in order.
    if !read.is_sorted_by(|(left, _), (right, _)| left.as_ref() <= right.as_ref()) {
        read.sort_by(|(left, _), (right, _)| left.as_ref().cmp(right.as_ref()));
    }
    key.tag(Tag::Parameters);
    for (name, value) in &read {
        key.tag(Tag::Some);
        key.raw(name.as_ref().as_bytes());
        key.raw(value.as_ref().as_bytes());
    }
    key.tag(Tag::End);
}

/// Whether a form is the query of this request. On HEAD axum takes it from the content, if there is any.
pub(super) fn is_form(key: &mut KeyWriter<'_>) -> bool {
    let is_query = key.facts.method == Method::GET;
    if !is_query {
        key.bypass(content::UNKEYED);
    }
    is_query
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
