//! What each kind of argument contributes to the key: one trait, through which the attribute sends them all.

mod content;
#[cfg(feature = "axum-extra")]
mod extra;
mod fields;
mod forward;
mod on_miss;
mod path;
mod query;
mod refused;
mod skip;
#[cfg(test)]
mod tests;
mod uri;
mod wrapped;

pub use self::{
    on_miss::{KeyedUnseen, OnMiss, Rejected},
    skip::skipped,
};
use crate::{
    cache::Cache,
    cache_key::{CacheKey, KeyWriter},
    seen::Seen,
    serve::Run,
};

/// An argument of a cached handler. `M` says what the attribute's `vary` declares.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no argument of a cached handler: it does not say what it adds to the key",
    label = "the key has to hold what the handler sees here",
    note = "an extractor of your own: put `#[derive(cached_handler::CacheKey)]` on its type",
    note = "only a part of it matters: name that part, `#[cached(…, key(arg.part))]`",
    note = "nothing in it changes the response: `#[cached(…, skip(arg))]`",
    note = "a pooled connection and the like: take `OnMiss<{Self}>` and type `skip(arg)`; its extractor runs only where the handler does",
    note = "`AuthSession`, `Session`: key the user, `key(session.user_id())`, or derive `CacheKey` on an extractor such as `AuthUser` of your own",
    note = "`PrivateCookieJar`, `SignedCookieJar`: key one cookie, `key(jar.get(\"theme\").map(|c| c.value().to_owned()))`",
    note = "`ConnectInfo`: each client would have responses of its own; type `skip(info)`, or take the argument away",
    note = "`WebSocketUpgrade`: an upgrade is nothing that can be stored; take `#[cached]` away",
    note = "`Multipart`, `Json`, `Bytes` and other content: only GET and HEAD are cached, so take `Query` or `Path`; a handler that writes wants `#[invalidates(…)]`"
)]
pub trait Keyed<M> {
    /// Writes all that the handler can learn from this argument.
    fn write(&self, key: &mut KeyWriter<'_>);

    /// Takes away, before the handler sees the argument, what it must not see.
    fn amend(&mut self, _run: &Run) {}

    /// Says what holds where the request gave no such argument: that its absence, too, was read from a field.
    fn absent(_key: &mut KeyWriter<'_>)
    where
        Self: Sized,
    {
    }
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

#[diagnostic::do_not_recommend]
impl<M, T: CacheKey> Keyed<M> for T {
    fn write(&self, key: &mut KeyWriter<'_>) {
        self.cache_key(key);
    }
}

/// Arguments that show nothing of a request.
macro_rules! nothing {
    ($($type:ty $(, $generic:ident)?;)*) => { $(
        #[diagnostic::do_not_recommend]
        impl<M $(, $generic)?> Keyed<M> for $type {
            fn write(&self, _: &mut KeyWriter<'_>) {}
        }
    )* };
}
nothing! {
    ();
    Cache;
    axum::extract::State<T>, T;
}

#[diagnostic::do_not_recommend]
impl<M, const FIELDS: bool> Keyed<M> for Seen<FIELDS> {
    /// Nothing: it stands in the signature where two attributes of ours share a handler.
    fn write(&self, _: &mut KeyWriter<'_>) {}
}
