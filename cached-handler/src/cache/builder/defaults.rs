//! The default policy and backend of a cache's handlers.

use std::sync::Mutex;

use super::{CacheBuilder, MEMORY, built_in::advice};
use crate::{
    handler::{policy::Policy, tiers},
    util::lock::lock,
};

impl CacheBuilder {
    /// The defaults of every handler and layer of this cache, setting by setting; the settings of their own [`Policy`] take precedence:
    ///
    /// ```
    /// # use axum::http::StatusCode;
    /// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
    /// use cached_handler::{Cache, ETag, Policy, cached, secs};
    ///
    /// const DEFAULTS: Policy = Policy::new().etag(ETag::Weak).max_body(4 << 20).status(404, secs(5)).without_cache_control();
    /// const SMALL: Policy = Policy::new().max_body(64 << 10);
    ///
    /// /// Content up to 64 KiB is stored; everything else is as in `DEFAULTS`.
    /// #[cached(ttl = 60, policy = SMALL)]
    /// async fn hello() -> Result<&'static str, StatusCode> { Ok("hello") }
    ///
    /// Cache::builder().policy(DEFAULTS).build().await?.install()?;
    /// # Ok(()) }
    /// ```
    ///
    /// The arguments of an attribute and the settings of a layer take precedence over both policies. Statuses of both apply; if both
    /// name one, the handler's lifetime counts. A handler cannot switch off what can only be switched on (`honor_request_directives`,
    /// `heuristic`, `cookies_by_vary`, `only_ok`, `keep_own_path`). Typed values have their own settings alone.
    ///
    /// As with any policy, stored responses are used as they are when a default changes, and no key depends on it: change the
    /// [`namespace`](Self::namespace) to begin with an empty cache. A policy with a name or a version is an error of
    /// [`build`](Self::build). Use few different policies: each handler keeps a description for each of them until the process ends.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The name of the default backend, if that is not memory. It is never freed, as descriptions of handlers refer to it.
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
