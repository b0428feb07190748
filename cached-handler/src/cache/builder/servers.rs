//! Setting up the backend `redis`.

use std::sync::Arc;

use super::{CacheBuilder, limits::Unguarded};
use crate::{
    error::Error,
    observe::Watch,
    storage::remote::{
        guard::Guard,
        redis::{Lasting, Redis, RedisServer},
    },
};

impl CacheBuilder {
    /// Sets up `backend = "redis"`: responses that all processes on one Redis share, under one [`namespace`](Self::namespace),
    /// which has to be given. Where none is set up, the environment's `CACHED_HANDLER_REDIS_URL` says which.
    ///
    /// ```
    /// # async fn f() -> Result<(), cached_handler::Error> {
    /// use cached_handler::Cache;
    ///
    /// Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379").build().await?.install()?;
    /// # Ok(()) }
    /// ```
    ///
    /// [`build`](Self::build) does not wait for it: where Redis is not there, handlers run uncached until it is.
    pub fn redis(mut self, server: impl Into<RedisServer>) -> Self {
        self.redis = Some(server.into());
        self
    }

    /// Uses what is in Redis also after it was started again or another has taken its place, as a failover does. Off by default:
    /// then nothing stored before is used, since a server that begins from its last snapshot, and a replica that
    /// becomes the primary, have not heard of the last invalidations and still have what they were about.
    ///
    /// For a server that loses nothing that it has confirmed (`appendfsync always`, and no failover), or where a response
    /// may be wrong until its `ttl` has passed. All processes of the namespace have to say so: one that does not begins
    /// anew for all of them.
    ///
    /// ```
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379").redis_durable();
    /// ```
    pub fn redis_durable(mut self) -> Self {
        self.redis_lasts = Lasting::Ever;
        self
    }

    pub(super) fn complaints_of_redis(&self) -> Vec<String> {
        let is_taken = self.redis.is_some() && self.backends.iter().any(|(name, _)| name == REDIS);
        let complaint = || format!("`.{REDIS}(…)` sets up the backend `{REDIS}`; give your own another name");
        is_taken.then(complaint).into_iter().collect()
    }

    /// The one that was named, or the environment's where a handler asks for it.
    pub(super) fn add_redis(&mut self) -> Result<(), Error> {
        let is_asked_for = self.is_asked_for(REDIS);
        let is_there = self.backends.iter().any(|(name, _)| name == REDIS);
        let environment = || std::env::var("CACHED_HANDLER_REDIS_URL").ok().filter(|_| !is_there && is_asked_for).map(RedisServer::from);
        let Some(server) = self.redis.take().or_else(environment) else { return Ok(()) };
        if let Some(place) = server.place() {
            self.claim(&format!("{place} in the namespace `{}`", self.namespace))?;
        }
        let redis = Redis::with_clock(&server, &self.namespace, self.clock.clone(), self.redis_lasts)?;
        let watch = Watch::new(REDIS, Arc::clone(&self.counts));
        self.backends.push((REDIS.to_owned(), Unguarded::new(|limits| Arc::new(Guard::new(REDIS, redis, limits, watch)))));
        Ok(())
    }
}

const REDIS: &str = "redis";
