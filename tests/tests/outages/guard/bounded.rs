//! What waits to be invalidated is bounded, in number and in size, and so are the tasks that see to it (law L7).

use axum::{extract::Path, http::Method, routing::post};
use cached_handler_tests::harness::{leaves_at, send};
use tokio::{runtime::Handle, task::yield_now, time::sleep};

use super::*;

/// What is written names the group; its answer never comes.
#[invalidates(group = "tag:{tag}")]
async fn tags(Path(tag): Path<String>) -> &'static str {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn a_group_that_no_response_can_have_is_kept_nowhere_however_long_its_name_is() {
    let site = Site::with(Chaos::new(), |builder, chaos| {
        builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs()).reinvalidate_after(Duration::from_secs(2))
    });
    site.chaos.suffers_at(Call::Advance, Fault::Fail, 1.0);
    for length in [0, 257, 2_000_000] {
        assert!(site.invalidates(&"x".repeat(length)).await, "there is nothing that could be stale: {length}");
        site.cache.cache().expire(Target::group("x".repeat(length))).await.unwrap();
    }
    assert_eq!(site.advances(), 0);
    assert!(site.cache.cache().drain(Duration::ZERO).await, "nothing is tried again, and nothing made once more");
    assert!(!site.invalidates(&"x".repeat(256)).await);
    assert_eq!(site.advances(), 1);
}

#[tokio::test(start_paused = true)]
async fn nor_is_it_where_the_client_of_a_writer_has_left() {
    let site = Site::new();
    let router = Router::new().route("/{tag}", post(tags)).layer(site.cache.layer());
    for (length, advances) in [(256 - "tag:".len(), 2), (257 - "tag:".len(), 1)] {
        let before = site.advances();
        let uri = format!("/{}", "x".repeat(length));
        assert!(leaves_at(0, send(&router, Method::POST, &uri)).await.is_none());
        assert!(site.cache.cache().drain(Duration::from_secs(1)).await);
        assert_eq!(site.advances() - before, advances, "the path that was written to, and the group where there may be one");
    }
}

#[tokio::test(start_paused = true)]
async fn no_task_outlives_the_invalidations_of_a_writer_that_was_dropped() {
    let site = Site::new();
    ask(&site.router, "/").await;
    sleep(Duration::from_secs(60)).await;
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..100 {
        assert!(leaves_at(0, send(&site.router, Method::POST, "/")).await.is_none());
    }
    assert!(tasks() > before);
    assert!(site.cache.cache().drain(Duration::from_secs(1)).await);
    for _ in 0..10 {
        yield_now().await;
    }
    assert_eq!(tasks(), before);
}
