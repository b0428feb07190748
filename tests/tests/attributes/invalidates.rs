//! `#[invalidates]`: however its handler ends, and wherever its client leaves, nothing stored before is served again.

mod found_out;
mod goes_on;
mod leaves;
mod named;
mod paths;
mod prefixes;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    extract::{Path, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{
    Cache, CacheGroups, Outcome, cached, invalidates,
    testing::{TestCache, assert_hit},
};
use cached_handler_tests::harness::{Random, ask, leaves_at, send, text};
use tokio::sync::Notify;

/// What the handlers read and write.
#[derive(Clone, Default)]
struct Source {
    version: Arc<AtomicU64>,
    /// Set where a write has been committed.
    committed: Arc<AtomicBool>,
    never: Arc<Notify>,
}

impl Source {
    /// Writes, with awaits before and after the commit: a client may leave at each.
    async fn write(&self, before: usize, after: usize) {
        awaits(before).await;
        self.version.fetch_add(1, Ordering::SeqCst);
        self.committed.store(true, Ordering::SeqCst);
        awaits(after).await;
    }
}

async fn awaits(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

#[cached(ttl = 600, group = "article:{id}")]
async fn article(State(source): State<Source>, Path(id): Path<u64>) -> (CacheGroups, String) {
    let version = source.version.load(Ordering::SeqCst);
    (CacheGroups::of([format!("later:{id}")]), version.to_string())
}

#[cached(ttl = 600, group = "article:{id}", backend = "slow")]
async fn at_rest(State(source): State<Source>, Path(id): Path<u64>) -> (CacheGroups, String) {
    let version = source.version.load(Ordering::SeqCst);
    (CacheGroups::of([format!("later:{id}")]), version.to_string())
}

/// How a handler that writes comes to its end.
async fn end(how: &str, source: &Source) -> Response {
    match how {
        "well" => StatusCode::NO_CONTENT.into_response(),
        "redirecting" => StatusCode::SEE_OTHER.into_response(),
        "refusing" => StatusCode::CONFLICT.into_response(),
        "failing" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "panicking" => std::panic::resume_unwind(Box::new("as planned")),
        _ => {
            source.never.notified().await;
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

type How = Path<(u64, usize, usize, String)>;

#[invalidates(group = "article:{id}")]
async fn by_group(State(source): State<Source>, Path((id, before, after, how)): How) -> Response {
    let _ = id;
    source.write(before, after).await;
    end(&how, &source).await
}

#[invalidates(group = "later:{id}")]
async fn by_later_group(State(source): State<Source>, Path((id, before, after, how)): How) -> Response {
    let _ = id;
    source.write(before, after).await;
    end(&how, &source).await
}

#[invalidates(path = ["/article/{id}", "/at-rest/{id}"])]
async fn by_path(State(source): State<Source>, Path((id, before, after, how)): How) -> Response {
    let _ = id;
    source.write(before, after).await;
    end(&how, &source).await
}

#[invalidates(handler = [article, at_rest])]
async fn by_handler(State(source): State<Source>, Path((_, before, after, how)): How) -> Response {
    source.write(before, after).await;
    end(&how, &source).await
}

const KINDS: [&str; 4] = ["by-group", "by-later-group", "by-path", "by-handler"];

fn routes(source: &Source) -> Router {
    Router::new()
        .route("/article/{id}", get(article))
        .route("/at-rest/{id}", get(at_rest))
        .route("/by-group/{id}/{before}/{after}/{how}", get(by_group))
        .route("/by-later-group/{id}/{before}/{after}/{how}", get(by_later_group))
        .route("/by-path/{id}/{before}/{after}/{how}", get(by_path))
        .route("/by-handler/{id}/{before}/{after}/{how}", get(by_handler))
        .with_state(source.clone())
}

fn app() -> (Source, TestCache, Router) {
    let (source, cache) = (Source::default(), TestCache::new());
    let router = routes(&source).layer(cache.layer());
    (source, cache, router)
}

/// How a client and the handler part.
#[derive(Debug, Clone, Copy)]
enum Parting {
    /// The handler comes to this end.
    Ends(&'static str),
    /// The client leaves at this await.
    Leaves(usize),
    /// A layer gives up on a handler that never ends.
    TimesOut,
}

impl Parting {
    fn any(random: &mut Random) -> Self {
        const ENDS: [&str; 5] = ["well", "redirecting", "refusing", "failing", "panicking"];
        match random.below(3) {
            0 => Self::Ends(ENDS[random.below(ENDS.len())]),
            1 => Self::Leaves(random.below(10)),
            _ => Self::TimesOut,
        }
    }

    /// Sends the write, and gives whether its answer spares what is stored.
    async fn write(self, router: &Router, kind: &str, [id, before, after]: [usize; 3]) -> bool {
        let uri = |how: &str| format!("/{kind}/{id}/{before}/{after}/{how}");
        match self {
            Self::Ends("panicking") => {
                let (router, uri) = (router.clone(), uri("panicking"));
                let panicked = tokio::spawn(async move { send(&router, Method::GET, &uri).await }).await;
                assert!(panicked.is_err_and(|error| error.is_panic()), "a panic goes on to whoever deals with it");
                false
            }
            Self::Ends(how) => ask(router, &uri(how)).await.status().is_client_error(),
            Self::Leaves(at) => {
                let response = leaves_at(at, ask(router, &uri("refusing"))).await;
                response.is_some_and(|response| response.status().is_client_error())
            }
            Self::TimesOut => {
                let timed = tokio::time::timeout(Duration::from_millis(1), ask(router, &uri("never"))).await;
                assert!(timed.is_err());
                false
            }
        }
    }
}

async fn version(router: &Router, uri: &str) -> (u64, bool) {
    let response = ask(router, uri).await;
    let hit = matches!(response.extensions().get(), Some(Outcome::Hit { .. }));
    (text(response).await.parse().unwrap(), hit)
}

#[tokio::test(start_paused = true)]
async fn none_of_a_thousand_invalidations_is_lost_however_the_handler_and_its_client_part() {
    let (source, _, router) = app();
    let (mut random, mut lost, mut left, mut spared) = (Random::new(1), 0, 0, 0);
    for round in 0..1000 {
        let (id, before, after) = (round % 10, random.below(5), random.below(5));
        let article = format!("/article/{id}");
        version(&router, &article).await;
        assert!(version(&router, &article).await.1, "it is stored");
        source.committed.store(false, Ordering::SeqCst);
        let parting = Parting::any(&mut random);
        let is_spared = parting.write(&router, KINDS[round % KINDS.len()], [id, before, after]).await;
        let (seen, hit) = version(&router, &article).await;
        if is_spared {
            spared += 1;
            assert!(hit, "an answer of 4xx spares what is stored: {parting:?}");
        } else if source.committed.load(Ordering::SeqCst) {
            left += usize::from(matches!(parting, Parting::Leaves(_)));
            lost += usize::from(seen < source.version.load(Ordering::SeqCst));
        }
    }
    println!("1000 writes ({left} clients left after the commit, {spared} refused): {lost} invalidations lost");
    assert_eq!(lost, 0);
    assert!(left > 50 && spared > 50);
}

#[tokio::test(start_paused = true)]
async fn a_client_may_leave_at_every_single_await() {
    for kind in KINDS {
        for commits_at in 0..4 {
            for leaves in 0..8 {
                let (source, _, router) = app();
                version(&router, "/article/1").await;
                Parting::Leaves(leaves).write(&router, kind, [1, commits_at, 3]).await;
                let (seen, hit) = version(&router, "/article/1").await;
                if leaves < commits_at + 3 {
                    assert!(!hit, "a body that has started counts as a write: {kind}, committed at {commits_at}, left at {leaves}");
                }
                assert!(hit || seen == source.version.load(Ordering::SeqCst));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_sent_only_after_the_invalidation() {
    let (_, _, router) = app();
    for kind in KINDS {
        let before = version(&router, "/article/1").await.0;
        assert_eq!(ask(&router, &format!("/{kind}/1/1/1/well")).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(version(&router, "/article/1").await, (before + 1, false), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_target_names_stays() {
    let (_, _, router) = app();
    version(&router, "/article/1").await;
    version(&router, "/article/2").await;
    for kind in ["by-group", "by-later-group", "by-path"] {
        ask(&router, &format!("/{kind}/1/0/0/well")).await;
        assert_hit!(ask(&router, "/article/2").await);
    }
}

#[cached(ttl = 600)]
async fn file(Path(rest): Path<String>) -> String {
    rest
}

#[invalidates(path = "/files/{*rest}")]
async fn upload(Path(rest): Path<String>) -> StatusCode {
    let _ = rest;
    StatusCode::NO_CONTENT
}

#[invalidates(path = "/files/{rest}")]
async fn upload_one_segment(Path(rest): Path<String>) -> StatusCode {
    let _ = rest;
    StatusCode::NO_CONTENT
}

#[tokio::test]
async fn a_value_with_slashes_is_found_with_a_star_and_without() {
    let cache = TestCache::new();
    let router = Router::new()
        .route("/files/{*rest}", get(file))
        .route("/upload/{*rest}", get(upload))
        .route("/one/{*rest}", get(upload_one_segment))
        .layer(cache.layer());
    for path in [
        "a",
        "a/b",
        "a/b%20c/d%3Fe",
        "%C3%A9t%C3%A9/a%25",
        "a/b/",
        "a%20b",
        // Clients encode these or not.
        "x!$&'()*+,;=:@y",
        "x%21@%3Ay",
    ] {
        for writer in ["upload", "one"] {
            ask(&router, &format!("/files/{path}")).await;
            assert_hit!(ask(&router, &format!("/files/{path}")).await);
            ask(&router, &format!("/{writer}/{path}")).await;
            let is_hit = matches!(ask(&router, &format!("/files/{path}")).await.extensions().get(), Some(Outcome::Hit { .. }));
            assert!(!is_hit, "/{writer}/{path}");
        }
    }
}

#[tokio::test]
async fn every_cache_of_the_process_is_meant_but_those_of_tests() {
    let one = Cache::builder().outcome_on_hits().build().await.unwrap();
    let two = Cache::builder().outcome_on_hits().build().await.unwrap();
    let source = Source::default();
    let (first, second) = (routes(&source).layer(Extension(one)), routes(&source).layer(Extension(two)));
    let (_, _, tests_own) = app();
    for router in [&first, &second, &tests_own] {
        version(router, "/article/1").await;
        assert!(version(router, "/article/1").await.1);
    }
    ask(&first, "/by-group/1/0/0/well").await;
    assert!(!version(&first, "/article/1").await.1);
    assert!(!version(&second, "/article/1").await.1);
    assert!(version(&tests_own, "/article/1").await.1);
}
