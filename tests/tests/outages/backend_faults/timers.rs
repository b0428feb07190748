//! A runtime that was built without timers: a clear error where the cache is built, and no panic anywhere.

use cached_handler::{Cache, Policy, cached, secs};
use cached_handler_tests::{harness::Dict, redis_server::RedisServer};
use tokio::runtime::{Builder, Runtime};

use super::*;

fn with_timers() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn building_a_cache_in_a_runtime_without_timers_is_an_error_that_says_what_to_type() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_io().build().unwrap();
    let error = runtime.block_on(Cache::builder().build()).unwrap_err();
    assert!(error.is_config() && error.to_string().contains("enable_time"), "{error}");
    // Whoever does without a cache needs no timers.
    assert!(runtime.block_on(Cache::builder().off().build()).is_ok());
}

const LIMITED: Policy = Policy::new().timeout(secs(60)).max_wait(secs(30));

#[cached(ttl = 60, policy = LIMITED)]
async fn streams() -> axum::body::Body {
    axum::body::Body::from_stream(one_frame())
}

/// A stream of one frame, of unknown length.
fn one_frame() -> impl futures_core::Stream<Item = Result<&'static str, std::convert::Infallible>> {
    struct Once(bool);
    impl futures_core::Stream for Once {
        type Item = Result<&'static str, std::convert::Infallible>;
        fn poll_next(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
            std::task::Poll::Ready((!std::mem::replace(&mut self.0, true)).then_some(Ok("streamed")))
        }
    }
    Once(false)
}

#[cached(ttl = 60, backend = "own")]
async fn in_own(Extension(source): Extension<Source>) -> String {
    source.read()
}

/// Built elsewhere, and used in such a runtime.
#[test]
fn requests_in_a_runtime_without_timers_are_answered_and_cached() {
    let (server, place) = (RedisServer::start(), cached_handler_tests::files::Scratch::new("timers"));
    let builder = Cache::builder().namespace("timers").redis(server.url()).fs(place.cache()).backend("own", Dict::default());
    let home = with_timers();
    let mut app = home.block_on(App::of(builder));
    let more = Router::new()
        .route("/streams", get(streams))
        .route("/own", get(in_own))
        .layer(Extension(app.source.clone()))
        .layer(Extension(app.cache.clone()));
    app.router = app.router.merge(more);
    for runtime in [
        Builder::new_current_thread().enable_io().build().unwrap(),
        Builder::new_multi_thread().worker_threads(1).enable_io().build().unwrap(),
    ] {
        runtime.block_on(async {
            for uri in ["/streams", "/own", "/fs/0", "/redis/0"] {
                let mut hits = 0;
                for _ in 0..10_000 {
                    let response = app.ask(uri).await;
                    hits += usize::from(is_hit(&response));
                    assert!(!text(response).await.is_empty());
                    if hits > 3 {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
                assert!(hits > 3, "{uri}: {:?}", app.cache);
                app.cache.invalidate(cached_handler::Target::all()).await.unwrap();
                assert!(!app.is_hit(uri).await, "{uri}");
            }
        });
        let values = app.cache.values::<u64>("timers");
        assert_eq!(runtime.block_on(values.get_or_insert_with("a", secs(60), || async { Ok::<_, ()>(7) })).as_deref(), Ok(&7));
        assert!(runtime.block_on(app.cache.drain(secs(60))));
    }
}
