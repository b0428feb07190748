//! Serves an application on a socket with a cache of its own, and drives it by `curl`, each visitor with own cookies.

mod browser;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Router};
use cached_handler::{Cache, CacheBuilder, ManualClock, Stats, testing::TestCache};
use tokio::{net::TcpListener, runtime::Runtime};

pub use browser::{Answer, Browser};

/// A running application. It ends with the value.
pub struct Site {
    address: SocketAddr,
    cache: Cache,
    /// That of the cache, where it stands still.
    clock: Option<ManualClock>,
    /// What was answered, in order: to compare with another run of the same steps.
    told: Arc<Mutex<Vec<Told>>>,
    visitors: AtomicUsize,
    _runtime: Runtime,
}

/// A request, and what is compared of its answer.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    asked: String,
    status: u16,
    body: String,
    location: Option<String>,
}

impl Site {
    /// With a cache whose clock stands still, and that says in `Cache-Status` what it did.
    pub fn new(app: Router) -> Self {
        Self::with_settings(app, |builder| builder)
    }

    /// The same with the application's own settings.
    pub fn with_settings(app: Router, settings: impl FnOnce(CacheBuilder) -> CacheBuilder) -> Self {
        let cache = TestCache::with(|builder| settings(builder.cache_status("app")));
        Self { clock: Some(cache.clock().clone()), ..Self::with(app, |_| cache.cache().clone()) }
    }

    /// The same application without a cache.
    pub fn without_cache(app: Router) -> Self {
        Self::with(app, |runtime| runtime.block_on(Cache::builder().off().build()).expect("a cache"))
    }

    fn with(app: Router, cache: impl FnOnce(&Runtime) -> Cache) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let cache = cache(&runtime);
        let app = app.layer(Extension(cache.clone()));
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a socket");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { address, cache, clock: None, told: Arc::default(), visitors: AtomicUsize::new(0), _runtime: runtime }
    }

    /// A visitor without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self.address, self.visitors.fetch_add(1, Ordering::Relaxed), self.told.clone())
    }

    /// How often bodies of cached handlers have run.
    pub fn runs(&self) -> u64 {
        self.cache.stats().runs
    }

    /// Lets time pass for the cache.
    pub fn advance(&self, time: Duration) {
        self.clock.as_ref().expect("a site with a cache").advance(time);
    }

    pub fn stats(&self) -> Stats {
        self.cache.stats()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Holds that `path` is answered from the cache the second time, by what the first run made, and with a 304 where the visitor
/// has the page already. Gives the page.
pub fn assert_cached(site: &Site, browser: &Browser, path: &str) -> Answer {
    let before = site.runs();
    let first = browser.get(path);
    let second = browser.get(path);
    assert_eq!(first.status, 200, "{path}: {first:?}");
    assert!(!first.is_hit(), "{path} was in the cache already: {first:?}");
    assert!(second.is_hit(), "{path} was not stored: {first:?} {second:?}");
    assert_eq!(first.body, second.body, "{path}");
    assert_eq!(site.runs() - before, 1, "{path}: one run for two requests");
    let tag = second.field("etag").unwrap_or_else(|| panic!("{path} has no tag: {second:?}"));
    let third = browser.send("GET", path, &["-H", &format!("If-None-Match: {tag}")]);
    assert_eq!((third.status, third.body.as_str()), (304, ""), "{path}: {third:?}");
    second
}

/// Holds that `path` runs its handler for every request of this visitor.
pub fn assert_never_cached(browser: &Browser, path: &str) {
    for _ in 0..2 {
        let answer = browser.get(path);
        assert!(!answer.is_hit(), "{path} was answered from the cache: {answer:?}");
    }
}

/// Takes the same steps on the application with its cache and without, and holds that every request has the same answer. At
/// least `hits` of them have to come from the cache, so that something is shown.
pub fn assert_no_wrong_page(app: impl Fn() -> Router, hits: u64, steps: impl Fn(&Site)) {
    let cached = Site::new(app());
    steps(&cached);
    let plain = Site::without_cache(app());
    steps(&plain);
    let (cached_told, plain_told) = (cached.told.lock().expect("answers"), plain.told.lock().expect("answers"));
    assert_eq!(cached_told.len(), plain_told.len());
    for (with, without) in cached_told.iter().zip(plain_told.iter()) {
        assert_eq!(with, without, "a wrong page: above with the cache, below without");
    }
    let found = cached.stats().hits;
    assert!(found >= hits, "{found} hits, expected {hits}: nothing is shown");
}
