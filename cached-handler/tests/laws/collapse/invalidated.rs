//! Law L5 and invalidations between a run and those who wait for it.

use super::{
    super::harness::{ask, text},
    answers, app, crowd, gated,
};
use axum::{body::Body, http::Request, response::Response};
use cached_handler::{
    Target,
    testing::{assert_hit, assert_miss},
};
use tower::ServiceExt;

#[tokio::test(start_paused = true)]
async fn whoever_comes_after_an_invalidation_joins_no_run_from_before_it() {
    for target in [Target::group("gated:1"), Target::path("/gated/1"), Target::handler(gated), Target::all()] {
        let (app, cache, router) = app();
        let before = crowd(&router, "/gated/1", 10).await;
        cache.cache().invalidate(target.clone()).await.unwrap();
        let after = crowd(&router, "/gated/1", 10).await;
        assert_eq!(app.begun(), 2, "{target:?}");
        app.gate.add_permits(2);
        assert!(answers(before).await.into_iter().all(|answer| answer.unwrap() == "0"));
        assert!(answers(after).await.into_iter().all(|answer| answer.unwrap() == "1"));
        assert_eq!(text(assert_hit!(ask(&router, "/gated/1").await)).await, "1", "the later one is what is stored");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_came_before_an_invalidation_is_answered_by_the_run_from_before_it() {
    let (app, cache, router) = app();
    let leader = crowd(&router, "/gated/1", 1).await;
    // Of something else, between the leader and its followers.
    cache.cache().invalidate(Target::group("gated:2")).await.unwrap();
    let followers = crowd(&router, "/gated/1", 100).await;
    cache.cache().invalidate(Target::group("gated:1")).await.unwrap();
    app.gate.add_permits(200);
    for tasks in [leader, followers] {
        assert!(answers(tasks).await.into_iter().all(|answer| answer.unwrap() == "0"));
    }
    assert_eq!(app.begun(), 1, "not one run each");
    assert_miss!(ask(&router, "/gated/1").await);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_only_the_response_names_counts_for_followers_too() {
    let (app, cache, router) = app();
    let before = crowd(&router, "/known-late", 10).await;
    cache.cache().invalidate(Target::group("late")).await.unwrap();
    // Nobody can know yet that this concerns the run.
    let after = crowd(&router, "/known-late", 10).await;
    assert_eq!(app.begun(), 1);
    app.gate.add_permits(100);
    assert!(answers(before).await.into_iter().all(|answer| answer.unwrap() == "0"));
    assert!(answers(after).await.into_iter().all(|answer| answer.unwrap() != "0"));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_wants_no_stored_response_is_not_answered_by_anothers_run() {
    let (app, _, router) = app();
    let leader = crowd(&router, "/honoring", 1).await;
    let request = Request::get("/honoring").header("cache-control", "no-cache").body(Body::empty()).unwrap();
    let follower: Response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(text(follower).await, "1");
    assert_eq!(answers(leader).await.pop().unwrap().unwrap(), "0");
    assert_eq!(app.begun(), 2);
}
