//! Limits of runs in tasks of their own, and of how long others wait for a run.

use std::{sync::atomic::Ordering, time::Duration};

use super::{super::harness::ask, WORK, answers, app, app_on, crowd, in_flight, settle};
use cached_handler::testing::{TestCache, assert_hit, assert_miss};
use tokio::{task::JoinSet, time::Instant};

#[tokio::test(start_paused = true)]
async fn an_inline_run_takes_no_place_of_those_in_tasks_of_their_own() {
    let (app, cache, router) = app_on(TestCache::with(|builder| builder.max_detached_runs(1)));
    let inline = crowd(&router, "/gated-in-place", 1).await;
    let mut leaves = crowd(&router, "/slow/1", 1).await;
    assert_eq!(app.begun(), 2);
    leaves.shutdown().await;
    assert!(cache.cache().drain(WORK * 2).await);
    assert_hit!(ask(&router, "/slow/1").await);
    app.gate.add_permits(1);
    assert!(answers(inline).await.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limit_runs_stay_in_the_requests_task() {
    let (app, cache, router) = app_on(TestCache::with(|builder| builder.max_detached_runs(2)));
    let mut all = JoinSet::new();
    for key in 0..3 {
        let router = router.clone();
        all.spawn(async move { ask(&router, &format!("/slow/{key}")).await });
        settle().await;
    }
    assert_eq!(app.begun(), 3);
    all.shutdown().await;
    assert_eq!(app.dropped.load(Ordering::SeqCst), 1, "the third run goes with its client");
    assert!(cache.cache().drain(WORK * 2).await);
    assert_hit!(ask(&router, "/slow/0").await);
    assert_hit!(ask(&router, "/slow/1").await);
    assert_miss!(ask(&router, "/slow/2").await);
    assert_eq!(in_flight(cache.cache()), "0");
}

#[tokio::test(start_paused = true)]
async fn whoever_follows_a_run_beyond_the_limit_takes_it_over() {
    let (app, _, router) = app_on(TestCache::with(|builder| builder.max_detached_runs(0)));
    let leader = crowd(&router, "/slow/1", 1).await;
    let followers = crowd(&router, "/slow/1", 50).await;
    drop(leader);
    assert!(answers(followers).await.iter().all(Result::is_ok));
    assert_eq!((app.begun(), app.dropped.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn followers_of_a_slow_run_are_answered_by_their_own_at_five_seconds() {
    let (app, _, router) = app();
    let began = Instant::now();
    let mut tasks = crowd(&router, "/first-is-stuck", 20).await;
    for _ in 0..19 {
        assert!(tasks.join_next().await.unwrap().is_ok());
    }
    let waited = began.elapsed();
    assert!(waited >= Duration::from_secs(5) && waited <= Duration::from_millis(5050), "{waited:?}");
    assert_hit!(ask(&router, "/first-is-stuck").await);
    app.gate.add_permits(1);
    assert_eq!(tasks.join_next().await.unwrap().unwrap(), "0");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_gave_up_its_key_does_not_take_the_next_ones_with_it() {
    let (app, cache, router) = app();
    let first = crowd(&router, "/gated-in-place", 1).await;
    cache.clock().advance(Duration::from_secs(31));
    let second = crowd(&router, "/gated-in-place", 1).await;
    assert_eq!(app.begun(), 2);
    // Its lease goes, and has to leave the later run's in place.
    drop(first);
    settle().await;
    let third = crowd(&router, "/gated-in-place", 5).await;
    assert_eq!(app.begun(), 2, "they follow the second");
    app.gate.add_permits(1);
    assert_eq!(answers(second).await.pop().unwrap().unwrap(), "1");
    assert!(answers(third).await.into_iter().all(|answer| answer.unwrap() == "1"));
    assert_eq!(in_flight(cache.cache()), "0");
}
