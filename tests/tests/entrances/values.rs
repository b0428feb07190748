//! Typed values: computed once, kept on every backend, never older than what invalidates them.

mod apart;
mod in_flight;
mod paths;
mod unreadable;
mod unrelated;

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use cached_handler::{
    Cache, Target, ValueOptions, Values, secs,
    testing::{Call, Chaos, Fault, TestCache},
};
use cached_handler_tests::harness::{Dict, text};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Article {
    id: u64,
    title: String,
}

fn article(id: u64, title: &(impl ToString + ?Sized)) -> Article {
    Article { id, title: title.to_string() }
}

/// A cache with a store of one's own, and a set in memory or there.
struct Fixture {
    cache: TestCache,
    dict: Dict,
    articles: Values<Article>,
    runs: Arc<AtomicUsize>,
}

impl Fixture {
    fn new(backend: &'static str) -> Self {
        let dict = Dict::default();
        let cache = TestCache::with(|builder| builder.backend("dict", dict.clone()));
        let articles = cache.cache().values("articles").backend(backend).jitter(0);
        Self { cache, dict, articles, runs: Arc::default() }
    }

    /// The value, whose title says in which run it was computed.
    async fn load(&self, id: u64, options: impl Into<ValueOptions>) -> String {
        let runs = Arc::clone(&self.runs);
        let computed = self
            .articles
            .get_or_insert_with(&id, options, async move || Ok::<_, Infallible>(article(id, &(runs.fetch_add(1, Ordering::SeqCst) + 1))));
        let Ok(article) = computed.await;
        assert_eq!(article.id, id);
        article.title.clone()
    }

