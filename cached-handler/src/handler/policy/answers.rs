//! Settings for all answers of a handler.

use super::{Policy, defaults::Setting, names::is_field_value};
use crate::rules::client::CacheControlSetting;

impl Policy {
    /// The `Cache-Control` for clients, if neither the response nor the attribute or the layer has one. A `max-age` counts from the
    /// moment of the answer. The default is `no-cache`: clients revalidate, and get a 304.
    ///
    /// A misspelt directive (`maxage=60`) and contradicting ones (`private, public`) are an error of
    /// [`Cache::install`](crate::Cache::install); in the policy of a cache, an error of `build()`.
    ///
    /// # Panics
    ///
    /// In a constant, hence at compile time: for text that is empty or not the value of a field.
    pub const fn cache_control(mut self, directives: &'static str) -> Self {
        assert!(
            is_field_value(directives),
            "`cache_control` is text such as `public, max-age=60`; for none at all type `.without_cache_control()`"
        );
        self.cache_control = CacheControlSetting::Is(directives);
        self.made |= Setting::CacheControl as u32;
        self
    }

    /// Adds no `Cache-Control` to responses: the handler's own stays as it is, and without one, other caches apply their own defaults,
    /// as they would without this crate. A response for one person (an argument that is `private`, or a field such as `cookie` in
    /// `vary`) is still sent as `private`.
    ///
    /// Not if a cache or browser may store responses that you invalidate here: nothing tells it to revalidate.
    pub const fn without_cache_control(mut self) -> Self {
        self.cache_control = CacheControlSetting::Untouched;
        self.made |= Setting::CacheControl as u32;
        self
    }

    /// Never stores the `Err` that a handler with `#[cached]` returns, whatever its status: for errors that are rendered with 200, as
    /// in GraphQL, or with another status that is stored. It has no effect on a layer, on a handler that returns no `Result`, and on
    /// an `Err` that was converted into a response (`Err(…).into_response()`).
    ///
    /// ```
    /// # use axum::{extract::Path, response::Html};
    /// use cached_handler::{Policy, cached};
    ///
    /// const ONLY_OK: Policy = Policy::new().only_ok();
    ///
    /// /// The page for an unknown topic has the status 200.
    /// #[cached(ttl = 60, policy = ONLY_OK)]
    /// async fn topic(Path(id): Path<u64>) -> Result<Html<String>, Html<&'static str>> {
    ///     if id < 9 { Ok(Html(id.to_string())) } else { Err(Html("there is no such topic")) }
    /// }
    /// ```
    pub const fn only_ok(mut self) -> Self {
        self.only_ok = true;
        self.made |= Setting::OnlyOk as u32;
        self
    }

    /// Unsafe methods do not invalidate the path that they are sent to. By default, a POST to a handler that also answers GET, or
    /// through a layer, invalidates the stored responses of that path, and of the targets that its answer names in `Location` and
    /// `Content-Location` (RFC 9111 §4.4).
    ///
    /// For a path whose POST only reads (a GraphQL query); not for one that changes what GET returns. For a whole cache, including its
    /// handlers with `#[invalidates]`, use [`CacheBuilder::policy`](crate::CacheBuilder::policy); for one of these,
    /// `own_path = "keep"`.
    ///
    /// ```
    /// # use cached_handler::Policy;
    /// const ASKS: Policy = Policy::new().keep_own_path();
    /// ```
    pub const fn keep_own_path(mut self) -> Self {
        self.keep_own_path = true;
        self.made |= Setting::KeepOwnPath as u32;
        self
    }
}
