//! Arguments in `skip` and `key` whose types do not say what they show, and cookies there.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{StatusCode, request::Parts},
};
use axum_extra::{TypedHeader, extract::CookieJar, headers::Cookie};
use cached_handler::{CacheKey, OnMiss, cached};

use super::site::Site;

/// A type of an author's around all cookies, which says nothing of what it shows.
struct Account(CookieJar);

impl<S: Send + Sync> FromRequestParts<S> for Account {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        CookieJar::from_request_parts(parts, state).await.map(Self)
    }
}

/// Lets in who has signed in, and shows nothing of who that is.
struct SignedIn;

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.headers.get("cookie").map(|_| Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// Says of itself that it identifies a person, whatever it was read from.
#[derive(CacheKey)]
#[cache_key(private)]
struct Person(String);

/// Says what it was read from.
#[derive(CacheKey)]
#[cache_key(vary = "cookie")]
struct Cookies(String);

macro_rules! from_a_field {
    ($($type:ident: $field:literal),*) => { $(
        impl<S: Sync> FromRequestParts<S> for $type {
            type Rejection = Infallible;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
                let value = parts.headers.get($field).and_then(|value| value.to_str().ok());
                Ok(Self(value.unwrap_or_default().to_owned()))
            }
        }

        impl<S: Sync> OptionalFromRequestParts<S> for $type {
            type Rejection = Infallible;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
                let value = parts.headers.get($field).and_then(|value| value.to_str().ok());
                Ok(value.map(|value| Self(value.to_owned())))
            }
        }
    )* };
}
from_a_field!(Person: "x-user", Cookies: "cookie");

fn sid(jar: &CookieJar) -> Option<String> {
    jar.get("sid").map(|cookie| cookie.value().to_owned())
}

#[cached(ttl = 60, skip(account))]
async fn skips_a_newtype(account: Account) -> String {
    format!("{:?}", sid(&account.0))
}

#[cached(ttl = 60, skip(account))]
async fn skips_an_optional_newtype(account: Result<Account, Infallible>) -> String {
    format!("{:?}", account.map(|account| sid(&account.0)))
}

#[cached(ttl = 60, skip(_account), cache_control = "max-age=60")]
async fn skips_a_guard(_account: SignedIn) -> &'static str {
    "for all who are"
}

#[cached(ttl = 60, skip_credentials(_account), cache_control = "max-age=60")]
async fn vouches_for_a_newtype(_account: Account) -> &'static str {
    "for all"
}

#[cached(ttl = 60, skip(account))]
async fn skips_what_is_put_off(account: OnMiss<Account>) -> String {
    format!("{:?}", account.extract().await.map(|account| sid(&account.0)).unwrap())
}

#[cached(ttl = 60, skip(guard))]
async fn skips_a_guard_that_is_put_off(guard: OnMiss<SignedIn>) -> String {
    guard.extract().await.is_ok().to_string()
}

#[cached(ttl = 60, skip_credentials(connection), cache_control = "max-age=60")]
async fn vouches_for_what_is_put_off(connection: OnMiss<Account>) -> String {
    connection.extract().await.map_or("none", |_| "one").to_owned()
}

#[cached(ttl = 60, skip(person))]
async fn skips_a_person(person: Option<Person>) -> String {
    person.map_or_else(String::new, |person| person.0)
}

#[cached(ttl = 60, skip(cookies))]
async fn skips_cookies(cookies: Option<Cookies>) -> String {
    cookies.map_or_else(String::new, |cookies| cookies.0)
}

#[cached(ttl = 60, skip_credentials(_person), cache_control = "max-age=60")]
async fn vouches_for_a_person(_person: Person) -> &'static str {
    "for all"
}

#[cached(ttl = 60, skip(content), cache_control = "max-age=60")]
async fn skips_content(content: String) -> String {
    content.len().to_string()
}

#[cached(ttl = 60, key(sid(jar)), cache_control = "max-age=60")]
async fn by_a_cookie_of_all(jar: CookieJar) -> String {
    format!("{:?}", sid(&jar))
}