    /// The value, or a failure.
    async fn fail(&self, id: u64, options: impl Into<ValueOptions>) -> Result<String, String> {
        let runs = Arc::clone(&self.runs);
        let computed = self
            .articles
            .get_or_insert_with(&id, options, async move || Err(format!("failure {}", runs.fetch_add(1, Ordering::SeqCst) + 1)));
        computed.await.map(|article| article.title.clone())
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    async fn invalidate(&self, target: Target) {
        self.cache.cache().invalidate(target).await.unwrap();
    }
}

const BACKENDS: [&str; 2] = ["memory", "dict"];

#[tokio::test]
async fn a_value_is_computed_once_and_fresh_for_its_ttl() {
    for backend in BACKENDS {
        let fixture = Fixture::new(backend);
        assert_eq!(fixture.articles.get(&1_u64).await, None);
        for _ in 0..3 {
            assert_eq!(fixture.load(1, secs(60)).await, "1");
        }
        assert_eq!(*fixture.articles.get(&1_u64).await.unwrap(), article(1, "1"));
        assert_eq!(fixture.load(2, secs(60)).await, "2", "{backend}");
        fixture.cache.clock().advance(secs(60));
        assert_eq!(fixture.articles.get(&1_u64).await, None);
        assert_eq!(fixture.load(1, secs(60)).await, "3");
    }
}

#[tokio::test]
async fn in_memory_it_is_the_value_itself() {
    let fixture = Fixture::new("memory");
    fixture.load(1, secs(60)).await;
    let (one, other) = (fixture.articles.get(&1_u64).await.unwrap(), fixture.articles.get(&1_u64).await.unwrap());
    assert!(Arc::ptr_eq(&one, &other));
}

#[tokio::test]
async fn at_rest_it_is_json_that_can_be_read() {
    let fixture = Fixture::new("dict");
    fixture.load(1, secs(60)).await;
    let kept: Vec<_> = fixture.dict.map().values().cloned().collect();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].ends_with(br#"{"id":1,"title":"1"}"#), "{:?}", kept[0]);
}

#[tokio::test]
async fn groups_name_and_all_invalidate() {
    for backend in BACKENDS {
        let fixture = Fixture::new(backend);
        let options = || ValueOptions::new(secs(60)).group("articles").group("article:1");
        for (at, target) in
            [Target::group("articles"), Target::group("article:1"), Target::named("articles"), Target::all()].into_iter().enumerate()
        {
            assert_eq!(fixture.load(1, options()).await, (at + 1).to_string());
            assert_eq!(fixture.load(1, options()).await, (at + 1).to_string());
            fixture.invalidate(target).await;
            assert_eq!(fixture.articles.get(&1_u64).await, None, "{backend}");
        }
        fixture.load(1, options()).await;
        fixture.invalidate(Target::group("article:2")).await;
        assert!(fixture.articles.get(&1_u64).await.is_some());
    }
}

#[tokio::test]
async fn a_value_that_is_inserted_is_there_and_one_that_is_removed_is_not() {
    for backend in BACKENDS {
        let fixture = Fixture::new(backend);
        fixture.load(1, secs(60)).await;
        fixture.articles.insert(&1_u64, article(1, "inserted"), ValueOptions::new(secs(60)).group("articles")).await.unwrap();
        assert_eq!(fixture.load(1, secs(60)).await, "inserted", "{backend}");
        fixture.load(2, secs(60)).await;
        fixture.articles.remove(&1_u64).await.unwrap();
        assert_eq!(fixture.articles.get(&1_u64).await, None);
        assert!(fixture.articles.get(&2_u64).await.is_some(), "another key's");
        if backend == "dict" {
            assert_eq!(fixture.dict.map().len(), 1, "the bytes are gone too");
        }
        fixture.articles.insert(&1_u64, article(1, "again"), ValueOptions::new(secs(60)).group("articles")).await.unwrap();
        fixture.invalidate(Target::group("articles")).await;
        assert_eq!(fixture.articles.get(&1_u64).await, None);
    }
}

#[tokio::test]
async fn an_error_is_the_callers_and_is_not_stored() {
    for backend in BACKENDS {
        let fixture = Fixture::new(backend);
        for run in 1..4 {
            assert_eq!(fixture.fail(1, secs(60)).await, Err(format!("failure {run}")));
        }
        assert_eq!(fixture.articles.get(&1_u64).await, None);
        assert_eq!(fixture.load(1, secs(60)).await, "4");
    }
}

#[tokio::test]
async fn stale_values_are_given_while_computed_anew_and_in_place_of_errors() {
    for backend in BACKENDS {
        let fixture = Fixture::new(backend);
        let anew = || ValueOptions::new(secs(60)).stale_while_revalidate(secs(60));
        fixture.load(1, anew()).await;
        fixture.cache.clock().advance(secs(61));
        assert_eq!(fixture.articles.get(&1_u64).await, None, "not fresh");
        assert_eq!(fixture.load(1, anew()).await, "1");
        assert!(fixture.cache.cache().drain(secs(5)).await);
        assert_eq!(fixture.load(1, anew()).await, "2", "{backend}");

        let fixture = Fixture::new(backend);
        let instead = || ValueOptions::new(secs(60)).stale_if_error(secs(60));
        fixture.load(1, instead()).await;
        fixture.cache.clock().advance(secs(61));
        assert_eq!(fixture.fail(1, instead()).await, Ok("1".to_owned()));
        assert_eq!(fixture.runs(), 2);
        assert_eq!(fixture.fail(1, instead()).await, Ok("1".to_owned()), "a moment later nobody tries");
        assert_eq!(fixture.runs(), 2);
        fixture.cache.clock().advance(secs(60));
        assert_eq!(fixture.fail(1, instead()).await, Err("failure 3".to_owned()));
    }
}

#[tokio::test]
async fn what_is_too_large_or_no_json_is_given_and_not_stored() {
    for backend in BACKENDS {
        let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()));
        let texts: Values<String> = cache.cache().values("texts").backend(backend).max_json(10);
        let text = texts.get_or_insert_with("long", secs(60), async || Ok::<_, ()>("a long text".to_owned())).await.unwrap();
        assert_eq!(*text, "a long text");
        assert_eq!(texts.get("long").await, None);

        // A map whose keys are no text.
        let maps: Values<HashMap<(u8, u8), u8>> = cache.cache().values("maps").backend(backend);
        let map = maps.get_or_insert_with("map", secs(60), async || Ok::<_, ()>(HashMap::from([((1, 2), 3)]))).await.unwrap();
        assert_eq!(map[&(1, 2)], 3);
        assert_eq!(maps.get("map").await, None);
        maps.insert("map", HashMap::from([((1, 2), 3)]), secs(60)).await.unwrap();
        assert_eq!(maps.get("map").await, None);
        texts.insert("zero", String::new(), secs(0)).await.unwrap();
        assert_eq!(texts.get("zero").await, None);
    }
}

