//! The cookie jar: a compile error, as a key of all cookies would never hit.

use axum_extra::extract::CookieJar;

use crate::argument::HandlerThatIsCached;
use crate::cache_key::{CacheKey, KeyWriter};

/// Nobody implements it: it is there for what rustc says then.
#[diagnostic::on_unimplemented(
    message = "a cached handler cannot take all cookies: with `{T}` in the key, each client would have responses of its own",
    label = "shows every cookie",
    note = "key the one that matters: `#[cached(…, key(jar.get(\"theme\").map(|c| c.value().to_owned())))]`",
    note = "cookies that do not affect the response: `skip(jar)`"
)]
pub trait KeysCookiesOf<T> {}

#[doc(hidden)]
impl CacheKey for CookieJar
where
    for<'a> HandlerThatIsCached<'a>: KeysCookiesOf<Self>,
{
    fn cache_key(&self, _: &mut KeyWriter<'_>) {}
}
