//! What is logged: a line for each handler and reason, at most one in ten seconds, and nothing of what was asked for.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{
    CacheGroups, Target, cached, invalidates, secs,
    testing::{Call, Chaos, Fault, TestCache},
};
use cached_handler_tests::{
    harness::{ask, send},
    log::Log,
};
use tracing::Level;

#[cached(ttl = 60)]
async fn sets_a_cookie() -> Response {
    ([(header::SET_COOKIE, "id=secret")], "secret").into_response()
}

#[cached(ttl = 60)]
async fn is_private(Path(which): Path<u8>) -> Response {
    let value = if which == 0 { "private" } else { "max-age=0" };
    ([(header::CACHE_CONTROL, value)], "text").into_response()
}

#[cached(ttl = 60, stale_if_error = 600, group = "secret:{name}")]
async fn told(State(fails): State<Fails>, Path(name): Path<String>, _query: Query<BTreeMap<String, String>>) -> Response {
    if fails.load(Ordering::SeqCst) {
        return (StatusCode::BAD_GATEWAY, "secret").into_response();
    }
    (CacheGroups::of(["secret group"]), name).into_response()
}

#[cached(ttl = 60, backend = "sick", group = "secret:{name}")]
async fn remote(Path(name): Path<String>) -> String {
    name
}

#[invalidates(group = "secret:{name}")]
async fn edit(Path(name): Path<String>) -> String {
    name
}

/// Whether `told` does.
type Fails = Arc<AtomicBool>;

struct Site {
    log: Log,
    _listening: tracing::subscriber::DefaultGuard,
    cache: TestCache,
    chaos: Chaos,
    router: Router,
    fails: Fails,
}

fn site() -> Site {
    let log = Log::default();
    let listening = log.listen();
    let chaos = Chaos::new();
    let cache = TestCache::with(|builder| builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs()));
    let fails = Fails::default();
    let router = Router::new()
        .route("/cookie", get(sets_a_cookie))
        .route("/private/{which}", get(is_private))
        .route("/told/{name}", get(told).post(edit))
        .route("/remote/{name}", get(remote))
        .layer(cache.layer())
        .with_state(Arc::clone(&fails));
    Site { log, fails, _listening: listening, cache, chaos, router }
}

#[tokio::test]
async fn a_reason_is_said_once_in_ten_seconds_and_then_with_how_many_were_left_out() {
    let site = site();
    for _ in 0..5 {
        ask(&site.router, "/cookie").await;
    }
    let lines = site.log.loud();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("handler=\"observed::log::sets_a_cookie\"") && lines[0].contains("reason=\"set-cookie\""), "{lines:?}");
    assert!(lines[0].contains("left_out=0") && lines[0].contains("observed/log.rs"), "{lines:?}");
    site.cache.clock().advance(secs(9));
    ask(&site.router, "/cookie").await;
    assert_eq!(site.log.loud(), [""; 0]);
    site.cache.clock().advance(secs(1));
    ask(&site.router, "/cookie").await;
    let lines = site.log.loud();
    assert!(lines.len() == 1 && lines[0].contains("left_out=5"), "{lines:?}");
}

#[tokio::test]
async fn each_handler_and_each_reason_has_its_own_line() {
    let site = site();
    for target in ["/cookie", "/private/0", "/private/0", "/private/1", "/cookie"] {
        ask(&site.router, target).await;
    }
    let lines = site.log.loud();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for reason in ["set-cookie", "private", "already-stale"] {
        assert!(lines.iter().any(|line| line.contains(&format!("reason=\"{reason}\""))), "{reason}: {lines:?}");
    }
}

#[tokio::test]
async fn a_failure_that_a_stale_response_hides_is_said() {
    let site = site();
    ask(&site.router, "/told/page").await;
    site.cache.clock().advance(secs(61));
    site.fails.store(true, Ordering::SeqCst);
    assert_eq!(site.log.loud(), [""; 0]);
    assert_eq!(ask(&site.router, "/told/page").await.status(), StatusCode::OK);
    let lines = site.log.loud();
    assert!(lines.len() == 1 && lines[0].contains("a stale response stands in for a failure: status 502"), "{lines:?}");
}

/// Whatever happens, at whatever level.
#[tokio::test]
async fn no_line_holds_anything_of_a_key_a_value_or_a_group() {
    let site = site();
    let mut all = Vec::new();
    for target in ["/told/secret?secret=secret", "/told/secret?secret=secret", "/cookie", "/remote/secret", "/remote/secret"] {
        ask(&site.router, target).await;
    }
    send(&site.router, Method::POST, "/told/secret").await;
    for target in [Target::group("secret"), Target::path("/told/secret"), Target::all()] {
        site.cache.cache().invalidate(target).await.unwrap();
    }
    site.chaos.script(Call::Advance, [Fault::Fail, Fault::Fail]);
    site.cache.cache().invalidate(Target::group("secret")).await.unwrap_err();
    send(&site.router, Method::POST, "/told/secret").await;
    for fault in [Fault::Damage, Fault::Fail] {
        site.chaos.script(Call::Get, [fault]);
        site.chaos.script(Call::Put, [fault]);
        ask(&site.router, "/remote/secret").await;
    }
    all.extend(site.log.taken());
    assert!(all.len() > 10, "{all:?}");
    for (level, line) in &all {
        assert!(!line.contains("secret"), "{level}: {line}");
    }
    assert!(all.iter().any(|(level, line)| *level == Level::ERROR && line.contains("an invalidation failed")), "{all:?}");
    assert!(all.iter().any(|(_, line)| line.contains("stored bytes are not used")), "{all:?}");
}
