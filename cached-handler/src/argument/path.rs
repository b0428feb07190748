//! Arguments taken from the path. Every key holds the path itself; what the *router* adds to it is written here, as
//! one handler may stand in two routers, under two patterns.

use axum::extract::{MatchedPath, NestedPath, Path, RawPathParams};

use crate::cache_key::{CacheKey, KeyWriter, Tag};

#[diagnostic::do_not_recommend]
impl<T> CacheKey for Path<T> {
    /// Nothing: its values are pieces of the path. (Which piece goes by which name is up to the router.)
    fn cache_key(&self, _: &mut KeyWriter<'_>) {}
}

#[diagnostic::do_not_recommend]
impl CacheKey for RawPathParams {
    /// The parameters' names, which the path does not hold, and their values.
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        key.tag(Tag::Parameters);
        for (name, value) in self {
            key.tag(Tag::Some);
            key.raw(name.as_bytes());
            key.raw(value.as_bytes());
        }
        key.tag(Tag::End);
    }
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
