//! Two requests have the same key if and only if the argument shows the same of both.

use axum::{
    Extension, Form,
    body::Body,
    extract::{FromRequest, OriginalUri, Query, RawForm, RawQuery, Request, State},
};
use http::{HeaderMap, Method, StatusCode, Uri, Version, header};
use serde::Deserialize;

use super::{Written, copy, extracted, get, now, written};
use crate::{
    attribute::argument::{FromResponse, Keyed, OnMiss, Undeclared},
    key::writer::{CacheKey, KeyWriter},
    outcome::Bypass,
    rules::credentials::Credentials,
};

#[derive(Debug, Clone, Deserialize)]
struct Page {
    page: Option<u32>,
}

/// The key of a handler with this one argument.
fn key<T: Keyed<Undeclared> + FromRequest<(), M>, M>(request: Request) -> Written {
    of::<T, Undeclared, M>(request)
}

fn of<T: Keyed<V> + FromRequest<(), M>, V, M>(request: Request) -> Written {
    let head = copy(&request).map(|()| Body::empty());
    let argument = extracted::<T, M>(request).ok().unwrap();
    written(&head, |key| argument.write(key))
}

fn same<T: Keyed<Undeclared> + FromRequest<(), M>, M>(one: &str, other: &str) -> bool {
    // Every key has the path, so both requests have the same path here.
    key::<T, M>(get(one)).bytes == key::<T, M>(get(other)).bytes
}

fn with(name: &str, values: &[&str]) -> Request {
    let mut request = get("/a");
    for value in values {
        request.headers_mut().append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    request
}

#[test]
fn a_handler_without_a_query_has_one_key_for_every_query() {
    assert!(same::<(), _>("/a", "/a?x=1"));
    assert!(same::<State<()>, _>("/a", "/a?x=1"));
    assert!(same::<Method, _>("/a", "/a?x=1"));
}

#[test]
fn a_query_has_only_the_parameters_that_are_read() {
    assert!(same::<Query<Page>, _>("/a?page=1", "/a?utm=2&page=1&x"));
    assert!(same::<Query<Page>, _>("/a?page=1", "/a?%70age=%31"));
    assert!(same::<Query<Page>, _>("/a", "/a?"));
    assert!(!same::<Query<Page>, _>("/a?page=1", "/a?page=2"));
    assert!(!same::<Query<Page>, _>("/a", "/a?page=2"));
    assert!(same::<Form<Page>, _>("/a?page=1", "/a?utm=2&page=1&x"));
    assert!(!same::<Form<Page>, _>("/a?page=1", "/a?page=2"));
}

#[test]
fn a_query_of_any_parameters_is_the_raw_query() {
    type All = Query<Vec<(String, String)>>;
    assert!(!same::<All, _>("/a?a=1&b=1", "/a?b=1&a=1"));
    assert!(!same::<All, _>("/a?a=1", "/a?a=1&b=1"));
    assert!(same::<All, _>("/a", "/a?"));
}

#[test]
fn a_raw_query_tells_an_empty_one_from_none() {
    assert!(!same::<RawQuery, _>("/a", "/a?"));
    assert!(!same::<RawQuery, _>("/a?1", "/a?%31"));
    assert!(same::<RawForm, _>("/a", "/a?"));
    assert!(!same::<RawForm, _>("/a", "/a?x"));
}

#[test]
fn a_form_that_would_be_content_is_bypassed() {
    let head = || {
        let request = Request::head("/a?page=1").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.body(Body::from("page=2")).unwrap()
    };
    assert!(key::<Form<Page>, _>(head()).traits.bypass.is_some());
    assert!(key::<RawForm, _>(head()).traits.bypass.is_some());
    assert!(key::<Form<Page>, _>(get("/a?page=1")).traits.bypass.is_none());
}

#[test]
fn a_uri_shows_every_component() {
    for (one, other) in [("/a", "http://h/a"), ("http://h/a", "https://h/a"), ("http://h/a", "http://i/a"), ("/a", "/a?"), ("/a?x", "/a?y")]
    {
        assert!(!same::<Uri, _>(one, other), "{one} {other}");
        assert!(!same::<OriginalUri, _>(one, other), "{one} {other}");
    }
    assert!(same::<Uri, _>("http://h/a?x", "http://h/a?x"));
}

#[test]
fn a_method_makes_two_keys_of_get_and_head() {
    let head = || Request::head("/a").body(Body::empty()).unwrap();
    let (get_key, head_key) = (key::<Method, _>(get("/a")), key::<Method, _>(head()));
    assert_ne!(get_key.bytes, head_key.bytes);
    assert!(get_key.traits.method_at.is_empty() && !head_key.traits.method_at.is_empty());
    assert_eq!(key::<RawQuery, _>(get("/a")).bytes, key::<RawQuery, _>(head()).bytes);
}

#[test]
fn every_version_has_a_key_of_its_own() {
    let versions = [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3];
    let keys = versions.map(|version| written(&get("/a"), |key| version.cache_key(key)).bytes);
    for (at, one) in keys.iter().enumerate() {
        assert!(keys.iter().skip(at + 1).all(|other| one != other));
    }
}

type Fallible = Result<Query<Page>, axum::extract::rejection::QueryRejection>;

#[test]
fn an_option_tells_absence_apart_and_a_rejected_argument_is_bypassed() {
    let request = get("/a");
    let write = |argument: Option<Extension<Tenant>>| written(&request, |key| argument.cache_key(key));
    assert_ne!(write(None).bytes, write(Some(Extension(Tenant(String::new())))).bytes);
    assert_eq!(write(None).traits.vary.as_slice(), ["x-tenant"]);

    assert_eq!(key::<Fallible, _>(get("/a?page=x")).traits.bypass, Some(Bypass::RejectedArgument));
    assert_eq!(key::<Fallible, _>(get("/a?page=1")).traits.bypass, None);
    assert!(same::<Fallible, _>("/a?page=1", "/a?page=1&x"));
}

struct Tenant(String);

impl CacheKey for Tenant {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        key.part(&self.0);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        key.vary("x-tenant");
    }
}

