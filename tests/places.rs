//! Where the responses of handlers rest that name no backend: what holds in memory is run on files and on a Redis, too.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use cached_handler::{Cache, CacheBuilder, Target, testing::TestCache};

use crate::{
    files::Scratch,
    harness::{PATIENT, moment},
    redis_server::RedisServer,
};

#[derive(Debug)]
pub enum Place {
    Memory,
    Files(Scratch),
    Redis(RedisServer),
}

/// How long a server may take to be reached.
const SOON: Duration = Duration::from_secs(60);

impl Place {
    /// A directory of a test's own.
    pub fn files(test: &str) -> Self {
        Self::Files(Scratch::new(test))
    }

    /// A server of a test's own.
    pub fn redis() -> Self {
        Self::Redis(RedisServer::start())
    }

    /// A fresh cache, which meets none that was made before.
    pub async fn cache(&self) -> Cache {
        self.cache_with(|builder| builder).await
    }

    pub async fn cache_with(&self, set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Cache {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let namespace = format!("place-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let cache = TestCache::with(|builder| match self {
            Self::Memory => set(builder),
            Self::Files(scratch) => set(builder.namespace(namespace).fs(scratch.cache()).default_backend("fs").limits("fs", PATIENT)),
            Self::Redis(server) => set(builder.namespace(namespace).redis(server.url()).default_backend("redis").limits("redis", PATIENT)),
        });
        let cache = cache.cache().clone();
        let began = moment();
        while cache.invalidate(Target::group("nobody's")).await.is_err() {
            assert!(began.elapsed() < SOON, "{cache:?}");
        }
        cache
    }
}
