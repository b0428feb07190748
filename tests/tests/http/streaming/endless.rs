//! Streams without an end, and such as stall.

use std::{sync::atomic::Ordering, time::Duration};

use super::{app, ask, read, reason};
use cached_handler::{NotStored, testing::assert_hit};
use http_body_util::BodyExt;

#[tokio::test(start_paused = true)]
async fn events_reach_each_client_at_once_and_end_with_it() {
    let (app, _, router) = app();
    let mut clients = Vec::new();
    for _ in 0..3 {
        let response = tokio::time::timeout(Duration::from_millis(5), ask(&router, "/events")).await.unwrap();
        assert_eq!(reason(&response), Some(NotStored::Endless));
        let mut body = response.into_body();
        let first = tokio::time::timeout(Duration::from_millis(5), body.frame()).await.unwrap();
        assert!(first.unwrap().unwrap().is_data());
        clients.push(body);
    }
    assert_eq!(app.runs.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn an_endless_stream_of_no_declared_type_reaches_its_client_at_once_and_is_given_up() {
    let (_, cache, router) = app();
    let mut body = ask(&router, "/streamed/3/never").await.into_body();
    for _ in 0..3 {
        assert!(tokio::time::timeout(Duration::from_millis(5), body.frame()).await.unwrap().unwrap().is_ok());
    }
    assert!(!cache.cache().drain(Duration::from_secs(29)).await);
    assert!(cache.cache().drain(Duration::from_secs(2)).await, "after thirty seconds nobody copies it any more");
}

#[tokio::test(start_paused = true)]
async fn of_an_endless_stream_only_those_wait_who_came_in_its_first_moments() {
    let (app, _, router) = app();
    let _first = ask(&router, "/streamed/3/never").await;
    let began = tokio::time::Instant::now();
    let _second = ask(&router, "/streamed/3/never").await;
    assert!(began.elapsed() <= Duration::from_secs(6), "{:?}", began.elapsed());
    let began = tokio::time::Instant::now();
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(ask(&router, "/streamed/3/never").await);
    }
    assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
    assert_eq!(app.runs.load(Ordering::SeqCst), 5);
}

#[tokio::test(start_paused = true)]
async fn content_that_takes_longer_than_others_wait_is_stored_all_the_same() {
    let (app, cache, router) = app();
    assert_eq!(read(ask(&router, "/slow").await).await, (40, true));
    assert!(cache.cache().drain(Duration::from_secs(1)).await);
    assert_hit!(ask(&router, "/slow").await);
    assert_eq!(app.runs.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn content_of_a_declared_length_that_stalls_is_passed_on_and_gives_its_place_back() {
    let (_, cache, router) = app();
    let response = tokio::time::timeout(Duration::from_secs(40), ask(&router, "/stalls")).await.unwrap();
    assert_eq!(reason(&response), Some(NotStored::RunTooLong));
    assert!(cache.cache().drain(Duration::from_secs(1)).await);
    let mut body = response.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "half");
    assert!(tokio::time::timeout(Duration::from_secs(1), body.frame()).await.is_err(), "the rest is as slow as it is");
}
