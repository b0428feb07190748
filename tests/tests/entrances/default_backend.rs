//! The backend of what names none: handlers, layers and values alike; and what is said where it is not there.

mod identity;
mod tenants;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Body, extract::State, http::Request, response::Response, routing::get};
use cached_handler::{
    Cache, CacheLayer, Error, HandlerKind, Policy, Target, cached, handlers, secs,
    testing::{Call, Chaos, TestCache, assert_hit, assert_miss},
};
use cached_handler_tests::{
    harness::{ask, text},
    log::Log,
};
use tower::ServiceExt;

type Runs = Arc<AtomicUsize>;

#[cached(ttl = 60, group = "all")]
async fn anywhere(State(runs): State<Runs>) -> String {
    runs.fetch_add(1, Ordering::SeqCst).to_string()
}

#[cached(ttl = 60, group = "all", backend = "memory")]
async fn here(State(runs): State<Runs>) -> String {
    runs.fetch_add(1, Ordering::SeqCst).to_string()
}

fn app(cache: &TestCache) -> Router {
    Router::new().route("/anywhere", get(anywhere)).route("/here", get(here)).with_state(Runs::default()).layer(cache.layer())
}

/// A cache whose default is a store of one's own, under some name.
fn with_default(name: &'static str) -> (TestCache, Chaos) {
    let store = Chaos::new();
    let cache = TestCache::with(|builder| builder.backend(name, store.clone()).default_backend(name));
    (cache, store)
}

#[tokio::test]
async fn what_names_no_backend_rests_in_the_default_and_what_names_the_memory_rests_there() {
    let (cache, store) = with_default("store");
    let app = app(&cache);
    for (path, puts) in [("/anywhere", 1), ("/here", 1)] {
        let made = text(assert_miss!(ask(&app, path).await)).await;
        assert_eq!(text(assert_hit!(ask(&app, path).await)).await, made);
        assert_eq!(store.calls(Call::Put), puts, "{path}");
    }
    cache.cache().invalidate(Target::group("all")).await.unwrap();
    for path in ["/anywhere", "/here"] {
        assert_miss!(ask(&app, path).await);
    }

    let layer = CacheLayer::new("pages", secs(60)).cache(cache.cache().clone()).around(plain());
    let layered = async || -> Response { layer.clone().oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap() };
    assert_miss!(layered().await);
    assert_hit!(layered().await);
    let values = cache.cache().values::<u64>("numbers");
    values.insert("key", 7, secs(60)).await.unwrap();
    assert_eq!(*values.get("key").await.unwrap(), 7);
    assert_eq!(store.calls(Call::Put), 4);
}

#[tokio::test]
async fn caches_of_one_process_may_have_a_default_each() {
    let (first, in_first) = with_default("first");
    let (second, in_second) = with_default("second");
    let third = TestCache::new();
    let (one, other, memory) = (app(&first), app(&second), app(&third));
    for _ in 0..2 {
        for app in [&one, &other, &memory] {
            assert_miss!(ask(app, "/anywhere").await);
            assert_hit!(ask(app, "/anywhere").await);
        }
        first.cache().invalidate(Target::all()).await.unwrap();
        for app in [&other, &memory] {
            assert_hit!(ask(app, "/anywhere").await);
        }
        for cache in [&second, &third] {
            cache.cache().invalidate(Target::handler(anywhere)).await.unwrap();
        }
    }
    assert_eq!((in_first.calls(Call::Put), in_second.calls(Call::Put)), (2, 2));
    assert_eq!((third.cache().stats().memory_responses, first.cache().stats().memory_responses), (1, 0));
}

#[tokio::test]
async fn a_default_that_is_not_set_up_is_an_error_of_the_builder() {
    assert!(Cache::builder().default_backend("memory").build().await.is_ok());
    let own = ("nowhere", "add `.backend(\"nowhere\", …)` to `Cache::builder()`".to_owned());
    for (name, advice) in cached_handler::__private::built_in_backends().chain([own]) {
        let error = Cache::builder().default_backend(name).build().await.unwrap_err();
        assert!(error.is_config());
        says(&error, &format!("the default backend `{name}` is not set up; {advice}"));
    }
}

