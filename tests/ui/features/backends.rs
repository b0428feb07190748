//! Backends whose feature is off.

use cached_handler::Cache;

async fn redis() {
    let _ = Cache::builder().namespace("shop").redis("redis://127.0.0.1:6379"); //~ "redis://127.0.0.1:6379" => `CacheBuilder::redis` needs the feature `redis`; type `cached-handler = { …, features = ["redis"] }`
    let _ = Cache::builder().redis_durable(); //~ redis_durable => `CacheBuilder::redis` needs the feature `redis`; type `cached-handler = { …, features = ["redis"] }`
}

async fn files() {
    let _ = Cache::builder().fs("/var/cache/shop"); //~ fs => `CacheBuilder::fs` needs the feature `fs`; type `cached-handler = { …, features = ["fs"] }`
    let _ = Cache::builder().fs_capacity(1 << 30); //~ fs_capacity => `CacheBuilder::fs` needs the feature `fs`; type `cached-handler = { …, features = ["fs"] }`
    let _ = Cache::builder().fs_durable(); //~ fs_durable => `CacheBuilder::fs` needs the feature `fs`; type `cached-handler = { …, features = ["fs"] }`
}

fn main() {}
