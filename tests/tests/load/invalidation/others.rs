//! The same load on the cache as a layer, and on typed values, there and in a store of one's own.

use axum::extract::State;
use cached_handler::{CacheLayer, CacheService, ValueOptions, Values, secs, testing::TestCache};
use cached_handler_tests::harness::Dict;

use super::*;

/// A handler without a cache, behind a layer.
struct Layered {
    app: CacheService<Router>,
    cache: Cache,
}

async fn plain(State(source): State<Arc<Source>>, Path(id): Path<usize>) -> (CacheGroups, String) {
    let version = source.read(id).await;
    (CacheGroups::of([format!("known-later:{id}")]), version.to_string())
}

impl Layered {
    fn new(source: Arc<Source>, cache: Cache) -> Self {
        let layer = CacheLayer::new("layered", secs(600)).cache(cache.clone());
        let layer = layer.groups(|request| vec![request.uri.path().replace("/resource/", "resource:")]);
        Self { app: layer.around(Router::new().route("/resource/{id}", get(plain)).with_state(source)), cache }
    }
}

impl Subject for Layered {
    async fn read(&self, id: usize) -> Option<u64> {
        let request = Request::get(format!("/resource/{id}")).body(Body::empty()).unwrap();
        promised(self.app.clone().oneshot(request).await.unwrap()).await
    }

    async fn invalidate(&self, id: usize, kind: usize) {
        let target = match kind % 16 {
            0 => Target::all(),
            1 => Target::named("layered"),
            2..=5 => Target::path(format!("/resource/{id}")),
            6..=9 => Target::group(format!("known-later:{id}")),
            _ => Target::group(format!("resource:{id}")),
        };
        invalidated(&self.cache, target).await;
    }
}

struct OfValues {
    source: Arc<Source>,
    versions: Values<u64>,
    cache: Cache,
}

impl OfValues {
    fn new(source: Arc<Source>, cache: Cache) -> Self {
        Self { source, versions: cache.values("versions"), cache }
    }

    /// How often the backend could not be asked.
    fn failures(&self) -> u64 {
        let stats = self.cache.stats();
        stats.backend_errors + stats.backend_spared
    }

    async fn removed(&self, id: usize) {
        while self.versions.remove(&id).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Subject for OfValues {
    async fn read(&self, id: usize) -> Option<u64> {
        let (source, failures) = (Arc::clone(&self.source), self.failures());
        let options = ValueOptions::new(secs(600)).group(format!("resource:{id}"));
        let Ok(version) =
            self.versions.get_or_insert_with(&id, options, async move || Ok::<_, std::convert::Infallible>(source.read(id).await)).await;
        (self.failures() == failures).then_some(*version)
    }

    async fn invalidate(&self, id: usize, kind: usize) {
        match kind % 16 {
            0 => invalidated(&self.cache, Target::all()).await,
            1 => invalidated(&self.cache, Target::named("versions")).await,
            2..=8 => self.removed(id).await,
            _ => invalidated(&self.cache, Target::group(format!("resource:{id}"))).await,
        }
    }
}

/// Values as they are often cached: looked for, made, and put in. What is put in is as new as that, whatever was
/// invalidated while it was made.
struct PutsIn(OfValues);

impl Subject for PutsIn {
    async fn read(&self, id: usize) -> Option<u64> {
        let Self(OfValues { source, versions, .. }) = self;
        if let Some(version) = versions.get(&id).await {
            return Some(*version);
        }
        let version = source.read(id).await;
        let options = ValueOptions::new(secs(600)).group(format!("resource:{id}"));
        _ = versions.insert(&id, version, options).await;
        Some(version)
    }

    async fn invalidate(&self, id: usize, _: usize) {
        invalidated(&self.0.cache, Target::group(format!("resource:{id}"))).await;
    }
}

/// A store of one's own, with its epochs in this process.
fn own() -> Cache {
    TestCache::with(|builder| builder.backend("dict", Dict::default()).default_backend("dict")).cache().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_layer_answers_with_nothing_older_than_an_invalidation() {
    for (place, name, most) in places("invalidation-layer") {
        let cache = place.cache().await;
        finds_nothing(&format!("a layer in {name}"), most, |source| Layered::new(source, cache)).await;
    }
    finds_nothing("a layer in a store of one's own", count(1_000_000) as u64, |source| Layered::new(source, own())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_value_is_older_than_an_invalidation_or_a_removal() {
    for (place, name, most) in places("invalidation-values") {
        let cache = place.cache().await;
        finds_nothing(&format!("values in {name}"), most, |source| OfValues::new(source, cache)).await;
    }
    finds_nothing("values in a store of one's own", count(1_000_000) as u64, |source| OfValues::new(source, own())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_harness_finds_what_is_put_in_after_it_was_made_wherever_it_rests() {
    for (place, name, _) in places("invalidation-put-in") {
        let (source, cache) = (Arc::new(Source::default()), place.cache().await);
        let (done, stale) = load(Arc::clone(&source), Arc::new(PutsIn(OfValues::new(source, cache))), 100_000).await;
        println!("- put in after it was made, in {name}: found after {done} reads");
        assert!(stale > 0, "not found in {done} reads");
    }
}
