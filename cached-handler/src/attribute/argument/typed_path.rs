//! The first argument of handlers that `typed_get` and its kin are given: axum-extra takes the route from its type, which is
//! the author's where an attribute has not wrapped it.

use std::fmt;

use axum_extra::routing::TypedPath;

use crate::request::signature::PassedByAxum;

impl<C, E: TypedPath> TypedPath for PassedByAxum<C, E> {
    const PATH: &'static str = E::PATH;
}

impl<C, E: fmt::Display> fmt::Display for PassedByAxum<C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.1.fmt(f)
    }
}
