//! Arguments taken from the query, and forms, which are taken from the query on GET.

use std::borrow::Cow;

use axum::{
    Form,
    extract::{Query, RawForm, RawQuery},
};
use http::Method;
use serde::de::DeserializeOwned;
use smallvec::SmallVec;

use super::{content, not_of_this_request};
use crate::key::{
    probe::{Reads, reads},
    writer::{CacheKey, KeyWriter, Tag},
};

/// Writes the parameters that `T` reads, in the order in which it names them, and repeated ones in the order sent; or the whole
/// query as sent, if `T` may read everything. For every `T` an absent query is the same as an empty one.
pub(super) fn write<T: DeserializeOwned + 'static>(key: &mut KeyWriter<'_>) {
    let facts = key.facts;
    let query = facts.query().unwrap_or_default();
    match reads::<T>() {
        Reads::Everything => raw(query, key),
        Reads::Only(names) => parameters(query, names, key),
        Reads::OnlyEscaped(names) => framed(&sorted(query, names), key),
    }
}

/// Writes the query as sent.
pub(super) fn raw(query: &str, key: &mut KeyWriter<'_>) {
    key.tagged(Tag::RawQuery, query.as_bytes());
}

/// Writes the parameters with these names, split and decoded by the parser that axum's and axum-extra's `Query` use. A query that
/// is in the canonical form already is written without being parsed, at a third of the cost.
fn parameters(query: &str, names: &[&str], key: &mut KeyWriter<'_>) {
    if is_in_order(query.as_bytes(), names) {
        key.tagged(Tag::Query, query.as_bytes());
    } else {
        rewritten(query, names, key);
    }
}

/// Whether a query is in the canonical form: `name=value&…` with these names only, in their order, and nothing to decode.
fn is_in_order(query: &[u8], names: &[&str]) -> bool {
    let (mut rest, mut names) = (query, names.iter());
    let Some(mut name) = names.next() else { return query.is_empty() };
    while !rest.is_empty() {
        // The search begins with the last name, as a parameter may be repeated.
        let mut value = loop {
            match after(rest, name.as_bytes()) {
                Some(value) => break value.iter(),
                None => match names.next() {
                    Some(next) => name = next,
                    None => return false,
                },
            }
        };
        // `&`, `%` and `+` are at or below `+`, as few other bytes are.
        let end = loop {
            match value.next() {
                Some(byte) if *byte > b'+' => {}
                Some(b'&') => break value.as_slice(),
                Some(b'%' | b'+') => return false,
                Some(_) => {}
                None => return true,
            }
        };
        if end.is_empty() {
            return false;
        }
        rest = end;
    }
    true
}

/// What follows `name=`. Where the `=` stands tells most names apart, and names are too short to call for a comparison
/// of memory.
#[inline]
fn after<'q>(query: &'q [u8], name: &[u8]) -> Option<&'q [u8]> {
    let (front, [b'=', value @ ..]) = query.split_at_checked(name.len())? else { return None };
    front.iter().zip(name).all(|(one, other)| one == other).then_some(value)
}

/// Writes the canonical form as text if that can be read back in one way only, as is almost always the case; or else each parameter
/// with its length.
#[cold]
fn rewritten(query: &str, names: &[&str], key: &mut KeyWriter<'_>) {
    let read = sorted(query, names);
    if read.iter().all(|(_, value)| !value.contains('&')) {
        let mut pairs = String::with_capacity(query.len());
        for (name, value) in &read {
            if !pairs.is_empty() {
                pairs.push('&');
            }
            pairs.extend([&**name, "=", &**value]);
        }
        key.tagged(Tag::Query, pairs.as_bytes());
    } else {
        framed(&read, key);
    }
}

/// The parameters with these names, decoded, in the order of `names`; repeated ones in the order sent.
fn sorted<'q>(query: &'q str, names: &[&str]) -> SmallVec<[Parameter<'q>; 4]> {
    let all = form_urlencoded::parse(query.as_bytes());
    let mut sent: SmallVec<[Parameter<'_>; 4]> = all.filter(|(name, _)| names.contains(&&**name)).collect();
    let mut read = SmallVec::with_capacity(sent.len());
    for known in names {
        read.extend(sent.iter_mut().filter(|(name, _)| name == known).map(std::mem::take));
    }
    read
}

fn framed(parameters: &[Parameter<'_>], key: &mut KeyWriter<'_>) {
    key.tag(Tag::Parameters);
    for (name, value) in parameters {
        key.parameter(name.as_bytes(), value.as_bytes());
    }
    key.tag(Tag::End);
}

type Parameter<'q> = (Cow<'q, str>, Cow<'q, str>);

/// Whether axum takes a form from the query of this request. On HEAD it takes it from the content, which the key does not hold, so
/// the request bypasses the cache; other methods have no key.
pub(super) fn is_form(key: &mut KeyWriter<'_>) -> bool {
    if key.facts.is_head() {
        key.bypass(content::UNKEYED);
    }
    *key.facts.method() == Method::GET
}

impl<T: DeserializeOwned + 'static> CacheKey for Query<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        write::<T>(key);
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

impl<T: DeserializeOwned + 'static> CacheKey for Form<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        if is_form(key) {
            write::<T>(key);
        }
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

#[diagnostic::do_not_recommend]
impl CacheKey for RawQuery {
    /// `/a` has no query, `/a?` an empty one.
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

    /// Writes the bytes, whatever the method of this request is.
    fn carried(&self, key: &mut KeyWriter<'_>) {
        key.part(&self.0);
    }
}
