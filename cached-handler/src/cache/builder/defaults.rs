//! What holds for all handlers of a cache that do not say otherwise.

use std::sync::Mutex;

use super::{CacheBuilder, MEMORY, built_in::advice};
use crate::{
    handler::{policy::Policy, tiers},
    util::lock::lock,
};

impl CacheBuilder {
    /// What holds for every handler and layer whose own [`Policy`] does not say otherwise, setting by setting:
    ///
    /// ```
    /// # use axum::http::StatusCode;
    /// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
    /// use cached_handler::{Cache, ETag, Policy, cached, secs};
    ///
    /// const DEFAULTS: Policy = Policy::new().etag(ETag::Weak).max_body(4 << 20).status(404, secs(5)).without_cache_control();
    /// const SMALL: Policy = Policy::new().max_body(64 << 10);
    ///
    /// /// Up to 64 KiB; all else is as in `DEFAULTS`.
    /// #[cached(ttl = 60, policy = SMALL)]
    /// async fn hello() -> Result<&'static str, StatusCode> { Ok("hello") }
    ///
    /// Cache::builder().policy(DEFAULTS).build().await?.install()?;
    /// # Ok(()) }
    /// ```
    ///
    /// The arguments of an attribute and the calls of a layer come before both. Statuses add up; where both name one, the
    /// handler's lifetime counts. What can only be switched on (`honor_request_directives`, `heuristic`, `cookies_by_vary`,
    /// `only_ok`, `keep_own_path`) no handler switches off. Typed values go by their own settings alone.
    ///
    /// As with any policy, what is stored already is used as it is when a default changes, and no key depends on one: give
    /// another [`namespace`](Self::namespace) to begin anew. A policy with a name or a version is an error of
    /// [`build`](Self::build). Policies are few, and written by you: each handler keeps for ever what it needs for each.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The name of what is to be the default, where that is not the memory. It lives on, as handlers are described with it.
    pub(super) fn default_elsewhere(&self) -> Option<&'static str> {
        static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
        if self.default_backend == MEMORY {
            return None;
        }
        let mut names = lock(&NAMES);
        if let Some(name) = names.iter().find(|name| **name == self.default_backend) {
            return Some(name);
        }
        let name: &str = Box::leak(self.default_backend.clone().into_boxed_str());
        names.push(name);
        Some(name)
    }

    pub(super) fn complaint_of_default(&self, name: &str) -> Option<String> {
        let (_, far) = tiers(name);
        let is_there = self.backends.iter().any(|(backend, _)| backend == far);
        (!is_there).then(|| format!("the default backend `{name}` is not set up; {}", advice(name)))
    }
}
