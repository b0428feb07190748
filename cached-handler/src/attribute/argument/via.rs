//! `#[from_request(via(Query))]` of axum's `#[derive(FromRequestParts)]`: a value that is taken through an extractor, and is written
//! into the key as that extractor is.

use axum::{
    Form,
    extract::{Path, Query, State},
};
use serde::de::DeserializeOwned;

use super::{not_of_this_request, query};
use crate::key::writer::KeyWriter;

/// An extractor that `#[derive(CacheKey)]` accepts in `via(…)`.
#[diagnostic::on_unimplemented(
    message = "`#[derive(CacheKey)]` does not know what `{Self}` reads of the request",
    label = "the key has to hold what the handler sees here",
    note = "it knows `via` with `State`, `Path`, `Query`, `Form` and `Extension`; any other extractor has to be the field's own type: `field: TypedHeader<…>`",
    note = "content (`Json`) is not part of a key: only GET and HEAD are cached"
)]
pub trait Via {
    /// Writes what the extractor shows.
    fn write_via(key: &mut KeyWriter<'_>);

    /// Writes it if a middleware has put the value into an `Extension`.
    fn write_carried(key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

impl<T> Via for State<T> {
    fn write_via(_: &mut KeyWriter<'_>) {}
}

impl<T> Via for Path<T> {
    fn write_via(key: &mut KeyWriter<'_>) {
        key.path_parameters();
    }
}

impl<T: DeserializeOwned + 'static> Via for Query<T> {
    fn write_via(key: &mut KeyWriter<'_>) {
        query::write::<T>(key);
    }
}

impl<T: DeserializeOwned + 'static> Via for Form<T> {
    fn write_via(key: &mut KeyWriter<'_>) {
        if query::is_form(key) {
            query::write::<T>(key);
        }
    }
}

#[cfg(feature = "axum-extra")]
impl<T: DeserializeOwned + 'static> Via for axum_extra::extract::Query<T> {
    fn write_via(key: &mut KeyWriter<'_>) {
        query::write::<T>(key);
    }
}

#[cfg(feature = "axum-extra")]
impl<T: DeserializeOwned + 'static> Via for axum_extra::extract::Form<T> {
    fn write_via(key: &mut KeyWriter<'_>) {
        if query::is_form(key) {
            query::write::<T>(key);
        }
    }
}
