//! What the attributes' code names. Not for authors: it changes in any version.

#![allow(missing_docs, reason = "not a public interface")]

pub use std::{
    column, env, file, format_args, line, module_path,
    option::Option::{None, Some},
    result::Result::{Err, Ok},
    time::Duration,
    unreachable,
};

pub use axum::response::{IntoResponse, Response};
pub use inventory;

pub use crate::{
    argument::{Fields, FromResponse, Keyed, Undeclared, reduced, skipped},
    cache_key::{KeyPart, KeyWriter},
    handler::{Attributes, Handler, Registered, Site, Ttl, VaryOn, window},
    invalidates::{OwnCache, PathPiece, Targets, invalidating},
    key::Key,
    policy::Policy,
    register,
    seen::{PassedByAxum, PassedByAxumPutDebugHandlerBelow, Seen, seen},
    serve::{Run, begin, hit, key, run_in_its_own_task, run_in_this_task},
};

/// Puts a handler into the table that the linker collects.
#[doc(hidden)]
#[macro_export]
macro_rules! register {
    ($handler:path) => {
        $crate::__private::inventory::submit! { $crate::__private::Registered(&$handler) }
    };
}

/// The place of an argument among the others.
#[inline]
pub fn argument<'k, 'a>(key: &'k mut KeyWriter<'a>, at: usize) -> &'k mut KeyWriter<'a> {
    key.argument(at);
    key
}

/// A part of `key(…)`.
pub fn part<P: KeyPart + ?Sized>(key: &mut KeyWriter<'_>, part: &P) {
    key.part(part);
}

/// For handlers whose return type holds `impl`.
pub fn into_response<R: IntoResponse>(response: R) -> Response {
    response.into_response()
}
