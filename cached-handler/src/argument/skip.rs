//! Arguments given up with `skip(…)`.

use crate::cache_key::KeyWriter;

/// Types that show the fields `Authorization` and `Cookie` as they were sent, by their last name.
const RAW: [&str; 10] = [
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
];

/// Notes an argument that `skip` names.
///
/// What it shows is not in the key, which its author answers for; but where it shows credentials as they were sent,
/// requests with credentials stand aside all the same (RFC 9111 §3.5). `T` may be any type, so its name decides: any
/// name in it, also of a type parameter or of another crate's type, as the worst outcome of a chance hit is a bypass.
pub fn skipped<T: ?Sized>(key: &mut KeyWriter<'_>) {
    if key.facts.flags.credentials && shows_credentials(std::any::type_name::<T>()) {
        key.traits.sees_credentials = true;
    }
}

fn shows_credentials(type_name: &str) -> bool {
    type_name.split(|c: char| !c.is_alphanumeric() && c != '_').any(|name| RAW.contains(&name))
}

#[cfg(test)]
mod tests {
    use std::any::type_name;

    use super::shows_credentials;

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

    #[test]
    fn other_types_show_no_credentials() {
        struct RequestId;
        assert!(!shows_credentials(type_name::<RequestId>()));
        assert!(!shows_credentials(type_name::<axum::extract::State<&mut [Box<dyn Send>]>>()));
        #[cfg(feature = "axum-extra")]
        assert!(!shows_credentials(type_name::<axum_extra::TypedHeader<headers::UserAgent>>()));
    }
}
