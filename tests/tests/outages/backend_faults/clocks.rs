//! Clocks that jump: a response lives no longer than its time, and no jump brings back what was invalidated.

use std::time::Duration;

use cached_handler::{Cache, CacheBuilder, ManualClock, Target};
use cached_handler_tests::{files::Scratch, redis_server::RedisServer};

use super::*;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Two processes, of which the clock of one jumps, and each of which invalidates in turn.
async fn holds(uri: &str, builder: impl Fn() -> CacheBuilder) {
    let source = Source::default();
    for jump in [Duration::from_millis(1), Duration::from_secs(599), YEAR] {
        let (ahead, steady) = (ManualClock::new(), ManualClock::new());
        let one = App::with(builder().clock(ahead.clone()), source.clone()).await;
        let other = App::with(builder().clock(steady), source.clone()).await;
        one.until_cached(uri).await;
        ahead.advance(jump);
        for by in [&one, &other] {
            let version = by.changes();
            by.cache.invalidate(Target::group("page:0")).await.unwrap();
            for _ in 0..3 {
                for reader in [&one, &other] {
                    assert_eq!(reader.sees(uri).await, version, "{uri}, after a jump of {jump:?}");
                }
            }
        }
        // Built anew, its clock is where it was: set back, as seen from what the other has stored.
        let set_back = App::with(builder().clock(ManualClock::new()), source.clone()).await;
        let version = one.changes();
        set_back.cache.invalidate(Target::group("page:0")).await.unwrap();
        for reader in [&one, &other, &set_back] {
            assert_eq!(reader.sees(uri).await, version, "{uri}, set back by {jump:?}");
        }
    }
}

#[tokio::test]
async fn a_clock_that_jumps_brings_nothing_back_in_files() {
    let scratch = Scratch::new("clocks");
    holds("/fs/0", || Cache::builder().shares_namespace().namespace("clocks").fs(scratch.cache())).await;
}

#[tokio::test]
async fn a_clock_that_jumps_brings_nothing_back_in_redis() {
    let server = RedisServer::start();
    holds("/redis/0", || Cache::builder().shares_namespace().namespace("clocks").redis(server.url())).await;
}
