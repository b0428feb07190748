//! Settings that are switched on by a call without arguments, and off by default.

use super::CacheBuilder;
#[cfg(any(feature = "fs", feature = "redis"))]
use crate::error::Error;

/// The settings that were switched on.
#[derive(Debug, Default)]
pub(crate) struct Switches {
    shares_namespace: bool,
    /// Responses belong to the groups of their path's prefixes.
    pub(crate) path_prefixes: bool,
}

impl CacheBuilder {
    /// Allows this cache to share its namespace, on files or Redis, with another cache of this process: each then answers from the other's
    /// responses. For a test with two caches in place of two processes, and while one cache replaces another. Not for tenants.
    ///
    /// ```
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379").shares_namespace();
    /// ```
    pub fn shares_namespace(mut self) -> Self {
        self.switches.shares_namespace = true;
        self
    }

    /// Allows invalidation by path prefix, [`Target::path_prefix`](crate::Target::path_prefix). Off by default, as each response then has
    /// a further epoch for each segment of its path, up to 8: each costs a hit a load in memory, and a record on files and Redis.
    ///
    /// All processes of a namespace have to agree: a process without it still uses responses that another has invalidated by a prefix.
    ///
    /// ```
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().path_prefixes();
    /// ```
    pub fn path_prefixes(mut self) -> Self {
        self.switches.path_prefixes = true;
        self
    }

    /// Claims a backend's place for this cache alone. A test's cache counts as a process of its own, and shares.
    #[cfg(any(feature = "fs", feature = "redis"))]
    pub(super) fn claim(&mut self, place: &str) -> Result<(), Error> {
        let shares = self.switches.shares_namespace || self.isolated || self.off;
        self.claims.take(place, shares).map_err(Error::config)
    }
}
