//! Arguments taken from the path. Every key holds the path itself; what the *router* adds to it is written here, as
//! one handler may stand in two routers, under two patterns.

use axum::extract::{MatchedPath, NestedPath, Path, RawPathParams};

use super::not_of_this_request;
use crate::key::writer::{CacheKey, KeyWriter, Tag};

#[diagnostic::do_not_recommend]
impl<T> CacheKey for Path<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        taken(key);
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

/// Nothing, almost always: the values are pieces of the path, which is in the key. (Which piece goes by which name is up to
/// the router.) Where a service between two routers may have changed the path that they were taken from, the values.
pub(crate) fn taken(key: &mut KeyWriter<'_>) {
    let facts = key.facts;
    if let Some(parameters) = facts.parameters() {
        write(parameters, key);
    }
}

#[diagnostic::do_not_recommend]
impl CacheKey for RawPathParams {
    /// The parameters' names, which the path does not hold, and their values.
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        write(self, key);
    }
}

fn write(parameters: &RawPathParams, key: &mut KeyWriter<'_>) {
    key.tag(Tag::Parameters);
    for (name, value) in parameters {
        key.parameter(name.as_bytes(), value.as_bytes());
    }
    key.tag(Tag::End);
}

#[diagnostic::do_not_recommend]
impl CacheKey for MatchedPath {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        key.part(self.as_str());
    }
}

#[diagnostic::do_not_recommend]
impl CacheKey for NestedPath {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        key.part(self.as_str());
    }
}
