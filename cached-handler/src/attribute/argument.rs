//! What each kind of argument contributes to the key.
//!
//! Most arguments say so by [`CacheKey`], which is implemented here for the extractors of axum and axum-extra. Three extractors
//! show every header field (`HeaderMap`, `Parts`, `Request`), and what they write depends on the attribute's `vary`. So there is
//! [`Keyed`], which has a type parameter for it.

mod content;
#[cfg(feature = "axum-extra")]
mod extra;
mod field;
mod fields;
mod forward;
mod on_miss;
mod path;
mod query;
mod reduced;
mod refused;
mod revalidate;
mod skip;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(feature = "typed-routing")]
mod typed_path;
mod uri;
mod via;
mod wrapped;

use axum::extract::State;

pub use self::{
    field::{Field, IsExtractor, IsNeither, IsPart, option_via, result_via},
    on_miss::{OnMiss, Rejected},
    reduced::{OfCookies, Reduced, SaysCookies, SaysNothing, SaysOfItself},
    revalidate::Revalidate,
    skip::{SkipsKnown, SkipsUnknown, reduced},
    via::Via,
};
use crate::{
    cache::Cache,
    key::writer::{CacheKey, KeyWriter},
    outcome::Bypass,
    request::forwarding::Forwarding,
};

/// An argument of a cached handler. `M` is the form of the attribute's `vary`: [`Undeclared`], [`Fields`] or [`FromResponse`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a cached handler: it does not say what it adds to the key",
    label = "the key has to hold what the handler sees here",
    note = "if `{Self}` is yours: put `#[derive(cached_handler::CacheKey)]` on it, and `#[cache_key(private)]` if it identifies a person",
    note = "if it is another crate's: name what the response depends on, `#[cached(…, key(arg.part))]`; everything else of this argument is then not in the key, so never name a part of a secret, of messages or of a session: read those in an extractor of your own that has the derive",
    note = "if it does not affect the response: `#[cached(…, skip_credentials(arg))]` for what shows nothing of a person, such as a pool; else `skip(arg)`, with which requests that have a `Cookie` or `Authorization` bypass the cache"
)]
pub trait Keyed<M> {
    /// Called before [`write`](Self::write), for arguments that have to be changed in order to be read: a `Request` reads the first
    /// frame of its body.
    fn peek(&mut self) {}

    /// Writes into the key everything that the handler can learn from this argument.
    fn write(&self, key: &mut KeyWriter<'_>);

    /// Called before the handler runs: removes from the argument what the handler must not see, and adds what it needs to
    /// revalidate.
    fn amend(&mut self, _forwarding: &Forwarding<'_>) {}
}

/// The attribute has no `vary`.
#[derive(Debug)]
pub struct Undeclared;

/// `vary = "accept-language"`: the attribute names fields.
#[derive(Debug)]
pub struct Fields;

/// `vary = from_response`: responses name in `Vary` what they depend on.
#[derive(Debug)]
pub struct FromResponse;

/// How all types but three are `Keyed`. This implementation has no `do_not_recommend`, so that an error of rustc names the
/// bound that is missing below it, such as `Deserialize`, or `CacheKey` of a member of a tuple.
impl<M, T: CacheKey> Keyed<M> for T {
    fn write(&self, key: &mut KeyWriter<'_>) {
        self.cache_key(key);
    }

    fn amend(&mut self, forwarding: &Forwarding<'_>) {
        self.fill(forwarding);
    }
}

/// The type in bounds that are never met and exist for their message alone (`HandlerThatIsCached: MaySeeAllOf<Request>`). rustc
/// prints the message of the innermost failing bound, but only if that bound is not on the argument's own type. The lifetime
/// keeps rustc from rejecting the bound where it is declared. Implementations with such a bound are hidden in the documentation,
/// since no type has them.
#[derive(Debug)]
pub struct HandlerThatIsCached<'a>(std::marker::PhantomData<&'a ()>);

/// Implements `CacheKey` for arguments that show nothing of a request.
macro_rules! nothing {
    ($($type:ty $(, $generic:ident)?;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl $(<$generic>)? CacheKey for $type {
            fn cache_key(&self, _: &mut KeyWriter<'_>) {}
        }
    )* };
}
nothing! {
    ();
    // A cache belongs to the process.
    Cache;
}

/// State belongs to the process and shows nothing of a request.
#[diagnostic::do_not_recommend]
impl<T> CacheKey for State<T> {
    fn cache_key(&self, _: &mut KeyWriter<'_>) {}

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

/// For extractors that may come from elsewhere if a middleware put them into an `Extension`: such a `State` may hold anything, and
/// such a `Path` may have been taken from another route. The request bypasses the cache.
fn not_of_this_request(key: &mut KeyWriter<'_>) {
    key.bypass(Bypass::ExtractorInExtension);
}
