//! `TypedPath` for a wrapped first argument: `typed_get` and the like of axum-extra take the route from the type of a handler's first
//! argument, which the attribute wraps.

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
