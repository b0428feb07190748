//! The end of a process.

use axum::http::Method;
use cached_handler::{
    backend::InProcessEpochs,
    secs,
    testing::{Call, Fault},
};
use cached_handler_tests::harness::{leaves_at, send};
use tokio::time::{Instant, advance, sleep};

use super::*;

#[tokio::test(start_paused = true)]
async fn the_invalidation_of_a_writer_that_was_dropped_is_waited_for() {
    let site = Site::new();
    site.chaos.suffers_at(Call::Advance, Fault::Delay(Duration::from_millis(200)), 1.0);
    // The server's grace is over: the request is dropped after its commit.
    assert!(leaves_at(0, send(&site.router, Method::POST, "/")).await.is_none());
    let began = Instant::now();
    assert!(site.cache.cache().drain(secs(10)).await);
    assert_eq!((began.elapsed().as_millis() / 10, site.advances()), (20, 2), "the group and the path");
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_still_runs_is_waited_for_and_said_where_it_does_not_end() {
    let lines = Log::default();
    let _listening = lines.listen();
    let site = Site::new();
    let router = site.router.clone();
    let writer = tokio::spawn(async move { send(&router, Method::POST, "/").await });
    tokio::task::yield_now().await;
    assert!(!site.cache.cache().drain(secs(10)).await);
    let said = lines.with("`drain` has waited for its limit");
    assert!(said.len() == 1 && said[0].contains("runs=0 invalidations=1"), "{said:?}");
    writer.abort();
    assert!(site.cache.cache().drain(secs(10)).await);
    assert_eq!(site.advances(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_writer_is_not_waited_for_where_nobody_else_sees_what_is_stored() {
    let site = Site::with(Chaos::new(), |builder, _| builder.reinvalidate_after(secs(60)));
    let router = site.router.clone();
    tokio::spawn(async move { send(&router, Method::POST, "/").await });
    tokio::task::yield_now().await;
    assert!(site.invalidates("page").await);
    let began = Instant::now();
    assert!(site.cache.cache().drain(secs(10)).await);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn drain_waits_for_retried_invalidations_and_tells_of_those_that_fail_for_good() {
    let site = Site::new();
    site.chaos.script(Call::Advance, [Fault::Fail; 3]);
    assert!(!site.invalidates("page").await);
    assert!(site.cache.cache().drain(secs(10)).await);
    assert_eq!(site.advances(), 4);
    site.chaos.suffers_at(Call::Advance, Fault::Hang, 1.0);
    assert!(!site.invalidates("page").await);
    let began = Instant::now();
    assert!(!site.cache.cache().drain(secs(3)).await);
    assert_eq!(began.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn after_an_hour_of_failures_the_last_try_is_made_now() {
    let site = Site::new();
    site.chaos.suffers(Fault::Fail, 1.0);
    assert!(!site.invalidates("page").await);
    site.fails_until_it_opens().await;
    sleep(secs(3600)).await;
    site.chaos.heals();
    let began = Instant::now();
    assert!(site.cache.cache().drain(secs(10)).await);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert!(!site.circuit_breaker_is_open());
}

#[tokio::test(start_paused = true)]
async fn what_is_to_be_invalidated_once_more_is_waited_for() {
    let site = Site::with(Chaos::new(), |builder, chaos| {
        builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs_before(InProcessEpochs::new())).reinvalidate_after(secs(2))
    });
    assert!(site.invalidates("page").await);
    let began = Instant::now();
    assert!(!site.cache.cache().drain(secs(1)).await);
    assert!(site.cache.cache().drain(secs(10)).await);
    assert_eq!((began.elapsed().as_secs(), site.advances()), (2, 2));
}

#[test]
fn where_the_runtime_ends_under_a_writer_its_invalidation_is_said_to_be_lost() {
    let lines = Log::default();
    let _listening = lines.listen();
    for is_telling in [false, true] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let site = runtime.block_on(async { Site::new() });
        site.chaos.suffers_at(Call::Advance, Fault::Hang, 1.0);
        let router = site.router.clone();
        runtime.block_on(async move {
            let writer = tokio::spawn(async move { send(&router, Method::POST, "/").await });
            tokio::task::yield_now().await;
            if is_telling {
                writer.abort();
                advance(Duration::from_millis(1)).await;
            }
        });
        assert_eq!(site.advances(), 2 * u64::from(is_telling));
        drop(runtime);
        let lost: Vec<_> = lines.loud().into_iter().filter(|line| line.contains("it has ended before that was done")).collect();
        assert_eq!(lost.len(), 1, "telling: {is_telling}");
        assert!(outside(site.cache.cache().drain(secs(10))), "nobody works on it any more");
    }
}

/// What a call gives that has nothing to wait for, outside of any runtime.
pub(crate) fn outside<T>(call: impl Future<Output = T>) -> T {
    let mut call = std::pin::pin!(call);
    loop {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        if let std::task::Poll::Ready(given) = call.as_mut().poll(&mut cx) {
            return given;
        }
        std::thread::yield_now();
    }
}
