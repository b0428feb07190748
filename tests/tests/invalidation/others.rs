//! The same load on the cache as a layer, and on typed values, in memory and in a store of one's own.

use axum::extract::State;
use cached_handler::{CacheLayer, CacheService, ValueOptions, Values, secs};
use cached_handler_tests::harness::Dict;

use super::*;

fn cache() -> TestCache {
    TestCache::with(|builder| builder.backend("dict", Dict::default()))
}

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
    fn new(source: Arc<Source>, backend: &'static str) -> Self {
        let cache = cache().cache().clone();
        let layer = CacheLayer::new("layered", secs(600)).cache(cache.clone()).backend(backend);
        let layer = layer.groups(|request| vec![request.uri.path().replace("/resource/", "resource:")]);
        Self { app: layer.around(Router::new().route("/resource/{id}", get(plain)).with_state(source)), cache }
    }
}

impl Subject for Layered {
    async fn read(&self, id: usize) -> u64 {
        let request = Request::get(format!("/resource/{id}")).body(Body::empty()).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let content = response.into_body().collect().await.unwrap().to_bytes();
        std::str::from_utf8(&content).unwrap().parse().unwrap()
    }

    async fn invalidate(&self, id: usize, kind: usize) {
        let target = match kind % 16 {
            0 => Target::all(),
            1 => Target::named("layered"),
            2..=5 => Target::path(format!("/resource/{id}")),
            6..=9 => Target::group(format!("known-later:{id}")),
            _ => Target::group(format!("resource:{id}")),
        };
        self.cache.invalidate(target).await.unwrap();
    }
}

struct OfValues {
    source: Arc<Source>,
    versions: Values<u64>,
    cache: Cache,
}

impl OfValues {
    fn new(source: Arc<Source>, backend: &'static str) -> Self {
        let cache = cache().cache().clone();
        Self { source, versions: cache.values("versions").backend(backend), cache }
    }
}

impl Subject for OfValues {
    async fn read(&self, id: usize) -> u64 {
        let source = Arc::clone(&self.source);
        let options = ValueOptions::new(secs(600)).group(format!("resource:{id}"));
        let Ok(version) =
            self.versions.get_or_insert_with(&id, options, async move || Ok::<_, std::convert::Infallible>(source.read(id).await)).await;
        *version
    }

    async fn invalidate(&self, id: usize, kind: usize) {
        match kind % 16 {
            0 => self.cache.invalidate(Target::all()).await.unwrap(),
            1 => self.cache.invalidate(Target::named("versions")).await.unwrap(),
            2..=8 => self.versions.remove(&id).await.unwrap(),
            _ => self.cache.invalidate(Target::group(format!("resource:{id}"))).await.unwrap(),
        }
    }
}

async fn finds_nothing<S: Subject>(subject: impl FnOnce(Arc<Source>) -> S) {
    let source = Arc::new(Source::default());
    let (done, stale) = load(Arc::clone(&source), Arc::new(subject(Arc::clone(&source))), reads()).await;
    println!("{done} reads, {stale} stale, {} runs", source.runs.load(Ordering::Relaxed));
    assert_eq!(stale, 0);
    assert!((source.runs.load(Ordering::Relaxed) as u64) < done, "some reads were hits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_layer_answers_with_nothing_older_than_an_invalidation() {
    finds_nothing(|source| Layered::new(source, "memory")).await;
    finds_nothing(|source| Layered::new(source, "dict")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_value_is_older_than_an_invalidation_or_a_removal() {
    finds_nothing(|source| OfValues::new(source, "memory")).await;
    finds_nothing(|source| OfValues::new(source, "dict")).await;
}
