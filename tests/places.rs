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
    /// The same, with copies in memory in front of it.
    NearFiles(Scratch),
    NearRedis(RedisServer),
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

    /// The name of the backend.
    pub fn backend(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Files(_) => "fs",
            Self::Redis(_) => "redis",
            Self::NearFiles(_) => "memory+fs",
            Self::NearRedis(_) => "memory+redis",
        }
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
            Self::Files(scratch) | Self::NearFiles(scratch) => {
                set(builder.namespace(namespace).fs(scratch.cache()).default_backend(self.backend()).limits("fs", PATIENT))
            }
            // A new namespace has its first invalidation wait for as long as a lease is.
            Self::Redis(server) | Self::NearRedis(server) => {
                let builder = builder.namespace(namespace).redis(server.url()).redis_lease(Duration::from_millis(100));
                set(builder.default_backend(self.backend()).limits("redis", PATIENT))
            }
        });
        let cache = cache.cache().clone();
        let began = moment();
        while cache.invalidate(Target::group("nobody's")).await.is_err() {
            assert!(began.elapsed() < SOON, "{cache:?}");
        }
        cache
    }
}
