//! A connection that something on the way has forgotten: what is sent on it is lost, and nobody says so.

use cached_handler::{Cache, Target, secs};
use cached_handler_tests::{
    fault_proxy::{self, FaultProxy},
    redis_server::RedisServer,
};

#[tokio::test]
async fn a_process_that_only_invalidates_gives_up_a_connection_that_was_forgotten() {
    let server = RedisServer::start();
    let proxy = FaultProxy::before(server.port()).await;
    let cache = Cache::builder().namespace("silence").redis(proxy.url()).build().await.unwrap();
    let invalidates = async || cache.invalidate(Target::group("a")).await;
    while invalidates().await.is_err() {}
    // From the next command on the proxy passes nothing on, on this connection; new ones are well.
    proxy.set(fault_proxy::Fault::BlackHole);
    assert!(invalidates().await.is_err());
    proxy.set(fault_proxy::Fault::None);
    assert!(cache.drain(secs(10)).await, "{cache:?}");
    invalidates().await.unwrap();
}
