//! Arguments given up with `skip(…)`.

use std::any::type_name;

use super::{Keyed, Reduced};
use crate::{
    key::writer::KeyWriter,
    rules::{client::identifies_a_person, credentials::Credentials},
};

/// Types that show the fields `Authorization` and `Cookie` as they were sent, or what is kept for whoever sent them, by their
/// last name: those of axum, axum-extra, axum-auth, axum-csrf, axum-login, axum-messages, axum-session, tower-cookies and
/// tower-sessions, and of what went before these.
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

/// A skipped argument whose type says what it shows.
///
/// What that is its author answers for; but where the value identifies a person by its own word, was read from the credentials, or
/// shows these as they were sent, the request stands aside all the same, whatever its response says. Any name in the type counts, as
/// the worst outcome of a chance hit is a bypass. `skip_credentials` shares a response for everybody who is logged in.
pub trait SkipsKnown {
    /// Notes it.
    fn skip(&self, key: &mut KeyWriter<'_>);

    /// Notes one that a condition of `bypass` is about, too. Its author has said with which cookies or session the cache has nothing to
    /// do, so that others share; but whoever is still known where no condition holds has a page of their own.
    fn skip_beside_bypass(&self, key: &mut KeyWriter<'_>);
}

impl<M, T: Keyed<M>> SkipsKnown for Reduced<'_, M, T> {
    fn skip(&self, key: &mut KeyWriter<'_>) {
        let has_credentials = key.facts.flags.credentials;
        let said = key.said(|key| self.0.write(key));
        let is_a_persons = said.private || has_credentials && said.vary.iter().any(|name| identifies_a_person(name));
        // What has no content lets somebody in, and shows nobody.
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

/// Any other. Nobody knows what it was read from: it may be a session, or a type of its author's around one. So requests with
/// credentials stand aside, but where such a type can show nothing of them.
pub trait SkipsUnknown {
    /// Notes it.
    fn skip(&self, key: &mut KeyWriter<'_>);

    /// Notes one that a condition of `bypass` is about, too: its author has said with which cookies or session the cache has nothing to
    /// do, so that others share; of all fields at once that may not have been meant.
    fn skip_beside_bypass(&self, key: &mut KeyWriter<'_>);
}

/// For a reference, so that a method call finds it only where the other trait is not implemented.
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

/// Whether a value cannot show who asks: because it has no content, or because it is one of those of axum, which show what they are
/// named after. An `Extension` holds anything, and so does what an `OnMiss` extracts.
fn is_without_credentials<T>() -> bool {
    let mut name = type_name::<T>();
    while let Some(inner) = ["core::option::Option<", "core::result::Result<"].iter().find_map(|around| name.strip_prefix(around)) {
        name = inner;
    }
    size_of::<T>() == 0 || KNOWN.iter().any(|known| name.starts_with(known)) && !names(name).any(|name| name == "Extension")
}

/// How the types of axum begin, and those of the content that it hands out.
const KNOWN: [&str; 5] = ["axum::", "axum_core::", "alloc::string::String", "bytes::", "axum_extra::typed_header::TypedHeader<headers::"];

/// Notes an argument of which `key` names a part. A cookie jar, or a typed field, was named for what it shows, which [`Reduced`]
/// notes; of all fields at once the part that is named is hardly the credentials, so requests with these stand aside.
pub fn reduced<T: ?Sized>(key: &mut KeyWriter<'_>) {
    withhold_all_fields::<T>(key);
}

fn withhold_all_fields<T: ?Sized>(key: &mut KeyWriter<'_>) {
    if key.facts.flags.credentials && shows_all_fields(type_name::<T>()) {
        key.traits.shows(Credentials::Withheld);
    }
}

/// Those that show every field.
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
    fn of_what_a_part_is_keyed_only_all_fields_at_once_show_credentials() {
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

    /// The crates are many, and none of them is a dependency: their types are known by name.
    #[test]
    fn what_other_crates_make_of_cookies_shows_credentials() {
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
