//! What arguments of axum-extra write.

use axum::{
    body::Body,
    extract::{FromRequest, RawQuery, Request},
};
#[expect(deprecated, reason = "axum-extra still has them")]
use axum_extra::extract::{Host, Scheme};
use axum_extra::{
    TypedHeader,
    either::Either,
    extract::{Cached, OptionalQuery, Query, WithRejection},
};
use headers::{Authorization, Header, HeaderName, HeaderValue, Referer, authorization::Bearer};
use http::Uri;
use serde::Deserialize;

use super::{Written, copy, extracted, get, written};
use crate::{
    key::writer::{CacheKey, KeyWriter},
    rules::credentials::Credentials,
};

fn key<T: CacheKey + FromRequest<(), M>, M>(request: Request) -> Written {
    let head = copy(&request).map(|()| Body::empty());
    let argument = extracted::<T, M>(request).ok().unwrap();
    written(&head, |key| argument.cache_key(key))
}

fn with(name: &str, values: &[&str]) -> Request {
    let mut request = get("/a");
    for value in values {
        request.headers_mut().append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    request
}

#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "read by the probe")]
struct Tags {
    #[serde(default)]
    tag: Vec<String>,
}

#[test]
fn a_typed_header_is_its_lines_and_is_named_in_vary() {
    let referer = |values: &[&str]| key::<Option<TypedHeader<Referer>>, _>(with("referer", values));
    assert_ne!(referer(&["/x"]).bytes, referer(&["/y"]).bytes);
    assert_ne!(referer(&[]).bytes, referer(&["/y"]).bytes);
    assert_eq!(referer(&["/x"]).bytes, referer(&["/x"]).bytes);
    assert_eq!(referer(&["/x"]).traits.vary.as_slice(), ["referer"]);
    assert_eq!(referer(&[]).traits.vary.as_slice(), ["referer"]);
    assert!(!referer(&["/x"]).traits.private);
}

#[test]
fn authorization_is_private() {
    let key = key::<TypedHeader<Authorization<Bearer>>, _>(with("authorization", &["Bearer t"]));
    assert!(key.traits.private && key.traits.credentials == Credentials::Unseen);
    assert_eq!(key.traits.vary.as_slice(), ["authorization"]);
}

static LANGUAGE: HeaderName = HeaderName::from_static("accept-language");

/// A header type that reads the first line only, in lower case; the key has all lines.
struct Language(String);

impl Header for Language {
    fn name() -> &'static HeaderName {
        &LANGUAGE
    }

    fn decode<'i, I: Iterator<Item = &'i HeaderValue>>(values: &mut I) -> Result<Self, headers::Error> {
        let first = values.next().and_then(|line| line.to_str().ok()).ok_or_else(headers::Error::invalid)?;
        Ok(Self(first.to_ascii_lowercase()))
    }

    fn encode<E: Extend<HeaderValue>>(&self, _: &mut E) {}
}

impl CacheKey for Language {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        key.part(&self.0).private();
    }
}

#[test]
fn an_authors_header_type_is_keyed_by_its_lines_and_its_own_key() {
    let language = |values: &[&str]| key::<TypedHeader<Language>, _>(with("accept-language", values));
    assert_eq!(language(&["EN"]).traits.vary.as_slice(), ["accept-language"]);
    assert!(language(&["EN"]).traits.private);
    assert_ne!(language(&["EN"]).bytes, language(&["en"]).bytes);
    assert_ne!(language(&["en"]).bytes, language(&["en", "fr"]).bytes);
}

type Rejecting = WithRejection<Query<Tags>, axum_extra::extract::QueryRejection>;

#[test]
fn wrappers_are_what_they_wrap() {
    let one = key::<Query<Tags>, _>(get("/a?tag=1&x&tag=2"));
    assert_eq!(one.bytes, key::<Cached<Query<Tags>>, _>(get("/a?tag=1&tag=2")).bytes);
    assert_eq!(one.bytes, key::<Rejecting, _>(get("/a?tag=1&tag=2")).bytes);
    assert_ne!(one.bytes, key::<Query<Tags>, _>(get("/a?tag=2&tag=1")).bytes);
}

#[test]
fn an_optional_query_tells_absence_apart() {
    type Tagged = OptionalQuery<Tags>;
    assert_ne!(key::<Tagged, _>(get("/a")).bytes, key::<Tagged, _>(get("/a?utm=1")).bytes);
    assert_eq!(key::<Tagged, _>(get("/a?")).bytes, key::<Tagged, _>(get("/a?utm=1")).bytes);
}

#[test]
fn either_shows_which_and_names_the_fields_of_all() {
    type Choice = Either<TypedHeader<Referer>, Uri>;
    let (first, second) = (key::<Choice, _>(with("referer", &["/x"])), key::<Choice, _>(get("/a")));
    assert_ne!(first.bytes, second.bytes);
    assert_eq!(first.traits.vary.as_slice(), ["referer"]);
    assert_eq!(second.traits.vary.as_slice(), ["referer"]);
    // The same value as the other alternative.
    let side = |argument: Either<RawQuery, RawQuery>| written(&get("/a"), |key| argument.cache_key(key)).bytes;
    assert_ne!(side(Either::E1(RawQuery(None))), side(Either::E2(RawQuery(None))));
}

#[test]
#[expect(deprecated, reason = "axum-extra still has them")]
fn host_and_scheme_are_themselves_and_name_the_fields_of_proxies() {
    let host = |name, value: &str| key::<Host, _>(with(name, &[value]));
    assert_eq!(host("host", "a").bytes, host("x-forwarded-host", "a").bytes);
    assert_ne!(host("host", "a").bytes, host("host", "b").bytes);
    assert_eq!(host("host", "a").traits.vary.as_slice(), ["forwarded", "x-forwarded-host"]);
    let scheme = key::<Scheme, _>(with("x-forwarded-proto", &["https"]));
    assert_eq!(scheme.traits.vary.as_slice(), ["forwarded", "x-forwarded-proto"]);
}
