//! Calls from runtimes that are driven now and then, that end, and from outside of any.

use cached_handler::{Cache, secs};
use cached_handler_tests::harness;
use tokio::{
    runtime::{Builder, Runtime},
    time::{pause, sleep, timeout},
};

use super::{drain::outside, *};

fn lasting() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn of_a_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// With a clock that stands still.
fn paused() -> Runtime {
    let runtime = of_a_thread();
    runtime.block_on(async { pause() });
    runtime
}

#[test]
fn a_failure_in_a_runtime_of_one_call_is_retried_where_the_cache_was_built() {
    let (home, worker) = (lasting(), of_a_thread());
    let site = home.block_on(async { Site::new() });
    site.chaos.script(Call::Advance, [Fault::Fail]);
    assert!(!worker.block_on(site.invalidates("page")));
    // Nobody drives the worker's runtime any more, and it lives.
    assert!(home.block_on(site.cache.cache().drain(secs(10))));
    drop(worker);
}

#[test]
fn without_the_runtime_of_the_cache_a_failure_is_retried_in_that_of_the_call() {
    let home = of_a_thread();
    let site = home.block_on(async { Site::new() });
    drop(home);
    let other = paused();
    site.chaos.script(Call::Advance, [Fault::Fail]);
    other.block_on(async {
        assert!(!site.invalidates("page").await);
        assert!(site.cache.cache().drain(secs(10)).await);
    });
}

/// The breaker, or a single invalidation that failed, and then all goes well.
#[test]
fn if_nobody_drives_the_runtime_of_the_cache_the_next_caller_retries_in_its_own() {
    for circuit_breaker_is_open in [true, false] {
        let (home, other) = (paused(), paused());
        let site = home.block_on(async { Site::new() });
        site.chaos.script(Call::Advance, [Fault::Fail]);
        home.block_on(async {
            ask(&site.router, "/").await;
            assert!(!site.invalidates("page").await);
            if circuit_breaker_is_open {
                site.fails_until_it_opens().await;
            }
        });
        other.block_on(async {
            for _ in 0..20 {
                ask(&site.router, "/").await;
                sleep(secs(1)).await;
            }
            assert!(!site.circuit_breaker_is_open(), "{:?}", site.cache.cache());
            assert_eq!(site.advances(), 2, "the invalidation was retried");
        });
    }
}

/// A writer whose client leaves, served by a runtime of its own.
#[test]
fn if_nobody_drives_the_runtime_of_the_cache_a_dropped_writer_is_retried_in_its_own() {
    let (home, other) = (of_a_thread(), paused());
    let site = home.block_on(async { Site::new() });
    other.block_on(async {
        let writes = harness::send(&site.router, axum::http::Method::POST, "/");
        assert!(timeout(secs(1), writes).await.is_err());
        assert_eq!(site.advances(), 0);
        sleep(secs(3)).await;
        // The group, and the path that was written to.
        assert_eq!(site.advances(), 2);
    });
    // Once, also where the other is driven again.
    home.block_on(async { tokio::task::yield_now().await });
    assert_eq!(site.advances(), 2);
    assert!(home.block_on(site.cache.cache().drain(secs(1))));
}

#[test]
fn invalidating_once_more_outlives_the_runtime_of_the_call() {
    let home = paused();
    let cache = home.block_on(async { Cache::builder().reinvalidate_after(secs(2)).build().await.unwrap() });
    let invalidates = async || cache.invalidate(Target::group("a")).await.unwrap();
    let worker = of_a_thread();
    worker.block_on(invalidates());
    drop(worker);
    home.block_on(async { sleep(secs(3)).await });
    assert_eq!(cache.stats().invalidations, 2);
    // And the next ones, of the same target, too.
    for round in 1..=3 {
        home.block_on(async {
            invalidates().await;
            sleep(secs(3)).await;
        });
        assert_eq!(cache.stats().invalidations, 2 + 2 * round);
    }
}

#[test]
fn what_ended_with_its_runtime_is_said_and_the_next_invalidation_is_made_once_more() {
    let lines = Log::default();
    let _listening = lines.listen();
    let home = paused();
    let cache = home.block_on(async { Cache::builder().reinvalidate_after(secs(2)).build().await.unwrap() });
    let invalidates = async || cache.invalidate(Target::group("a")).await.unwrap();
    home.block_on(invalidates());
    drop(home);
    assert_eq!(lines.with("a reinvalidation failed").len(), 1);
    let other = paused();
    other.block_on(async {
        invalidates().await;
        sleep(secs(3)).await;
    });
    assert_eq!(cache.stats().invalidations, 3);
}

#[test]
fn a_later_runtime_reinvalidates_where_nobody_drives_the_first() {
    let (home, other) = (paused(), paused());
    let cache = home.block_on(async { Cache::builder().reinvalidate_after(secs(2)).build().await.unwrap() });
    let invalidates = async || cache.invalidate(Target::group("a")).await.unwrap();
    home.block_on(invalidates());
    // It is late by now.
    other.block_on(async {
        sleep(secs(10)).await;
        invalidates().await;
        sleep(secs(3)).await;
    });
    assert_eq!(cache.stats().invalidations, 3);
    // And does not do it once more where it comes back.
    home.block_on(async { sleep(secs(60)).await });
    assert_eq!(cache.stats().invalidations, 3);
}

#[tokio::test(start_paused = true)]
async fn however_far_off_the_second_time_is_nothing_panics() {
    let cache = Cache::builder().reinvalidate_after(Duration::MAX).build().await.unwrap();
    cache.invalidate(Target::group("a")).await.unwrap();
    sleep(secs(3600)).await;
    assert_eq!(cache.stats().invalidations, 1);
}

#[test]
fn outside_of_a_runtime_handlers_run_and_an_invalidation_is_an_error_that_says_why() {
    let lines = Log::default();
    let _listening = lines.listen();
    let home = lasting();
    let site = home.block_on(async { Site::new() });
    for _ in 0..20 {
        assert!(!outside(site.is_hit()));
    }
    let error = outside(site.cache.cache().invalidate(Target::group("page"))).unwrap_err();
    assert!(error.is_backend() && error.to_string().contains("no runtime of tokio"), "{error}");
    assert!(!site.circuit_breaker_is_open(), "it is not the backend's fault");
    assert_eq!(lines.with("no-runtime").len(), 2, "one for reads, one for invalidations: {:?}", lines.taken());
    // It is retried in the cache's own.
    assert!(home.block_on(site.cache.cache().drain(secs(10))));
    assert_eq!(site.advances(), 1);
}