/// In one test, as what is wrong here is wrong for every cache of the process.
#[tokio::test]
async fn a_layer_and_values_of_a_backend_that_is_not_there_are_told_before_they_are_used() {
    let log = Log::default();
    let _watches = log.listen();
    let cache = TestCache::new();
    assert_eq!(log.loud(), [""; 0]);

    let _layer = CacheLayer::new("own", secs(60)).backend("not-here").cache(cache.cache().clone()).around(plain());
    let told = log.loud();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("`own` (") && told[0].contains("default_backend.rs:"), "{told:?}");
    assert!(told[0].contains("names the backend `not-here`, which this cache does not have; add `.backend(\"not-here\", …)`"), "{told:?}");

    let _values = cache.cache().values::<u64>("lost").backend("not-here");
    let told = log.loud();
    assert!(told.len() == 1 && told[0].contains("`lost` (") && told[0].contains("`not-here`"), "{told:?}");

    // One without a cache goes by the request's, which may be the one that is to be installed.
    let _layer = CacheLayer::new("any", secs(60)).backend("not-there").around(plain());
    assert_eq!(log.loud(), [""; 0]);
    let error = cache.cache().clone().install().unwrap_err();
    assert_eq!(error.to_string().lines().filter(|line| line.contains("`any` (")).count(), 1, "{error}");
    says(&error, "names the backend `not-there`");

    // What an attribute would not have let through.
    let layer = CacheLayer::new("slip", secs(60)).vary(["Accept", "set-cookie"]);
    let _own = layer.clone().cache(cache.cache().clone()).around(plain());
    let _any = layer.around(plain());
    let _told = CacheLayer::new("both", secs(60)).policy(Policy::new().cache_control("private, public")).around(plain());
    let told = log.loud();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().take(2).all(|line| line.contains("`slip` (") && line.contains("`set-cookie`, a field of responses")), "{told:?}");
    assert!(told[2].contains("`both` (") && told[2].contains("type `.cache_control(\"private\")`"), "{told:?}");
    let error = cache.cache().clone().install().unwrap_err();
    for name in ["any", "slip", "both"] {
        assert_eq!(error.to_string().lines().filter(|line| line.contains(&format!("`{name}` ("))).count(), 1, "{error}");
    }
}

#[tokio::test]
async fn layers_and_values_are_listed_beside_handlers() {
    let cache = TestCache::new();
    let layer = CacheLayer::new("listed", secs(60)).backend("memory").stale_if_error(secs(30)).vary(["accept-language"]);
    assert!(!handlers().iter().any(|handler| handler.label == "listed"), "it is around nothing");
    let _around = layer.around(plain());
    let values = cache.cache().values::<u64>("listed values").version(2).backend("memory").max_json(10);
    values.insert("key", 7, secs(60)).await.unwrap();
    _ = values.get("other key").await;

    let handlers = handlers();
    let labelled = |label| handlers.iter().filter(move |handler| handler.label == label);
    assert_eq!(labelled("listed values").count(), 1, "what led to it is not listed");
    let (layer, values) = (labelled("listed").next().unwrap(), labelled("listed values").next().unwrap());
    assert_eq!((layer.kind, layer.backend, layer.vary), (HandlerKind::Layer, Some("memory"), &["accept-language"][..]));
    assert_eq!((values.kind, values.ttl), (HandlerKind::Values, None));
    assert!(layer.file.ends_with("default_backend.rs") && values.file == layer.file && layer.line < values.line);
    let lines = [layer.to_string(), values.to_string()];
    assert!(lines[0].starts_with("layer listed (") && lines[0].ends_with("): memory, fresh for 60s, stale for 30s in place of a failure"));
    assert!(lines[1].starts_with("values listed values (") && lines[1].ends_with("): memory, fresh for as long as each value says"));
    let attribute = handlers.iter().find(|handler| handler.name == "anywhere").unwrap();
    assert_eq!((attribute.kind, attribute.backend), (HandlerKind::Attribute, None));
    assert!(attribute.to_string().ends_with("): default backend, fresh for 60s"), "{attribute}");
}

fn plain() -> Router {
    Router::new().route("/", get(async || "plain"))
}

fn says(error: &Error, text: &str) {
    assert!(error.to_string().contains(text), "{error}");
}
