//! Arguments that `skip(…)` leaves out of the key, and when a request with credentials then bypasses the cache.

use std::any::type_name;

use super::{Keyed, Reduced};
use crate::{
    key::writer::KeyWriter,
    rules::{client::identifies_a_person, credentials::Credentials},
};

/// The names of types that show `Authorization` or `Cookie` as sent, or a session that belongs to them: types of axum, axum-extra,
/// axum-auth, axum-csrf, axum-login, axum-messages, axum-session, tower-cookies and tower-sessions, and of their predecessors.
const RAW: [&str; 22] = [
    "HeaderMap",
    "Parts",
    "Request",
    "Extensions",
    "CookieJar",
    "SignedCookieJar",
    "PrivateCookieJar",
    "Authorization",
    "ProxyAuthorization",
    "Cookie",
    "Cookies",
    "SignedCookies",
    "PrivateCookies",
    "Session",
    "ReadableSession",
    "WritableSession",
    "AuthSession",
    "AuthBasic",
    "AuthBearer",
    "CsrfToken",
    "Messages",
    "IncomingFlashes",
];

/// A skipped argument whose type is `Keyed`, and so declares what it shows.
///
/// The author answers for the rest of it. But the request bypasses the cache, whatever its response says, if the value identifies a
/// person by its own declaration, was read from the credentials, or shows these as sent. Any name in the type counts, as a false
/// match costs no more than a bypass. For a response that everybody who is logged in may share, there is `skip_credentials`.
pub trait SkipsKnown {
    /// Notes what the argument shows.
    fn skip(&self, key: &mut KeyWriter<'_>);

    /// Notes what an argument shows that a condition of `bypass(…)` mentions. Its author has said which cookies or sessions bypass the
    /// cache, so requests with others share responses. But a value that identifies a person although no condition holds still
    /// bypasses the cache.
    fn skip_beside_bypass(&self, key: &mut KeyWriter<'_>);
}

impl<M, T: Keyed<M>> SkipsKnown for Reduced<'_, M, T> {
    fn skip(&self, key: &mut KeyWriter<'_>) {
        let has_credentials = key.facts.flags.credentials;
        let said = key.said(|key| self.0.write(key));
        let is_a_persons = said.private || has_credentials && said.vary.iter().any(|name| identifies_a_person(name));
        // A type of size 0 may admit a person, but shows nothing of them.
        if is_a_persons && size_of::<T>() > 0 || has_credentials && shows_credentials(type_name::<T>()) {
            key.traits.shows(Credentials::Withheld);
        }
    }

    fn skip_beside_bypass(&self, key: &mut KeyWriter<'_>) {
        let is_a_persons = key.said(|key| self.0.write(key)).private;
        if is_a_persons && size_of::<T>() > 0 {
            key.traits.shows(Credentials::Withheld);
        }
        withhold_all_fields::<T>(key);
    }
}

/// A skipped argument of any other type. It may be a session, or a type of its author's around one, so requests with credentials
/// bypass the cache unless the type cannot show anything of them.
pub trait SkipsUnknown {
    /// Notes what the argument may show.
    fn skip(&self, key: &mut KeyWriter<'_>);

    /// Notes what an argument may show that a condition of `bypass(…)` mentions. Its author has said which cookies or sessions bypass
    /// the cache, so requests with others share responses; but not if the argument shows all fields, as the condition may be about
    /// one of them only.
    fn skip_beside_bypass(&self, key: &mut KeyWriter<'_>);
}

/// Implemented for a reference, so that a method call finds it only if the other trait is not implemented.
impl<M, T> SkipsUnknown for &Reduced<'_, M, T> {
    fn skip(&self, key: &mut KeyWriter<'_>) {
        if key.facts.flags.credentials && (shows_credentials(type_name::<T>()) || !is_without_credentials::<T>()) {
            key.traits.shows(Credentials::Withheld);
        }
    }

    fn skip_beside_bypass(&self, key: &mut KeyWriter<'_>) {
        withhold_all_fields::<T>(key);
    }
}

/// Whether a value cannot show the person who asks: its size is 0, or it is a type of axum, which shows what its name says. An
/// `Extension` and an `OnMiss` may hold anything.
fn is_without_credentials<T>() -> bool {
    let mut name = type_name::<T>();
    while let Some(inner) = ["core::option::Option<", "core::result::Result<"].iter().find_map(|around| name.strip_prefix(around)) {
        name = inner;
    }
    size_of::<T>() == 0 || KNOWN.iter().any(|known| name.starts_with(known)) && !names(name).any(|name| name == "Extension")
}

/// The beginnings of the paths of axum's types, and of the types in which it hands out content.
const KNOWN: [&str; 5] = ["axum::", "axum_core::", "alloc::string::String", "bytes::", "axum_extra::typed_header::TypedHeader<headers::"];

/// Notes that `key(…)` names a part of an argument. If the argument shows all header fields, the part is hardly the credentials, so
/// requests with credentials bypass the cache. For a cookie jar or a typed field, [`Reduced`] notes what it shows.
pub fn reduced<T: ?Sized>(key: &mut KeyWriter<'_>) {
    withhold_all_fields::<T>(key);
}

fn withhold_all_fields<T: ?Sized>(key: &mut KeyWriter<'_>) {
    if key.facts.flags.credentials && shows_all_fields(type_name::<T>()) {
        key.traits.shows(Credentials::Withheld);
    }
}

/// The names of types that show every header field.
const WHOLE: [&str; 4] = ["HeaderMap", "Parts", "Request", "Extensions"];

fn shows_credentials(type_name: &str) -> bool {
    names(type_name).any(|name| RAW.contains(&name))
}

fn shows_all_fields(type_name: &str) -> bool {
    names(type_name).any(|name| WHOLE.contains(&name))
}

fn names(type_name: &str) -> impl Iterator<Item = &str> {
    type_name.split(|c: char| !c.is_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    use std::any::type_name;

    use super::{is_without_credentials, shows_credentials};
    use crate::attribute::argument::OnMiss;

    #[test]
    fn a_type_that_says_nothing_may_show_credentials_unless_it_can_show_nothing_of_them() {
        struct Guard;
        struct Account(#[expect(dead_code, reason = "it only has a size")] String);
        assert!(is_without_credentials::<Guard>() && is_without_credentials::<Option<axum::Json<Account>>>());
        assert!(is_without_credentials::<bytes::Bytes>() && !is_without_credentials::<OnMiss<Guard>>());
        assert!(!is_without_credentials::<Account>() && !is_without_credentials::<Option<Account>>());
        assert!(!is_without_credentials::<axum::Extension<Account>>() && !is_without_credentials::<(Guard, Account)>());
        #[cfg(feature = "axum-extra")]
        {
            use axum_extra::{TypedHeader, extract::Cached};
            assert!(is_without_credentials::<TypedHeader<headers::UserAgent>>());
            assert!(!is_without_credentials::<Cached<Account>>() && !is_without_credentials::<(TypedHeader<u8>, Account)>());
        }
    }

    #[test]
    fn with_a_part_in_the_key_only_types_with_all_fields_show_credentials() {
        assert!(super::shows_all_fields(type_name::<http::HeaderMap>()));
        assert!(super::shows_all_fields(type_name::<Option<axum::extract::Request>>()));
        #[cfg(feature = "axum-extra")]
        assert!(!super::shows_all_fields(type_name::<axum_extra::extract::CookieJar>()));
    }

    #[test]
    fn a_type_that_carries_fields_shows_credentials_wherever_it_stands() {
        assert!(shows_credentials(type_name::<http::HeaderMap>()));
        assert!(shows_credentials(type_name::<axum::extract::Request>()));
        assert!(shows_credentials(type_name::<http::request::Parts>()));
        assert!(shows_credentials(type_name::<(u8, Option<http::HeaderMap>)>()));
        assert!(shows_credentials(type_name::<Result<http::Extensions, &'static str>>()));
        #[cfg(feature = "axum-extra")]
        {
            use axum_extra::{
                TypedHeader,
                extract::{Cached, CookieJar},
            };
            use headers::{Authorization, Cookie, authorization::Bearer};
            assert!(shows_credentials(type_name::<Cached<CookieJar>>()));
            assert!(shows_credentials(type_name::<TypedHeader<Authorization<Bearer>>>()));
            assert!(shows_credentials(type_name::<TypedHeader<Cookie>>()));
        }
    }

    /// These types are recognised by their names, as none of their crates is a dependency.
    #[test]
    fn cookie_and_session_types_of_other_crates_show_credentials() {
        mod sessions {
            pub(super) struct Session;
            pub(super) struct AuthSession<B>(pub(super) B);
            pub(super) struct Cookies;
        }
        assert!(shows_credentials(type_name::<sessions::Session>()));
        assert!(shows_credentials(type_name::<Option<sessions::AuthSession<u8>>>()));
        assert!(shows_credentials(type_name::<axum::Extension<sessions::Cookies>>()));
    }

    #[test]
    fn other_types_show_no_credentials() {
        struct RequestId;
        assert!(!shows_credentials(type_name::<RequestId>()));
        assert!(!shows_credentials(type_name::<axum::extract::State<&mut [Box<dyn Send>]>>()));
        #[cfg(feature = "axum-extra")]
        assert!(!shows_credentials(type_name::<axum_extra::TypedHeader<headers::UserAgent>>()));
    }
}
