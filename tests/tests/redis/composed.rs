//! A page made of what other cached handlers answer, at rest in Redis: what a hit of it costs, and that its parts' epochs live as
//! long as it does.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{Request, header},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{Cache, Target, cached, testing::assert_hit};
use cached_handler_tests::{
    harness::{PATIENT, ask, text},
    redis_server::RedisServer,
};
use tower::ServiceExt;

const PARTS: u64 = 8;

#[cached(ttl = 600, backend = "redis", group = "part:{id}")]
async fn part(Path(id): Path<u64>) -> String {
    format!("part {id}")
}

/// Nothing of it is stored, so that only the page keeps its epochs alive.
#[cached(ttl = 600, backend = "redis", group = "unstored")]
async fn unstored() -> Response {
    ([(header::SET_COOKIE, "a=b")], "unstored").into_response()
}

async fn get_inside(inside: &Router, uri: &str) -> String {
    let Ok(response) = inside.clone().oneshot(Request::get(uri).body(Body::empty()).unwrap()).await;
    text(response).await
}

#[cached(ttl = 600, backend = "redis")]
async fn page_of_many(State(inside): State<Router>) -> String {
    let mut all = String::new();
    for id in 0..PARTS {
        all += &get_inside(&inside, &format!("/part/{id}")).await;
    }
    all
}

#[cached(ttl = 600, backend = "redis")]
async fn page_of_unstored(State(inside): State<Router>) -> String {
    get_inside(&inside, "/unstored").await
}

async fn site(server: &RedisServer) -> (Cache, Router) {
    let builder = Cache::builder().namespace("composed").redis(server.url()).limits("redis", PATIENT).shares_namespace().outcome_on_hits();
    let cache = builder.build().await.unwrap();
    while cache.invalidate(Target::group("nobody's")).await.is_err() {}
    let layer = axum::Extension(cache.clone());
    let inside = Router::new().route("/part/{id}", get(part)).route("/unstored", get(unstored)).layer(layer.clone());
    let pages = Router::new().route("/many", get(page_of_many)).route("/of-unstored", get(page_of_unstored));
    (cache, pages.with_state(inside).layer(layer))
}

async fn stored(cache: &Cache, app: &Router, uri: &str) {
    ask(app, uri).await;
    assert!(cache.drain(Duration::from_secs(5)).await);
    assert_hit!(ask(app, uri).await);
}

#[tokio::test]
async fn a_hit_of_a_page_of_many_parts_is_two_commands() {
    let server = RedisServer::start();
    let (cache, app) = site(&server).await;
    stored(&cache, &app, "/many").await;
    let reads = async || {
        let stats = server.say("INFO commandstats").await.join("\n");
        let line = stats.lines().find(|line| line.starts_with("cmdstat_mget:")).map(str::to_owned);
        line.and_then(|line| line.split(['=', ',']).nth(1)?.parse::<u64>().ok()).unwrap_or(0)
    };
    let before = reads().await;
    assert_hit!(ask(&app, "/many").await);
    assert_eq!(reads().await, before + 2);
    cache.invalidate(Target::group("part:7")).await.unwrap();
    ask(&app, "/many").await;
    assert!(cache.drain(Duration::from_secs(5)).await);
    assert_hit!(ask(&app, "/many").await);
}

#[tokio::test]
async fn the_epochs_of_its_parts_live_longer_than_a_page_at_rest() {
    let server = RedisServer::start();
    let (cache, app) = site(&server).await;
    stored(&cache, &app, "/of-unstored").await;
    let mut epochs = 0;
    // But for that of the group nobody has, and of what nobody has stored.
    for key in server.keys().await.into_iter().filter(|key| key.contains(":h:") || key.contains(":g:")) {
        let lives: u64 = server.say(&format!("PTTL {key}")).await[0].parse().unwrap();
        epochs += u32::from(lives > 600_000);
    }
    assert_eq!(epochs, 3, "two handlers and a group");
}
