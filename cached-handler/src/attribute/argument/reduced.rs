//! What an argument's type says of itself where `key(…)` names a part of its value.

use std::{fmt, marker::PhantomData};

use super::Keyed;
use crate::key::writer::KeyWriter;

/// An argument that `key` reduces to one of its parts. The other parts are not in the key, but its type still says of the response that it is
/// one person's, and which fields it was read from: a client or a CDN that keeps the response has nothing else to go by.
pub struct Reduced<'a, M, T>(pub(super) &'a T, PhantomData<M>);

impl<'a, M, T> Reduced<'a, M, T> {
    /// What `M` declares, and the argument.
    pub fn of(argument: &'a T) -> Self {
        Self(argument, PhantomData)
    }
}

/// A type that says something of itself.
pub trait SaysOfItself {
    /// Notes it.
    fn note(&self, key: &mut KeyWriter<'_>);
}

impl<M, T: Keyed<M>> SaysOfItself for Reduced<'_, M, T> {
    fn note(&self, key: &mut KeyWriter<'_>) {
        key.note_alone(|key| self.0.write(key));
    }
}

/// Any other, also one that a generic handler cannot be shown to say anything. Implemented for a reference, so that a method
/// call finds it only where the other trait is not implemented.
pub trait SaysNothing {
    /// It may have been read from the credentials: nobody can tell, so a client that comes with others, or a CDN that is asked by
    /// such a client, asks anew. Where the request has some, the response is taken for one person's.
    fn note(&self, key: &mut KeyWriter<'_>) {
        key.traits.unsaid = true;
        if key.facts.flags.credentials {
            key.private().vary("cookie").vary("authorization");
        }
    }
}

/// Cookies, of which the key holds a part: whatever that is, `Vary` names the field, so that who signs out, or in as another, is
/// not answered from what a client or a CDN holds. What varies by cookies is sent as `private`.
pub trait SaysCookies {
    /// Notes it.
    fn note(&self, key: &mut KeyWriter<'_>);
}

impl<M, T: OfCookies> SaysCookies for Reduced<'_, M, T> {
    fn note(&self, key: &mut KeyWriter<'_>) {
        key.vary("cookie");
    }
}

/// All cookies at once, which no key holds.
pub trait OfCookies {}

#[cfg(feature = "axum-extra")]
impl OfCookies for axum_extra::extract::CookieJar {}

#[cfg(feature = "axum-extra")]
impl OfCookies for axum_extra::TypedHeader<headers::Cookie> {}

#[cfg(feature = "axum-extra")]
impl<T: OfCookies> OfCookies for axum_extra::extract::Cached<T> {}

impl<T: OfCookies> OfCookies for Option<T> {}

impl<T: OfCookies, R> OfCookies for Result<T, R> {}

impl<M, T> SaysNothing for &Reduced<'_, M, T> {}

impl<M, T> fmt::Debug for Reduced<'_, M, T> {
    /// Names no value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reduced").finish_non_exhaustive()
    }
}
