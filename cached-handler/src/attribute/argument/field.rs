//! How `#[derive(CacheKey)]` writes a field whose type has the name of an extractor, such as `Path` or `Version`, and a field that
//! axum's derive takes `via` an extractor which may fail.
//!
//! A macro sees names, not types: an author may have a `Version` of their own. So the derive emits the method call
//! `(&&&Field::<T>::TYPE).kind()`, and the compiler picks the first of three traits that applies to the type: [`IsExtractor`],
//! [`IsPart`], [`IsNeither`]. Each gives back a type with the same three methods.

use std::marker::PhantomData;

use crate::{
    key::writer::{CacheKey, KeyPart, KeyWriter, Tag},
    outcome::Bypass,
};

/// Stands for the type of a field, for the method call that picks one of the three traits.
#[derive(Debug)]
pub struct Field<T>(PhantomData<T>);

impl<T> Field<T> {
    /// The value that the derive calls `kind` on.
    pub const TYPE: Self = Self(PhantomData);
}

/// The type is an extractor. Method lookup on `&&&Field` finds this trait before the two others.
pub trait IsExtractor<T> {
    /// How the field is written.
    fn kind(&self) -> AsExtractor<T> {
        AsExtractor(PhantomData)
    }
}

impl<T: CacheKey> IsExtractor<T> for &&Field<T> {}

/// The type is a part of a key, and no extractor.
pub trait IsPart<T> {
    /// How the field is written.
    fn kind(&self) -> AsPart<T> {
        AsPart(PhantomData)
    }
}

impl<T: KeyPart> IsPart<T> for &Field<T> {}

/// The type is neither, such as an extractor without `CacheKey`: `write` then fails to compile, with the message of `CacheKey`.
pub trait IsNeither<T> {
    /// How the field would be written.
    fn kind(&self) -> AsNeither<T> {
        AsNeither(PhantomData)
    }
}

impl<T> IsNeither<T> for Field<T> {}

/// Writes the field as an argument is written.
#[derive(Debug)]
pub struct AsExtractor<T>(PhantomData<T>);

#[expect(clippy::unused_self, reason = "it is the choice itself, so that each of the three is called alike")]
impl<T: CacheKey> AsExtractor<T> {
    /// Writes what the extractor shows.
    pub fn write(self, value: &T, key: &mut KeyWriter<'_>) {
        value.cache_key(key);
    }

    /// Writes it if the whole type came from an `Extension`.
    pub fn carried(self, value: &T, key: &mut KeyWriter<'_>) {
        value.carried(key);
    }

    /// Writes what the type declares if the request has no such value.
    pub fn absent(self, key: &mut KeyWriter<'_>) {
        T::absent(key);
    }
}

/// Writes the field as a value is written.
#[derive(Debug)]
pub struct AsPart<T>(PhantomData<T>);

#[expect(clippy::unused_self, reason = "it is the choice itself, so that each of the three is called alike")]
impl<T: KeyPart> AsPart<T> {
    /// Writes the value.
    pub fn write(self, value: &T, key: &mut KeyWriter<'_>) {
        value.key_part(key);
    }

    /// Writes the value, as in `write`: it shows the same if it came from an `Extension`.
    pub fn carried(self, value: &T, key: &mut KeyWriter<'_>) {
        value.key_part(key);
    }

    /// Nothing: a part declares nothing for a request without such a value.
    pub fn absent(self, _: &mut KeyWriter<'_>) {}
}

/// Does not compile: the bound of `write` reports the error, once.
#[derive(Debug)]
pub struct AsNeither<T>(PhantomData<T>);

#[expect(clippy::unused_self, reason = "it is the choice itself, so that each of the three is called alike")]
impl<T> AsNeither<T> {
    /// Fails to compile, as `T` has no `CacheKey`.
    pub fn write(self, value: &T, key: &mut KeyWriter<'_>)
    where
        T: CacheKey,
    {
        value.cache_key(key);
    }

    /// Nothing, so that the error is reported once.
    pub fn carried(self, _: &T, _: &mut KeyWriter<'_>) {}

    /// Nothing, so that the error is reported once.
    pub fn absent(self, _: &mut KeyWriter<'_>) {}
}

/// Writes `#[from_request(via(Query))] filter: Option<Filter>`, which is `None` if the extractor fails.
pub fn option_via(is_there: bool, key: &mut KeyWriter<'_>, write: fn(&mut KeyWriter<'_>)) {
    if is_there {
        key.tag(Tag::Some);
        write(key);
    } else {
        key.tag(Tag::None);
    }
}

/// Writes `#[from_request(via(Query))] filter: Result<Filter, QueryRejection>`. A rejection bypasses the cache, as its text may show
/// more of the request than the key holds.
pub fn result_via(is_ok: bool, key: &mut KeyWriter<'_>, write: fn(&mut KeyWriter<'_>)) {
    if is_ok {
        key.tag(Tag::Ok);
        write(key);
    } else {
        key.bypass(Bypass::RejectedArgument);
    }
}
