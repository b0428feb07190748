//! Every extractor of axum and axum-extra has its place: how it adds to a key.
//!
//! The types stand here as code, so that one which axum removes fails to compile. One which axum adds is refused in a cached
//! handler until it has its place; the test of the versions says when to look for new ones.

use axum::{
    Extension, Form,
    extract::{MatchedPath, NestedPath, OriginalUri, Path, Query, RawForm, RawPathParams, RawQuery, Request, State},
    http::{HeaderMap, Method, Uri, Version, request::Parts},
};
use axum_extra::{TypedHeader, either::Either, extract, headers};
use cached_handler::__private::{Fields, FromResponse, Keyed, Undeclared};

/// Compile errors with advice; each has a case in `tests/ui/fail/extractors`. Package and name.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("axum-core", "Body"),
    ("axum-core", "Bytes"),
    ("axum-core", "BytesMut"),
    ("axum-core", "Extensions"),
    ("axum-core", "String"),
    ("axum", "ConnectInfo"),
    ("axum", "Json"),
    ("axum", "Multipart"),
    ("axum", "WebSocketUpgrade"),
    ("axum-extra", "CookieJar"),
    ("axum-extra", "JsonDeserializer"),
    ("axum-extra", "JsonLines"),
    ("axum-extra", "Multipart"),
    ("axum-extra", "PrivateCookieJar"),
    ("axum-extra", "Protobuf"),
    ("axum-extra", "SignedCookieJar"),
];

/// The versions whose extractors all have their place, here or in [`REFUSED`].
const REVIEWED: &[(&str, &str)] = &[("axum", "0.8.9"), ("axum-core", "0.5.6"), ("axum-extra", "0.12.6")];

#[test]
fn every_extractor_of_these_versions_of_axum_has_its_place() {
    let lock = include_str!("../../../Cargo.lock");
    for (package, reviewed) in REVIEWED {
        assert!(
            lock.contains(&format!("name = \"{package}\"\nversion = \"{reviewed}\"\n")),
            "{package} is another version than {reviewed}: give each new implementor of `FromRequest`, `FromRequestParts` and their optional forms its place in `attribute/argument/`, here and in `guide/keys.rs`, and then put the new version here"
        );
    }
}

fn argument<T: Keyed<Undeclared> + Keyed<Fields> + Keyed<FromResponse>>() {}

/// Only with a `vary` in the attribute.
fn with_fields<T: Keyed<Fields> + Keyed<FromResponse>>() {}

/// Only with `vary = from_response`.
fn from_response<T: Keyed<FromResponse>>() {}

#[test]
fn what_the_guide_calls_keyed_is_an_argument() {
    // In the key by what they are, or by what they were read from.
    argument::<(Method, Uri, Version, OriginalUri)>();
    argument::<(MatchedPath, NestedPath, RawPathParams)>();
    argument::<(Query<Vec<(String, String)>>, RawQuery)>();
    // The query on GET; content on other methods, which bypass.
    argument::<(Form<Vec<(String, String)>>, RawForm)>();
    // Nothing of their own: the path covers them, or they belong to the process.
    argument::<((), Path<u64>, State<String>)>();
    // As what they hold.
    argument::<(Option<Extension<Own>>, Result<Own, String>)>();
    with_fields::<HeaderMap>();
    from_response::<Request>();
    from_response::<Parts>();
}

#[test]
#[expect(deprecated, reason = "axum-extra still has them")]
fn what_the_guide_calls_keyed_of_axum_extra_is_an_argument() {
    argument::<(extract::Host, extract::Scheme, TypedHeader<headers::Referer>)>();
    argument::<(extract::Query<Vec<(String, String)>>, extract::OptionalQuery<Vec<(String, String)>>)>();
    argument::<extract::Form<Vec<(String, String)>>>();
    argument::<extract::OptionalPath<u64>>();
    argument::<(extract::Cached<Method>, extract::WithRejection<Method, String>, Either<Method, Uri>)>();
}

struct Own;

impl cached_handler::CacheKey for Own {
    fn cache_key(&self, key: &mut cached_handler::KeyWriter<'_>) {
        key.part("own");
    }
}
