//! The fields of `#[derive(CacheKey)]` that are extractors, or only have the name of one; and those that axum's derive takes
//! via an extractor which may fail.

use std::marker::PhantomData;

use crate::{
    key::writer::{CacheKey, KeyPart, KeyWriter, Tag},
    outcome::Bypass,
};

/// The type of a field that an extractor of axum shares its name with. The derive sees names alone, and an author may have a
/// `Version` or a `Path` of an own that is a [`KeyPart`]: the compiler finds out which of the two it is.
#[derive(Debug)]
pub struct Field<T>(PhantomData<T>);

impl<T> Field<T> {
    /// Stands for the type.
    pub const TYPE: Self = Self(PhantomData);
}

/// An extractor. Asked first, as a method call on `&&&Field` finds it before the two others.
pub trait IsExtractor<T> {
    /// How it is written.
    fn kind(&self) -> AsExtractor<T> {
        AsExtractor(PhantomData)
    }
}

impl<T: CacheKey> IsExtractor<T> for &&Field<T> {}

/// No extractor, but a part of a key.
pub trait IsPart<T> {
    /// How it is written.
    fn kind(&self) -> AsPart<T> {
        AsPart(PhantomData)
    }
}

impl<T: KeyPart> IsPart<T> for &Field<T> {}

/// Neither: an extractor that does not say what it shows, which the compiler then says of it.
pub trait IsNeither<T> {
    /// How it would be written.
    fn kind(&self) -> AsNeither<T> {
        AsNeither(PhantomData)
    }
}

impl<T> IsNeither<T> for Field<T> {}

/// Written as an argument is.
#[derive(Debug)]
pub struct AsExtractor<T>(PhantomData<T>);

#[expect(clippy::unused_self, reason = "it is the choice itself, so that each of the three is called alike")]
impl<T: CacheKey> AsExtractor<T> {
    /// What it shows.
    pub fn write(self, value: &T, key: &mut KeyWriter<'_>) {
        value.cache_key(key);
    }

    /// The same from an `Extension`.
    pub fn carried(self, value: &T, key: &mut KeyWriter<'_>) {
        value.carried(key);
    }

    /// What the type declares where the request has no such value.
    pub fn absent(self, key: &mut KeyWriter<'_>) {
        T::absent(key);
    }
}

/// Written as a value is.
#[derive(Debug)]
pub struct AsPart<T>(PhantomData<T>);

#[expect(clippy::unused_self, reason = "it is the choice itself, so that each of the three is called alike")]
impl<T: KeyPart> AsPart<T> {
    /// The value.
    pub fn write(self, value: &T, key: &mut KeyWriter<'_>) {
        value.key_part(key);
    }

    /// The same from an `Extension`, as it shows itself.
    pub fn carried(self, value: &T, key: &mut KeyWriter<'_>) {
        value.key_part(key);
    }

    /// A part declares nothing where the request has no such value.
    pub fn absent(self, _: &mut KeyWriter<'_>) {}
}

/// Not written: the first of these says so, once.
#[derive(Debug)]
pub struct AsNeither<T>(PhantomData<T>);

#[expect(clippy::unused_self, reason = "it is the choice itself, so that each of the three is called alike")]
impl<T> AsNeither<T> {
    /// Does not compile.
    pub fn write(self, value: &T, key: &mut KeyWriter<'_>)
    where
        T: CacheKey,
    {
        value.cache_key(key);
    }

    /// Nothing.
    pub fn carried(self, _: &T, _: &mut KeyWriter<'_>) {}

    /// Nothing.
    pub fn absent(self, _: &mut KeyWriter<'_>) {}
}

/// `#[from_request(via(Query))] filter: Option<Filter>`: none where the extractor fails.
pub fn option_via(is_there: bool, key: &mut KeyWriter<'_>, write: fn(&mut KeyWriter<'_>)) {
    if is_there {
        key.tag(Tag::Some);
        write(key);
    } else {
        key.tag(Tag::None);
    }
}

/// `#[from_request(via(Query))] filter: Result<Filter, QueryRejection>`. What the rejection says may be more than the key holds.
pub fn result_via(is_ok: bool, key: &mut KeyWriter<'_>, write: fn(&mut KeyWriter<'_>)) {
    if is_ok {
        key.tag(Tag::Ok);
        write(key);
    } else {
        key.bypass(Bypass::RejectedArgument);
    }
}
