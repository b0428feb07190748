//! The items that the code emitted by the attributes uses. Not for authors: they may change in any version.

#![allow(missing_docs, reason = "not a public interface")]

use std::fmt;

use crate::stored::response_part::IsErr;
pub use std::{
    column, env, file, format_args, line, module_path,
    option::Option::{None, Some},
    result::Result::{Err, Ok},
    time::Duration,
    unreachable,
};

pub use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
pub use inventory;

pub use crate::{
    attribute::argument::{
        Field, Fields, FromResponse, IsExtractor, IsNeither, IsPart, Keyed, OfCookies, Reduced, SaysCookies, SaysNothing, SaysOfItself,
        SkipsKnown, SkipsUnknown, Undeclared, Via, option_via, reduced, result_via,
    },
    cache::built_in_backends,
    handler::{
        Attributes, Handler, Registered, Site, Ttl, VaryOn,
        policy::Policy,
        window,
        writes::{RegisteredWrite, Write},
    },
    invalidates::{OwnCache, PathPiece, Targets, invalidating, outliving},
    key::writer::{CacheKey, KeyPart, KeyWriter},
    register, register_write,
    request::{
        forwarding::Forwarding,
        signature::{PassedByAxum, PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow},
    },
    rules::client::CacheControlSetting,
    serve::{Key, Miss, Seen, begin, begin_shared, bypassed, hit, key, respond, respond_in_this_task, run_in_its_own_task, seen},
};

/// `T` itself, for code that has to name a type in a path.
pub type Same<T> = T;

/// Adds a handler to the table that the linker collects.
#[doc(hidden)]
#[macro_export]
macro_rules! register {
    ($handler:path) => {
        $crate::__private::inventory::submit! { $crate::__private::Registered(&$handler) }
    };
}

/// Adds a handler with `#[invalidates]` to a second table.
#[doc(hidden)]
#[macro_export]
macro_rules! register_write {
    ($write:path) => {
        $crate::__private::inventory::submit! { $crate::__private::RegisteredWrite(&$write) }
    };
}

/// Writes the position of an argument, before its parts.
#[inline]
pub fn argument<'k, 'a>(key: &'k mut KeyWriter<'a>, at: usize) -> &'k mut KeyWriter<'a> {
    key.argument(at);
    key
}

/// Writes a part of `key(…)`.
pub fn part<P: KeyPart + ?Sized>(key: &mut KeyWriter<'_>, part: &P) {
    key.part(part);
}

/// Whether a condition of `bypass(…)` holds.
pub fn holds<C: Condition + ?Sized>(condition: &C) -> bool {
    condition.holds()
}

/// A condition in `bypass(…)`: a `bool`, or a reference to one, as the arguments are references there. The trait exists for its
/// error message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no condition: `bypass(…)` takes a `bool`",
    label = "this has to be true or false",
    note = "an `Option`: type `bypass(user.is_some())`; a `Result`: `bypass(user.is_ok())`"
)]
pub trait Condition {
    fn holds(&self) -> bool;
}

impl Condition for bool {
    fn holds(&self) -> bool {
        *self
    }
}

impl<C: Condition + ?Sized> Condition for &C {
    fn holds(&self) -> bool {
        (**self).holds()
    }
}

/// A handler's return value, to ask whether it is an `Err`, as only a `Result` can be.
#[derive(Debug)]
pub struct Returned<'a, R>(pub &'a R);

impl<T, E> Returned<'_, Result<T, E>> {
    #[must_use]
    pub fn is_err(&self) -> bool {
        self.0.is_err()
    }
}

/// `is_err` of all types but `Result`.
pub trait IsNoResult {
    fn is_err(&self) -> bool;
}

impl<R> IsNoResult for Returned<'_, R> {
    fn is_err(&self) -> bool {
        false
    }
}

/// The types that `only_ok` accepts.
#[diagnostic::on_unimplemented(
    message = "`only_ok` is for a handler that returns a `Result`, and this one returns `{Self}`",
    label = "there is no `Err`",
    note = "remove `only_ok`: by default statuses decide what is stored, and those of failures are not"
)]
pub trait IsResult {}

impl<T, E> IsResult for Result<T, E> {}

/// Checks that a handler with `only_ok` returns a `Result`.
#[inline]
pub fn result<R: IsResult>(_: &R) {}

/// Marks the response that was made from an `Err`.
#[must_use]
pub fn noting(mut response: Response, is_err: bool) -> Response {
    if is_err {
        response.extensions_mut().insert(IsErr);
    }
    response
}

/// A value in a template. The trait exists for its error message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a template: it has no `Display`",
    label = "a value in braces has to be text, a number or the like",
    note = "type a field of it, `{{id.0}}` or `{{user.id}}`, or take the argument apart: `Path(id): Path<u64>`"
)]
pub trait InTemplate: fmt::Display {}

#[diagnostic::do_not_recommend]
impl<T: fmt::Display + ?Sized> InTemplate for T {}

/// A value in a template, as one type for all values: so rustc reports an error once, and the formatting code exists once.
#[inline]
pub fn shown<'a, T: InTemplate + ?Sized>(value: &'a &'a T) -> &'a dyn fmt::Display {
    value
}

/// Converts the return value of a handler whose return type contains `impl`.
pub fn into_response<R: IntoResponse>(response: R) -> Response {
    response.into_response()
}
