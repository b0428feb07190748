//! What is said in one word, and off by default.

use super::CacheBuilder;
#[cfg(any(feature = "fs", feature = "redis"))]
use crate::error::Error;

/// The words that were said.
#[derive(Debug, Default)]
pub(crate) struct Words {
    shares_namespace: bool,
    /// Responses are known by the prefixes of their paths.
    pub(crate) path_prefixes: bool,
}

impl CacheBuilder {
    /// Says that this cache may share its namespace, on files or Redis, with another cache of this process: each then answers
    /// from what the other has stored. For a test that has two caches in place of two processes, and while one cache takes
    /// the place of another. Not for tenants.
    ///
    /// ```
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379").shares_namespace();
    /// ```
    pub fn shares_namespace(mut self) -> Self {
        self.words.shares_namespace = true;
        self
    }

    /// Has responses known by the prefixes of their paths, for [`Target::path_prefix`](crate::Target::path_prefix). Off by
    /// default, as each response then has an epoch more for each segment of its path, up to 8: a load in memory, and on files
    /// and Redis a record that is read with each look-up.
    ///
    /// All processes of a namespace have to agree: one without it answers from what another has invalidated by a prefix.
    ///
    /// ```
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().path_prefixes();
    /// ```
    pub fn path_prefixes(mut self) -> Self {
        self.words.path_prefixes = true;
        self
    }

    /// Takes the place of a backend for this cache alone. A test's cache stands for a process of its own.
    #[cfg(any(feature = "fs", feature = "redis"))]
    pub(super) fn claim(&mut self, place: &str) -> Result<(), Error> {
        let shares = self.words.shares_namespace || self.isolated || self.off;
        self.claims.take(place, shares).map_err(Error::config)
    }
}
