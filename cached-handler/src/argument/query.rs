//! Arguments taken from the query, and those of forms, which are the query on GET.

use std::borrow::Cow;

use axum::{
    Form,
    extract::{Query, RawForm, RawQuery},
};
use http::Method;
use serde::de::DeserializeOwned;
use smallvec::SmallVec;

use super::{Keyed, content};
use crate::{
    cache_key::{KeyWriter, Tag},
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

/// Split and decoded by the parser that both axum's and axum-extra's `Query` use.
fn parameters(query: &str, names: &[&str], key: &mut KeyWriter<'_>) {
    let all = form_urlencoded::parse(query.as_bytes());
    let mut read: SmallVec<[(Cow<'_, str>, Cow<'_, str>); 8]> = all.filter(|(name, _)| names.contains(&&**name)).collect();
    // Stable: repeated ones stay in order.
    read.sort_by(|(left, _), (right, _)| left.cmp(right));
    key.tag(Tag::Parameters);
    for (name, value) in &read {
        key.tag(Tag::Some);
        key.raw(name.as_bytes());
        key.raw(value.as_bytes());
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

impl<M, T: DeserializeOwned + 'static> Keyed<M> for Query<T> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        write::<T>(key);
    }
}

impl<M, T: DeserializeOwned + 'static> Keyed<M> for Form<T> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        if is_form(key) {
            write::<T>(key);
        }
    }
}

#[diagnostic::do_not_recommend]
impl<M> Keyed<M> for RawQuery {
    /// `None` for `/a`, an empty one for `/a?`.
    fn write(&self, key: &mut KeyWriter<'_>) {
        match &self.0 {
            None => key.tag(Tag::None),
            Some(query) => raw(query, key),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<M> Keyed<M> for RawForm {
    fn write(&self, key: &mut KeyWriter<'_>) {
        if is_form(key) {
            key.part(&self.0);
        }
    }
}