#[test]
fn tuples_are_their_members() {
    assert!(!same::<(RawQuery, Uri), _>("/a", "/a?"));
    assert!(same::<(Query<Page>, ()), _>("/a?page=1", "/a?page=1&x"));
}

#[test]
fn a_whole_request_shows_its_authority_and_its_credentials() {
    let hosts = |hosts: &[&str]| of::<Request, FromResponse, _>(with("host", hosts));
    assert_ne!(hosts(&["a"]).bytes, hosts(&["b"]).bytes);
    assert_ne!(hosts(&["a"]).bytes, hosts(&[]).bytes);
    assert_eq!(hosts(&["a"]).traits.credentials, Credentials::Forwarded);
    assert_eq!(hosts(&["a", "A"]).traits.bypass, None);
    assert_eq!(hosts(&["a", "b"]).traits.bypass, Some(Bypass::AmbiguousAuthority));

    let absolute = |target: &str, host: &str| {
        let request = Request::get(target).header("host", host).body(Body::empty()).unwrap();
        of::<http::request::Parts, FromResponse, _>(request).traits.bypass
    };
    assert_eq!(absolute("http://u:p@a:80/a", "A:80"), None);
    assert_eq!(absolute("http://b/a", "a"), Some(Bypass::AmbiguousAuthority));
}

#[test]
fn a_map_of_all_fields_shows_the_host_and_credentials() {
    let host = |host: &str| of::<HeaderMap, FromResponse, _>(with("host", &[host]));
    assert_ne!(host("a").bytes, host("b").bytes);
    assert_eq!(host("a").traits.credentials, Credentials::Forwarded);
}

#[test]
fn a_whole_request_with_content_is_bypassed() {
    let request = Request::get("/a").body(Body::from("x")).unwrap();
    assert!(of::<Request, FromResponse, _>(request).traits.bypass.is_some());
    assert!(of::<Request, FromResponse, _>(get("/a")).traits.bypass.is_none());
}

/// The call that the attribute emits, which finds one of the two methods.
macro_rules! skipped {
    ($type:ty, $value:expr) => {
        |key: &mut KeyWriter<'_>| {
            #[allow(unused_imports, reason = "one of the two, as in the attribute's code")]
            use crate::attribute::argument::{SkipsKnown as _, SkipsUnknown as _};
            (&crate::attribute::argument::Reduced::<Undeclared, $type>::of(&$value)).skip(key);
        }
    };
}

/// A form that a middleware put there has nothing to do with the method of this request.
#[test]
fn a_form_in_an_extension_is_keyed_by_its_bytes_for_any_method() {
    let form = |text: &'static str| {
        let request = Request::post("/a").body(Body::empty()).unwrap();
        written(&request, |key| Keyed::<Undeclared>::write(&Extension(RawForm(text.into())), key)).bytes
    };
    assert!(form("a=1") != form("a=2") && form("a=1") == form("a=1"));
}

#[test]
fn a_skipped_argument_that_may_show_credentials_is_noted_where_there_are_some() {
    struct Account(#[expect(dead_code, reason = "nobody reads it")] String);
    let account = Account(String::new());
    let fields = skipped!(HeaderMap, HeaderMap::new());
    assert_eq!(written(&with("cookie", &["a=b"]), fields).traits.credentials, Credentials::Withheld);
    assert_eq!(written(&get("/a"), fields).traits.credentials, Credentials::Unseen);
    assert_eq!(written(&with("cookie", &["a=b"]), skipped!(Account, account)).traits.credentials, Credentials::Withheld);
    assert_eq!(written(&get("/a"), skipped!(Account, account)).traits.credentials, Credentials::Unseen);
    let says = skipped!(Tenant, Tenant(String::new()));
    assert_eq!(written(&with("cookie", &["a=b"]), says).traits.credentials, Credentials::Unseen);
}

#[test]
fn an_argument_on_miss_is_keyed_by_all_that_its_rejection_could_show() {
    assert!(!same::<OnMiss<Query<Page>>, _>("/a?page=1", "/a?page=1&x"));
    assert!(same::<OnMiss<State<()>>, _>("/a?page=1", "/a?page=1&x"));
}

#[test]
fn an_argument_on_miss_extracts_what_it_would_have_extracted() {
    let page: OnMiss<Query<Page>> = extracted(get("/a?page=7")).unwrap();
    assert_eq!(now(page.extract()).unwrap().0.page, Some(7));

    let page: OnMiss<Query<Page>> = extracted(get("/a?page=x")).unwrap();
    let rejected = now(page.extract()).unwrap_err();
    assert_eq!(rejected.status(), StatusCode::BAD_REQUEST);
    assert_eq!(rejected.to_string(), "the extractor answered 400 Bad Request");
    let response = axum::response::IntoResponse::into_response(rejected);
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.extensions().get::<crate::stored::response_part::DoNotStore>().is_some());
}

#[test]
fn an_argument_on_miss_does_not_run_before() {
    struct Never;
    impl<S: Sync> axum::extract::FromRequestParts<S> for Never {
        type Rejection = StatusCode;
        async fn from_request_parts(_: &mut http::request::Parts, _: &S) -> Result<Self, StatusCode> {
            panic!("it ran")
        }
    }
    let never: OnMiss<Never> = extracted(get("/a")).unwrap();
    drop(never);
}