#[cached(ttl = 60, key(cookie.as_ref().and_then(|cookie| cookie.get("sid").map(str::to_owned))), cache_control = "max-age=60")]
async fn by_a_cookie_of_a_field(cookie: Option<TypedHeader<Cookie>>) -> String {
    format!("{:?}", cookie.as_ref().and_then(|cookie| cookie.get("sid")))
}

#[cached(ttl = 60, key(sid(&account.0)), cache_control = "max-age=60")]
async fn by_a_cookie_of_a_newtype(account: Account) -> String {
    format!("{:?}", sid(&account.0))
}

/// What an argument shows is told by its type, and not by the type's name.
#[tokio::test]
async fn a_type_that_says_nothing_is_not_skipped_where_the_request_has_credentials() {
    for site in [
        Site::of(skips_a_newtype),
        Site::of(skips_an_optional_newtype),
        Site::of(skips_what_is_put_off),
        Site::of(skips_a_guard_that_is_put_off),
    ] {
        for who in ["sid=ann", "sid=bob", "sid=bob"] {
            let reply = site.ask("GET", "/", &[("cookie", who)]).await;
            assert!(!reply.is_hit(), "{who}");
        }
        site.ask("GET", "/", &[]).await;
        assert!(site.ask("GET", "/", &[]).await.is_hit(), "without credentials there is nothing to show");
    }
    for site in [Site::of(skips_a_newtype), Site::of(skips_what_is_put_off)] {
        assert_eq!(site.ask("GET", "/", &[("cookie", "sid=ann")]).await.text(), "Some(\"ann\")");
        assert_eq!(site.ask("GET", "/", &[("cookie", "sid=bob")]).await.text(), "Some(\"bob\")");
    }
}

/// Who skips it may not know what its type says, or mean that it is only looked at.
#[tokio::test]
async fn a_type_that_says_whose_it_is_is_not_skipped_where_there_is_a_person() {
    for (site, field) in [(Site::of(skips_a_person), "x-user"), (Site::of(skips_cookies), "cookie")] {
        for who in ["ann", "bob", "bob"] {
            let reply = site.ask("GET", "/", &[(field, who)]).await;
            assert_eq!((reply.is_hit(), reply.text()), (false, who), "{field}");
        }
        site.ask("GET", "/", &[]).await;
        assert!(site.ask("GET", "/", &[]).await.is_hit(), "{field}: nobody is there");
    }
}

#[tokio::test]
async fn what_cannot_show_who_asks_is_skipped_as_is_what_its_author_vouches_for() {
    for site in [
        Site::of(skips_a_guard),
        Site::of(vouches_for_a_newtype),
        Site::of(vouches_for_what_is_put_off),
        Site::of(vouches_for_a_person),
        Site::of(skips_content),
    ] {
        assert!(!site.ask("GET", "/", &[("cookie", "sid=ann"), ("x-user", "ann")]).await.is_hit());
        let reply = site.ask("GET", "/", &[("cookie", "sid=bob"), ("x-user", "bob")]).await;
        assert!(reply.is_hit());
        assert_eq!(reply.field("cache-control"), Some("max-age=60"));
    }
}

/// Who signs out sends another cookie, or none: what was kept for the old one is not meant for that.
#[tokio::test]
async fn a_cookie_in_the_key_varies_and_is_private_by_itself() {
    for site in [Site::of(by_a_cookie_of_all), Site::of(by_a_cookie_of_a_field)] {
        for (cookie, hit) in [("sid=ann", false), ("sid=ann; theme=dark", true), ("sid=bob", false), ("", false)] {
            let fields = [("cookie", cookie)];
            let reply = site.ask("GET", "/", if cookie.is_empty() { &[] } else { &fields }).await;
            assert_eq!(reply.is_hit(), hit, "{cookie}");
            assert_eq!((reply.field("cache-control"), reply.field("vary")), (Some("private, max-age=60"), Some("cookie")), "{cookie}");
        }
    }
    let site = Site::of(by_a_cookie_of_a_newtype);
    for hit in [false, true] {
        let reply = site.ask("GET", "/", &[("cookie", "sid=ann")]).await;
        assert_eq!((reply.is_hit(), reply.field("cache-control")), (hit, Some("private, max-age=60")));
        assert!(reply.field("vary").is_some_and(|vary| vary.contains("cookie")));
    }
}
