//! The settings of the backend `redis`.

use std::{sync::Arc, time::Duration};

use super::{CacheBuilder, limits::Unguarded};
use crate::{
    cache::Cache,
    error::Error,
    handler::tiers,
    observe::Watch,
    storage::remote::{
        guard::Guard,
        redis::{Lasting, Redis, RedisServer, lease::LENGTHS},
    },
};

impl CacheBuilder {
    /// Adds the backend `redis`: responses in a Redis that all processes with the same [`namespace`](Self::namespace) share, for
    /// `backend = "redis"`. The namespace is required. Without this call the environment may name the server:
    /// `CACHED_HANDLER_REDIS_URL`.
    ///
    /// ```
    /// # async fn f() -> Result<(), cached_handler::Error> {
    /// use cached_handler::Cache;
    ///
    /// Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379").build().await?.install()?;
    /// # Ok(()) }
    /// ```
    ///
    /// [`build`](Self::build) does not wait for Redis: while it is not available, handlers run uncached.
    pub fn redis(mut self, server: impl Into<RedisServer>) -> Self {
        self.redis = Some(server.into());
        self
    }

    /// Keeps using the responses in Redis after it was restarted, or after a failover to another server. Off by default: then responses
    /// from before are not used, since a server that starts from its last snapshot, and a replica that becomes the primary, may lack the
    /// last invalidations, but still have the responses that these were about.
    ///
    /// For a server that loses no confirmed write (`appendfsync always`, and no failover), or if an outdated response is acceptable
    /// until its `ttl` has passed. All processes of the namespace have to set this: one that does not discards the responses for all of
    /// them.
    ///
    /// ```
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379").redis_durable();
    /// ```
    pub fn redis_durable(mut self) -> Self {
        self.redis_lasts = Lasting::Ever;
        self
    }

    /// How long this process may use a copy in memory of what is in Redis without hearing from it: the length of its lease. 500 ms by
    /// default; between 100 ms and 10 s. **Set the same in every process of the namespace**, also in those that keep no copies.
    ///
    /// An invalidation waits until each process with copies has acknowledged it, and for this long at most, which it does where one
    /// of them was killed or stopped: once, as that one is then waited for no more. So it does in the first moments of a
    /// namespace, and after Redis was emptied or started again. A longer lease is renewed more seldom: three times in its length.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379").redis_lease(Duration::from_secs(1));
    /// ```
    pub fn redis_lease(mut self, length: Duration) -> Self {
        self.redis_leases.length = length;
        self
    }

    fn complaint_of_leases(&self) -> Option<String> {
        let micros = u64::try_from(self.redis_leases.length.as_micros()).unwrap_or(u64::MAX);
        (!LENGTHS.contains(&micros))
            .then(|| "a lease is between 100 ms and 10 s long; type `.redis_lease(Duration::from_millis(500))`".to_owned())
    }

    pub(super) fn complaints_of_redis(&self) -> Vec<String> {
        let is_taken = self.redis.is_some() && self.backends.iter().any(|(name, _)| name == REDIS);
        let complaint = || format!("`.{REDIS}(…)` sets up the backend `{REDIS}`; give your own another name");
        is_taken.then(complaint).into_iter().chain(self.complaint_of_leases()).collect()
    }

    /// Whether a handler, or a layer that exists by now, keeps copies in memory in front of Redis, or the default does.
    fn is_asked_for_copies(&self) -> bool {
        tiers(&self.default_backend) == (true, REDIS) || Cache::users().any(|handler| handler.has_near && handler.remote == Some(REDIS))
    }

    /// Adds the server that was set, or that of the environment if a handler names the backend.
    pub(super) fn add_redis(&mut self) -> Result<(), Error> {
        let is_asked_for = self.is_asked_for(REDIS);
        let is_there = self.backends.iter().any(|(name, _)| name == REDIS);
        let environment = || std::env::var("CACHED_HANDLER_REDIS_URL").ok().filter(|_| !is_there && is_asked_for).map(RedisServer::from);
        let Some(server) = self.redis.take().or_else(environment) else { return Ok(()) };
        if let Some(place) = server.place() {
            self.claim(&format!("{place} in the namespace `{}`", self.namespace))?;
        }
        self.redis_leases.holds = self.is_asked_for_copies();
        let redis = Redis::with_clock(&server, &self.namespace, self.clock.clone(), self.redis_lasts, self.redis_leases)?;
        let watch = Watch::new(REDIS, Arc::clone(&self.counts));
        self.backends.push((REDIS.to_owned(), Unguarded::new(|limits| Arc::new(Guard::new(REDIS, redis, limits, watch)))));
        Ok(())
    }
}

const REDIS: &str = "redis";
