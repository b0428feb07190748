//! What one stored response takes in memory: resident growth over a hundred thousand, beside what the cache counts.

use axum::{
    Router,
    extract::Path,
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};
use cached_handler::{cached, secs, testing::TestCache};
use cached_handler_tests::harness::{alone, ask, is_full, resident};

fn responses() -> u64 {
    if is_full() { 100_000 } else { 20_000 }
}

#[cached(ttl = 600)]
async fn page(Path((_id, length)): Path<(usize, usize)>) -> Html<String> {
    Html("x".repeat(length))
}

/// The fields that pages most often have.
#[cached(ttl = 600, vary = "accept-encoding")]
async fn with_fields(Path((id, length)): Path<(usize, usize)>) -> impl IntoResponse {
    let fields = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::ETAG, format!("\"{id:032x}\"")),
        (header::CACHE_CONTROL, "public, max-age=300".to_owned()),
        (header::VARY, "Accept-Encoding".to_owned()),
        (header::LAST_MODIFIED, "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
    ];
    (fields, "x".repeat(length))
}

fn cache() -> TestCache {
    TestCache::with(|builder| builder.memory(1 << 30))
}

/// What the process has grown by, and what is counted, for each of them.
fn hold(cache: &TestCache, before: u64, what: &str, most: u64) {
    let stats = cache.cache().stats();
    assert_eq!(stats.memory_responses, responses() + 1);
    let (grown, counted) = (resident().0.saturating_sub(before) / responses(), stats.memory_bytes / stats.memory_responses);
    println!("- {what}: {grown} bytes of resident memory, {counted} counted");
    assert!(grown <= most, "{grown} bytes for {what}");
    assert!(grown.abs_diff(counted) <= grown / 10, "{what}: {grown} bytes held, {counted} counted");
}

async fn store_many(path: &str, length: u64, most: u64) {
    let cache = cache();
    let router =
        Router::new().route("/page/{id}/{length}", get(page)).route("/fields/{id}/{length}", get(with_fields)).layer(cache.layer());
    // What a first answer needs once.
    drop(ask(&router, &format!("{path}/999999/{length}")).await);
    let before = resident().0;
    for id in 0..responses() {
        drop(ask(&router, &format!("{path}/{id}/{length}")).await);
    }
    hold(&cache, before, &format!("a stored response of {length} bytes, {path}"), most);
}

#[tokio::test]
async fn a_stored_response_of_100_bytes_takes_little_more_than_a_kibibyte() {
    if let Some(printed) = alone("bounds::each::a_stored_response_of_100_bytes_takes_little_more_than_a_kibibyte") {
        return println!("{printed}");
    }
    store_many("/page", 100, 1434).await;
}

#[tokio::test]
async fn a_stored_response_of_a_kibibyte_takes_little_more_than_two() {
    if let Some(printed) = alone("bounds::each::a_stored_response_of_a_kibibyte_takes_little_more_than_two") {
        return println!("{printed}");
    }
    store_many("/page", 1024, 2458).await;
}

#[tokio::test]
async fn the_usual_fields_add_little_to_a_stored_response() {
    if let Some(printed) = alone("bounds::each::the_usual_fields_add_little_to_a_stored_response") {
        return println!("{printed}");
    }
    store_many("/fields", 1024, 2458).await;
}

#[tokio::test]
async fn a_typed_value_takes_little_more_than_a_kibibyte() {
    if let Some(printed) = alone("bounds::each::a_typed_value_takes_little_more_than_a_kibibyte") {
        return println!("{printed}");
    }
    let cache = cache();
    let values = cache.cache().values::<String>("each");
    values.insert(&u64::MAX, "x".repeat(100), secs(600)).await.unwrap();
    let before = resident().0;
    for id in 0..responses() {
        values.insert(&id, "x".repeat(100), secs(600)).await.unwrap();
    }
    hold(&cache, before, "a typed value of 100 bytes", 1434);
}