#[tokio::test]
async fn a_key_that_is_too_long_and_a_cache_that_is_off_store_nothing() {
    let long = "x".repeat(9 << 10);
    let off = Cache::builder().off().build().await.unwrap();
    let on = TestCache::new();
    for (cache, key) in [(on.cache(), &*long), (&off, "short")] {
        let numbers: Values<usize> = cache.values("numbers");
        let runs = Arc::new(AtomicUsize::new(0));
        for run in 0..2 {
            let runs = Arc::clone(&runs);
            let compute = async move || Ok::<_, ()>(runs.fetch_add(1, Ordering::SeqCst));
            assert_eq!(*numbers.get_or_insert_with(key, secs(60), compute).await.unwrap(), run);
        }
        numbers.insert(key, 7, secs(60)).await.unwrap();
        assert_eq!(numbers.get(key).await, None);
        numbers.remove(key).await.unwrap();
    }
}

#[tokio::test]
async fn memory_holds_no_more_values_than_it_may() {
    let cache = TestCache::with(|builder| builder.memory(1 << 20));
    let texts: Values<String> = cache.cache().values("texts");
    for id in 0..100_u32 {
        texts.insert(&id, "x".repeat(100_000), secs(60)).await.unwrap();
    }
    let mut held = 0;
    for id in 0..100_u32 {
        held += usize::from(texts.get(&id).await.is_some());
    }
    assert!((1..=10).contains(&held), "{held} values of 100 kB in 1 MiB");
}

fn with_dict() -> TestCache {
    TestCache::with(|builder| builder.backend("dict", Dict::default()))
}

// ---- invalidations, counted and made once more ----------------------------------------------------------------------

#[tokio::test(start_paused = true)]
async fn reinvalidation_keeps_inserted_values_and_removes_removed_ones_again() {
    for backend in BACKENDS {
        let cache = TestCache::with(|builder| builder.backend("dict", Dict::default()).reinvalidate_after(secs(2)));
        let numbers: Values<usize> = cache.cache().values("settled").backend(backend);
        numbers.insert("key", 7, secs(60)).await.unwrap();
        tokio::time::sleep(secs(3)).await;
        assert_eq!(numbers.get("key").await.as_deref(), Some(&7), "{backend}");
        numbers.remove("key").await.unwrap();
        // Computed from a source that lags behind.
        numbers.get_or_insert_with("key", secs(60), async || Ok::<_, Infallible>(7)).await.unwrap();
        tokio::time::sleep(secs(3)).await;
        assert_eq!(numbers.get("key").await, None, "{backend}");
    }
}

#[tokio::test]
async fn inserts_and_removes_are_counted_as_invalidations_and_as_failed_ones() {
    let chaos = Chaos::new();
    let cache = TestCache::with(|builder| builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs()));
    for backend in ["memory", "sick"] {
        let numbers: Values<usize> = cache.cache().values("counted").backend(backend);
        let before = cache.cache().stats();
        numbers.insert("key", 7, secs(60)).await.unwrap();
        numbers.remove("key").await.unwrap();
        assert_eq!(cache.cache().stats().invalidations - before.invalidations, 2, "{backend}");
        assert_eq!(cache.cache().stats().failed_invalidations, 0);
    }
    let numbers: Values<usize> = cache.cache().values("counted").backend("sick");
    chaos.script(Call::Advance, [Fault::Fail]);
    assert!(numbers.remove("key").await.is_err());
    assert_eq!(cache.cache().stats().failed_invalidations, 1);
}

// ---- beside handlers and layers -------------------------------------------------------------------------------------

#[tokio::test]
async fn a_page_made_of_values_is_stored_by_a_layer() {
    use axum::{Router, body::Body, extract::State, http::Request, routing::get};
    use cached_handler::{CacheLayer, testing::assert_hit};
    use tower::ServiceExt;

    async fn page(State(numbers): State<Values<usize>>) -> String {
        let number = numbers.get_or_insert_with("key", secs(60), async || Ok::<_, ()>(1)).await.unwrap();
        number.to_string()
    }
    for backend in BACKENDS {
        let cache = with_dict();
        let numbers: Values<usize> = cache.cache().values("numbers").backend(backend);
        let app = Router::new().route("/", get(page)).with_state(numbers);
        let app = CacheLayer::new("pages", secs(60)).cache(cache.cache().clone()).around(app);
        let ask = || app.clone().oneshot(Request::get("/").body(Body::empty()).unwrap());
        ask().await.unwrap();
        assert_eq!(text(assert_hit!(ask().await.unwrap())).await, "1");
    }
}
