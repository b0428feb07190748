//! The cookie jar: a compile error, as a key of all cookies would never hit.

use axum_extra::extract::CookieJar;

use crate::attribute::argument::HandlerThatIsCached;
use crate::key::writer::{CacheKey, KeyWriter};

/// Never implemented: the bound exists for its error message.
#[diagnostic::on_unimplemented(
    message = "a cached handler cannot take all cookies: with `{T}` in the key, each client would have responses of its own",
    label = "shows every cookie",
    note = "a page for those who are not logged in: `#[cached(…, bypass(jar.get(\"session\").is_some()), skip(jar))]`; for all others the handler runs",
    note = "a page that depends on one cookie: an extractor of your own that reads only that cookie, with `#[derive(cached_handler::CacheKey)]`, as in https://docs.rs/cached-handler/latest/cached_handler/guide/keys#cookies; for a login it has to look up whether the session has ended",
    note = "if no response shows anything of them: `#[cached(…, skip(jar))]`; requests with a `Cookie` then bypass the cache"
)]
pub trait KeysCookiesOf<T> {}

#[doc(hidden)]
impl CacheKey for CookieJar
where
    for<'a> HandlerThatIsCached<'a>: KeysCookiesOf<Self>,
{
    fn cache_key(&self, _: &mut KeyWriter<'_>) {}
}
