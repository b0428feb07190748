//! What each kind of argument contributes to the key.
//!
//! An argument says it by [`CacheKey`], which is implemented here for the extractors of axum and axum-extra. Only the
//! three that show every field depend on what the attribute's `vary` declares: they are why there is [`Keyed`].

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

/// An argument of a cached handler. `M` says what the attribute's `vary` declares.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a cached handler: it does not say what it adds to the key",
    label = "the key has to hold what the handler sees here",
    note = "if `{Self}` is yours: put `#[derive(cached_handler::CacheKey)]` on it, and `#[cache_key(private)]` if it identifies a person",
    note = "if it is another crate's: name what the response depends on, `#[cached(…, key(arg.part))]`; everything else of this argument is then not in the key, so never name a part of a secret, of messages or of a session: read those in an extractor of your own that has the derive",
    note = "if it does not affect the response: `#[cached(…, skip_credentials(arg))]` for what shows nothing of a person, such as a pool; else `skip(arg)`, with which requests that have a `Cookie` or `Authorization` bypass the cache"
)]
pub trait Keyed<M> {
    /// Finds out what [`write`](Self::write) has to know, where that cannot be seen from outside.
    fn peek(&mut self) {}

    /// Writes all that the handler can learn from this argument.
    fn write(&self, key: &mut KeyWriter<'_>);

    /// Takes away, before the handler sees the argument, what it must not see.
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

/// The only way to `Keyed` for all but three types, and without `do_not_recommend`: so rustc goes through to what is
/// missing, such as a `Deserialize`, or a `CacheKey` in a tuple.
impl<M, T: CacheKey> Keyed<M> for T {
    fn write(&self, key: &mut KeyWriter<'_>) {
        self.cache_key(key);
    }

    fn amend(&mut self, forwarding: &Forwarding<'_>) {
        self.fill(forwarding);
    }
}

/// Stands in bounds that are never met, for the advice that rustc gives then: it prints that of the innermost bound, but
/// only if it is not on the argument's own type; and it needs a lifetime, or the bound would be an error in itself. What
/// is implemented under such bounds is not in the documentation, as nothing has it.
#[derive(Debug)]
pub struct HandlerThatIsCached<'a>(std::marker::PhantomData<&'a ()>);

/// Arguments that show nothing of a request.
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
    // It belongs to the process.
    Cache;
}

/// It belongs to the process.
#[diagnostic::do_not_recommend]
impl<T> CacheKey for State<T> {
    fn cache_key(&self, _: &mut KeyWriter<'_>) {}

    fn carried(&self, key: &mut KeyWriter<'_>) {
        not_of_this_request(key);
    }
}

/// An extractor whose value is known from the request, or the same for all, but not where a middleware has put one into an
/// `Extension`: a `State` there may hold anything, a `Path` may have been taken from another route.
fn not_of_this_request(key: &mut KeyWriter<'_>) {
    key.bypass(Bypass::ExtractorInExtension);
}
