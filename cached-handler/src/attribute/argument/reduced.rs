//! `key(…)` names a part of an argument: what the argument's type declares about the response holds all the same.

use std::{fmt, marker::PhantomData};

use super::Keyed;
use crate::key::writer::KeyWriter;

/// An argument that `key(…)` reduces to one of its parts. The other parts are not in the key, but its type still declares that the
/// response belongs to one person, and which fields it was read from. Clients and CDNs that store the response rely on that.
pub struct Reduced<'a, M, T>(pub(super) &'a T, PhantomData<M>);

impl<'a, M, T> Reduced<'a, M, T> {
    /// Wraps the argument; `M` is the form of `vary`.
    pub fn of(argument: &'a T) -> Self {
        Self(argument, PhantomData)
    }
}

/// A type that is [`Keyed`]: it declares what it was read from.
pub trait SaysOfItself {
    /// Keeps its declarations and discards its parts.
    fn note(&self, key: &mut KeyWriter<'_>);
}

impl<M, T: Keyed<M>> SaysOfItself for Reduced<'_, M, T> {
    fn note(&self, key: &mut KeyWriter<'_>) {
        key.note_alone(|key| self.0.write(key));
    }
}

/// Any other type, and a type parameter that is not known to be `Keyed`. Implemented for a reference, so that a method call finds it
/// only if the other trait is not implemented.
pub trait SaysNothing {
    /// The value may have been read from the credentials. So `Vary` names them, and clients with other credentials (and CDNs on their
    /// behalf) ask again. If the request has credentials, the response counts as one person's.
    fn note(&self, key: &mut KeyWriter<'_>) {
        key.traits.unsaid = true;
        if key.facts.flags.credentials {
            key.private().vary("cookie").vary("authorization");
        }
    }
}

/// A cookie jar whose part is in the key. `Vary` names `Cookie` whichever part it is: after a logout, or a login as someone else,
/// no client and no CDN answers from its copy. A response that varies by cookies is sent as `private`.
pub trait SaysCookies {
    /// Declares `Vary: Cookie`.
    fn note(&self, key: &mut KeyWriter<'_>);
}

impl<M, T: OfCookies> SaysCookies for Reduced<'_, M, T> {
    fn note(&self, key: &mut KeyWriter<'_>) {
        key.vary("cookie");
    }
}

/// A type with all cookies, which no key holds.
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
    /// Shows no value, as it may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reduced").finish_non_exhaustive()
    }
}
