//! The backend `fs`: files that survive a restart, in a directory that several processes share.
#![cfg(unix)]

#[cfg(target_os = "linux")]
mod crash;
mod damage;
#[cfg(target_os = "linux")]
mod full;
#[cfg(target_os = "linux")]
mod kept;
mod layouts;
#[cfg(target_os = "linux")]
mod power;
mod shared;
mod space;
#[cfg(target_os = "linux")]
mod speed;
#[cfg(target_os = "linux")]
mod stalled;

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::Router;
use cached_handler::{
    Cache, CacheBuilder, Target,
    testing::{TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::{
    files::{Scratch, Source, app, content, page_is_right},
    harness::{PATIENT, ask, text},
};

async fn on(directory: &Path) -> TestCache {
    with(directory, |builder| builder).await
}

/// A cache whose directory is open: otherwise the first look-up opens it, and may pass it by as too slow.
async fn with(directory: &Path, set: impl FnOnce(CacheBuilder) -> CacheBuilder) -> TestCache {
    let cache = TestCache::with(|builder| set(builder.namespace("tests").fs(directory).limits("fs", PATIENT)));
    cache.cache().invalidate(Target::path("/nowhere")).await.unwrap();
    cache
}

/// A router on a cache of its own, as after a restart.
fn started(cache: &TestCache) -> (Router, Arc<Source>) {
    let source = Arc::new(Source::default());
    (app(cache.cache().clone(), Arc::clone(&source)), source)
}

#[tokio::test]
async fn a_hit_is_the_miss_that_stored_it_also_after_a_restart() {
    let scratch = Scratch::new("restart");
    for id in 0..14 {
        let uri = format!("/page/{id}");
        let cache = on(&scratch.cache()).await;
        let (app, _) = started(&cache);
        let miss = assert_miss!(ask(&app, &uri).await);
        let cache = on(&scratch.cache()).await;
        let (app, source) = started(&cache);
        cache.clock().advance(Duration::from_secs(7));
        let hit = assert_hit!(ask(&app, &uri).await);
        assert_eq!(hit.headers()["age"], "7");
        let mut lines = hit.headers().clone();
        lines.remove("age");
        assert_eq!(&lines, miss.headers());
        assert_eq!(text(miss).await, content(id));
        assert_eq!(text(hit).await, content(id));
        assert_eq!(source.runs.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn every_way_to_invalidate_reaches_it_also_from_another_cache_on_the_directory() {
    let scratch = Scratch::new("invalidate");
    let (one, other) = (on(&scratch.cache()).await, on(&scratch.cache()).await);
    let (app, _) = started(&one);
    for from in [&one, &other] {
        for target in
            [Target::group("pages"), Target::group("page:1"), Target::path("/page/%31"), Target::named("files-page"), Target::all()]
        {
            assert_miss!(ask(&app, "/page/1").await);
            assert_hit!(ask(&app, "/page/1").await);
            from.cache().invalidate(target).await.unwrap();
        }
    }
    assert_miss!(ask(&app, "/page/1").await);
    other.cache().invalidate(Target::group("page:2")).await.unwrap();
    assert_hit!(ask(&app, "/page/1").await);
    other.cache().expire(Target::group("pages")).await.unwrap();
    assert_miss!(ask(&app, "/page/1").await);
}

#[tokio::test]
async fn a_response_is_gone_with_its_time_and_where_the_clock_was_set_back() {
    let scratch = Scratch::new("time");
    let cache = on(&scratch.cache()).await;
    cache.clock().advance(Duration::from_secs(600));
    let (app, _) = started(&cache);
    assert_miss!(ask(&app, "/page/3").await);
    let earlier = on(&scratch.cache()).await;
    assert_miss!(ask(&started(&earlier).0, "/page/4").await);
    assert_miss!(ask(&started(&earlier).0, "/page/3").await);
    cache.clock().advance(Duration::from_secs(2990));
    assert_hit!(ask(&app, "/page/3").await);
    cache.clock().advance(Duration::from_secs(3600));
    assert_miss!(ask(&app, "/page/3").await);
}

#[tokio::test]
async fn namespaces_do_not_meet() {
    let scratch = Scratch::new("namespaces");
    let (one, other) = (on(&scratch.cache()).await, with(&scratch.cache(), |builder| builder.namespace("other")).await);
    let (app, _) = started(&one);
    assert_miss!(ask(&app, "/page/1").await);
    assert_miss!(ask(&started(&other).0, "/page/1").await);
    other.cache().invalidate(Target::all()).await.unwrap();
    assert_hit!(ask(&app, "/page/1").await);
}

#[tokio::test]
async fn a_namespace_is_asked_for_in_words_to_type() {
    let scratch = Scratch::new("no-namespace");
    let error = Cache::builder().fs(scratch.cache()).build().await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains("`.namespace(\"…\")`"), "{error}");
    assert!(!scratch.cache().exists());
}

/// A job that clears old files away takes it, since nobody ever writes to it.
#[tokio::test]
async fn a_lock_that_is_removed_under_way_is_made_again_and_no_invalidation_is_lost() {
    let scratch = Scratch::new("unlocked");
    let one = on(&scratch.cache()).await;
    std::fs::remove_file(scratch.files("lock").remove(0)).unwrap();
    let other = on(&scratch.cache()).await;
    let (app, _) = started(&other);
    for cache in [&one, &other, &one] {
        assert_miss!(ask(&app, "/page/3").await);
        assert_hit!(ask(&app, "/page/3").await);
        cache.cache().invalidate(Target::group("page:3")).await.unwrap();
    }
    assert_miss!(ask(&app, "/page/3").await);
    assert_eq!(scratch.files("lock").len(), 1);
}

#[tokio::test]
async fn a_directory_that_is_removed_under_way_is_made_again() {
    let scratch = Scratch::new("removed");
    let cache = on(&scratch.cache()).await;
    let (app, _) = started(&cache);
    for what in ["cache", "cache/*", "table"] {
        assert_miss!(ask(&app, "/page/3").await);
        assert_hit!(ask(&app, "/page/3").await);
        match what {
            "cache" => std::fs::remove_dir_all(scratch.cache()).unwrap(),
            "table" => scratch.files("table").iter().for_each(|table| std::fs::remove_file(table).unwrap()),
            _ => std::fs::read_dir(scratch.cache()).unwrap().for_each(|entry| std::fs::remove_dir_all(entry.unwrap().path()).unwrap()),
        }
        // Another process, which finds nothing there.
        let other = on(&scratch.cache()).await;
        assert_miss!(ask(&started(&other).0, "/page/3").await);
        assert!(page_is_right(&app, 3).await, "after {what} was removed");
        assert!(page_is_right(&started(&other).0, 3).await);
        other.cache().invalidate(Target::group("page:3")).await.unwrap();
        assert_miss!(ask(&app, "/page/3").await);
        cache.cache().invalidate(Target::group("page:3")).await.unwrap();
        assert_miss!(ask(&started(&other).0, "/page/3").await);
        cache.cache().invalidate(Target::all()).await.unwrap();
    }
}
