//! Arguments taken from the path. Every key holds the path itself; what the *router* adds to it is written here, as
//! one handler may stand in two routers, under two patterns.

use axum::extract::{MatchedPath, NestedPath, Path, RawPathParams};

use super::not_of_this_request;
use crate::key::writer::{CacheKey, KeyWriter};

#[diagnostic::do_not_recommend]
impl<T> CacheKey for Path<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        key.path_parameters();
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

#[diagnostic::do_not_recommend]
impl CacheKey for RawPathParams {
    /// Writes the names of the parameters, which the path does not hold, and their values.
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        key.parameters(self);
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
