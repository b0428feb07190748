//! What is said of all answers of a handler.

use super::{Policy, defaults::Setting, names::is_field_value};
use crate::rules::client::CacheControlSetting;

impl Policy {
    /// What clients are told, where a response has no `Cache-Control` of its own, and the attribute or the layer does not say it.
    /// A `max-age` counts from the answer. By default `no-cache`: they ask again, and get a 304.
    ///
    /// A slip in a directive (`maxage=60`) and two that contradict each other (`private, public`) are an error of
    /// [`Cache::install`](crate::Cache::install), and in the policy of a cache of `build()`.
    ///
    /// # Panics
    ///
    /// In a constant, hence at compile time: for a text that is empty or no value of a field.
    pub const fn cache_control(mut self, directives: &'static str) -> Self {
        assert!(
            is_field_value(directives),
            "`cache_control` is text such as `public, max-age=60`; for none at all type `.without_cache_control()`"
        );
        self.cache_control = CacheControlSetting::Is(directives);
        self.said |= Setting::CacheControl as u32;
        self
    }

    /// Adds no `Cache-Control` to a response: what the handler says stays as it is, and where it says nothing, caches outside go by
    /// their own defaults, as they would without this crate. The answer to a person (an argument that is `private`, or a field
    /// such as `cookie` in `vary`) is sent as `private` all the same.
    ///
    /// Not where a cache or a browser stands outside that would keep what you invalidate here: nothing tells it to ask again.
    pub const fn without_cache_control(mut self) -> Self {
        self.cache_control = CacheControlSetting::Untouched;
        self.said |= Setting::CacheControl as u32;
        self
    }

    /// Never stores the `Err` that a handler with `#[cached]` returns, whatever its status: for errors that are rendered with
    /// 200, as those of GraphQL, or with a status that is stored. Of a handler that returns no `Result`, of a layer and of a
    /// response that was made before (`Err(…).into_response()`) nobody knows.
    ///
    /// ```
    /// # use axum::{extract::Path, response::Html};
    /// use cached_handler::{Policy, cached};
    ///
    /// const ONLY_OK: Policy = Policy::new().only_ok();
    ///
    /// /// The page that says that there is none has the status 200.
    /// #[cached(ttl = 60, policy = ONLY_OK)]
    /// async fn topic(Path(id): Path<u64>) -> Result<Html<String>, Html<&'static str>> {
    ///     if id < 9 { Ok(Html(id.to_string())) } else { Err(Html("there is no such topic")) }
    /// }
    /// ```
    pub const fn only_ok(mut self) -> Self {
        self.only_ok = true;
        self.said |= Setting::OnlyOk as u32;
        self
    }

    /// Has unsafe methods invalidate nothing of the path that they are sent to. Otherwise a POST to a handler that answers GET, too, or
    /// through a layer, invalidates what is stored of that path, and of the targets that its answer names in `Location` and
    /// `Content-Location` (RFC 9111 §4.4).
    ///
    /// For a path whose POST only asks (a query of GraphQL). Not where it writes what GET reads. For a whole cache, and
    /// for its handlers with `#[invalidates]`, in [`CacheBuilder::policy`](crate::CacheBuilder::policy); for one of these `own_path = "keep"`.
    ///
    /// ```
    /// # use cached_handler::Policy;
    /// const ASKS: Policy = Policy::new().keep_own_path();
    /// ```
    pub const fn keep_own_path(mut self) -> Self {
        self.keep_own_path = true;
        self.said |= Setting::KeepOwnPath as u32;
        self
    }
}
