//! A cache: its backends, limits and runs. One for the process needs no set-up; others are built.

mod advance;
mod builder;
#[cfg_attr(not(any(feature = "fs", feature = "redis")), allow(dead_code, reason = "only a place that others can reach is claimed"))]
mod claims;
pub(crate) mod collapse;
pub(crate) mod everywhere;
pub(crate) mod hit_for_miss;
pub(crate) mod refresh_backoff;
mod reinvalidate;

use std::{
    fmt,
    pin::pin,
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Waker},
    time::Duration,
};

use axum::extract::FromRequestParts;
use http::request::Parts;
use smallvec::SmallVec;
use tokio::runtime::Handle;

pub use self::builder::CacheBuilder;
pub use self::builder::built_in::built_in_backends;
use self::builder::{Words, built_in::advice};
use self::{claims::Claims, reinvalidate::Reinvalidate};
use crate::{
    cache::{collapse::CollapseMap, hit_for_miss::HitForMiss, refresh_backoff::RefreshBackoff},
    epoch::{Effect, Stamp, target::Target},
    error::Error,
    handler::{
        self, Handler, Site,
        defaults::Defaults,
        others::{self, Kind},
    },
    header::cache_status::CacheName,
    observe::{self, Observer, stats::Stats},
    request::{facts::Began, nested::CacheId},
    storage::{RemoteStorage, Storage, TieredStorage, memory::Memory, remote::Remote},
    stored::{place::StorageId, shared::Shared},
    util::{clock::Clock, join::together, lock::lock, read_ahead::ReadAhead, tasks::Tasks, timer::timeout},
};

/// Stored responses, and everything that belongs to them. A handle: clones are the same cache.
///
/// Nothing has to be built for the memory backend: the first request to a cached handler makes the process's cache.
/// Build one to set limits or backends, and [`install`](Self::install) it as the process's, or give it to one router
/// with `.layer(Extension(cache))`, for instance one per tenant or test. On files or Redis each cache of a process has a
/// [namespace](CacheBuilder::namespace) of its own.
///
/// In a handler it is an extractor, and gives the cache of the request's router:
///
/// ```
/// use axum::http::StatusCode;
/// use cached_handler::{Cache, Error, Target};
///
/// async fn publish(cache: Cache) -> Result<StatusCode, Error> {
///     cache.invalidate(Target::group("articles")).await?;
///     Ok(StatusCode::NO_CONTENT)
/// }
/// ```
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) id: CacheId,
    pub(crate) off: bool,
    /// A test's cache: reached by `#[invalidates]` only from its own router's requests, and an answer waits until its
    /// response is stored, so that the next request finds it.
    pub(crate) isolated: bool,
    /// Whether hits, too, carry their `Outcome`.
    pub(crate) outcome_on_hits: bool,
    pub(crate) namespace: String,
    pub(crate) words: Words,
    /// Whether and how `Cache-Status` is sent.
    pub(crate) status_name: Option<CacheName>,
    pub(crate) clock: Clock,
    pub(crate) memory: Memory,
    pub(crate) backends: Vec<(String, Arc<dyn Remote>)>,
    /// What holds for handlers that do not say otherwise, where that is not what holds everywhere.
    pub(crate) defaults: Option<&'static Defaults>,
    pub(crate) shared: Shared,
    pub(crate) read_ahead: Arc<ReadAhead>,
    pub(crate) collapse: Arc<CollapseMap>,
    pub(crate) hit_for_miss: HitForMiss,
    pub(crate) refresh_backoff: Arc<RefreshBackoff>,
    pub(crate) reinvalidate: Option<Reinvalidate>,
    pub(crate) tasks: Tasks,
    pub(crate) observer: Observer,
    /// Nobody reads it: it is given up with the cache.
    _claims: Claims,
}

static INSTALLED: OnceLock<Cache> = OnceLock::new();
/// Every cache that lives, for the invalidations that act on the whole process.
static LIVING: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());
/// How many have been built besides the process's own: only then can a router have one of its own.
static OTHERS: AtomicUsize = AtomicUsize::new(0);

impl Inner {
    /// Whether an unsafe method says nothing of its own path: by its default policy, or because nothing is stored here.
    pub(crate) fn keeps_own_paths(&self) -> bool {
        self.off || self.defaults.is_some_and(|defaults| defaults.policy.keep_own_path)
    }

    /// Whether an answer from the store has to say what it is.
    pub(crate) fn is_watched(&self) -> bool {
        self.outcome_on_hits || self.status_name.is_some()
    }
}

impl Cache {
    /// Sets one up.
    pub fn builder() -> CacheBuilder {
        CacheBuilder::new()
    }

    /// Makes this the cache of the process: of every request whose router has none of its own. Call it before the
    /// server starts.
    ///
    /// # Errors
    ///
    /// Where a handler of the program, or a [`CacheLayer`](crate::CacheLayer) that stands by then, names a backend that it
    /// does not have, or says what cannot be meant in `vary` or `cache_control` (a line for each); and where the process has a cache
    /// already: installed before, or made by a request that came earlier.
    pub fn install(self) -> Result<(), Error> {
        let misfits = self.misfits();
        if !misfits.is_empty() {
            return Err(Error::config(misfits.join("\n")));
        }
        // A test's own may be the router's as well, and is then reached in no other way.
        let isolated = self.0.isolated;
        let installed = INSTALLED.set(self);
        if installed.is_ok() && !isolated {
            OTHERS.fetch_sub(1, Ordering::Relaxed);
        }
        installed.map_err(|_| Error::config("the process has a cache already; call `install` once, before the first request"))
    }

    /// That of the request's router, where it has one of its own.
    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        if OTHERS.load(Ordering::Relaxed) == 0 { None } else { parts.extensions.get::<Self>().cloned() }
    }

    /// Makes everything in the target's scope unusable in this cache, on every backend it has; the same promise as
    /// [`invalidate_group`](crate::invalidate_group).
    ///
    /// # Errors
    ///
    /// Where a backend failed. The others are done all the same; call again for the rest. And where the target is no path that
    /// a client sends.
    pub async fn invalidate(&self, target: Target) -> Result<(), Error> {
        self.change(&target, Effect::Invalidate, None).await
    }

    /// Makes everything in the target's scope stale in this cache, on every backend it has: it is served as far as a
    /// stale window allows (`stale_while_revalidate`, `stale_if_error`) while the handler makes it anew, and not at all
    /// where there is none. The window ends where it would have without this: after the `ttl` and its own length. For what
    /// may be seen once more; what must not be is [invalidated](Self::invalidate).
    ///
    /// # Errors
    ///
    /// Where a backend failed. The others are done all the same; call again for the rest. And where the target is no path that
    /// a client sends.
    pub async fn expire(&self, target: Target) -> Result<(), Error> {
        self.change(&target, Effect::Expire, None).await
    }

    /// What it has done since it was built, and what it holds.
    ///
    /// ```
    /// # async fn f() -> Result<(), cached_handler::Error> {
    /// let cache = cached_handler::Cache::builder().build().await?;
    /// let stats = cache.stats();
    /// println!("{} of {} requests were hits; {} bytes are held", stats.hits, stats.requests(), stats.memory_bytes);
    /// # Ok(()) }
    /// ```
    ///
    /// Not for every request: it goes through some counters, and has what was evicted settled first.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::of(&self.0.observer.counts, self.0.memory.settled())
    }

    /// Waits until nothing is left of what requests have begun, at most for `limit`: before the process ends, after the
    /// server has stopped. Returns whether nothing is left; an event says so where something is, as it ends with the
    /// process.
    ///
    /// It waits for runs that outlived their requests, and where the cache has backends for what was written: handlers
    /// with `#[invalidates]` that are still running, the invalidations of those that were dropped with their connection,
    /// those that failed and are retried (at once, and then after growing pauses), and those that
    /// [`reinvalidate_after`](CacheBuilder::reinvalidate_after) makes once more: give it more time than that takes. What is lost may be served by
    /// other processes until it is stale. Outside of a runtime of tokio it does not wait.
    ///
    /// ```
    /// # async fn f(cache: cached_handler::Cache) {
    /// let is_done = cache.drain(cached_handler::secs(10)).await;
    /// # let _ = is_done; }
    /// ```
    pub async fn drain(&self, limit: Duration) -> bool {
        let end = async {
            self.0.tasks.end().await;
            together(self.0.backends.iter().map(|(_, backend)| backend.drain_retries()).collect()).await;
        };
        let has_ended = match Handle::try_current() {
            Ok(_) => timeout(limit, end).await.is_ok(),
            Err(_) => pin!(end).poll(&mut Context::from_waker(Waker::noop())).is_ready(),
        };
        if !has_ended {
            let (runs, invalidations) = self.0.tasks.in_progress();
            let retries: usize = self.0.backends.iter().map(|(_, backend)| backend.retries()).sum();
            observe::not_drained(runs, invalidations + retries);
        }
        has_ended
    }

    /// The process's cache, made on first use.
    pub(crate) fn global() -> &'static Self {
        INSTALLED.get_or_init(|| {
            let (cache, complaints) = Self::builder().finish();
            OTHERS.fetch_sub(1, Ordering::Relaxed);
            for complaint in complaints.into_iter().chain(cache.misfits()) {
                observe::set_up_lacks(&complaint);
            }
            cache
        })
    }

    /// The process's cache, where it has one by now.
    pub(crate) fn made() -> Option<&'static Self> {
        INSTALLED.get()
    }

    /// What is wrong with the backends that the program's handlers name, and its layers that go by the request's cache.
    fn misfits(&self) -> Vec<String> {
        let mut misfits: Vec<String> = Vec::new();
        for misfit in Self::users().filter_map(|handler| self.misfit(handler)) {
            // `#[debug_handler]` above `#[cached]` copies the function with its attribute.
            if !misfits.contains(&misfit) {
                misfits.push(misfit);
            }
        }
        misfits
    }

    /// The program's handlers, and its layers that go by the request's cache.
    pub(crate) fn users() -> impl Iterator<Item = &'static Handler> {
        let layers = others::all().into_iter().filter(|other| other.kind == Kind::Layer).map(|other| other.handler);
        handler::all().chain(layers)
    }

    /// What is wrong with the backend of one, or with what it says.
    pub(crate) fn misfit(&self, handler: &'static Handler) -> Option<String> {
        let handler = handler.with(self.0.defaults);
        let Some(backend) = handler.attributes.backend.filter(|_| self.storage_id(handler) == StorageId::Missing) else {
            return handler.mistake();
        };
        let Site { name, file, line, .. } = handler.site;
        Some(format!("`{name}` ({file}:{line}) names the backend `{backend}`, which this cache does not have; {}", advice(backend)))
    }

    /// Says so where what has just been made for this cache names a backend that it does not have.
    pub(crate) fn complain(&self, of: &'static Handler) {
        if let Some(misfit) = self.misfit(of) {
            self.0.observer.misfit(&of.subject, &misfit);
        }
    }

    /// Every cache of the process.
    pub(crate) fn all() -> Vec<Self> {
        lock(&LIVING).iter().filter_map(Weak::upgrade).map(Self).collect()
    }

    /// The clocks of its epochs, as they stand.
    #[inline]
    pub(crate) fn clocks(&self) -> Began {
        let known = if self.has_backends() { Some(Box::new(self.known_clocks())) } else { None };
        Began { here: self.0.memory.epochs.now(), known }
    }

    #[cold]
    fn known_clocks(&self) -> SmallVec<[Option<Stamp>; 2]> {
        self.0.backends.iter().map(|(_, backend)| backend.known()).collect()
    }

    pub(crate) fn has_backends(&self) -> bool {
        !self.0.backends.is_empty()
    }

    fn living(inner: Inner) -> Self {
        let cache = Self(Arc::new(inner));
        OTHERS.fetch_add(1, Ordering::Relaxed);
        let mut living = lock(&LIVING);
        living.retain(|inner| inner.strong_count() > 0);
        living.push(Arc::downgrade(&cache.0));
        cache
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Where a handler's responses are stored.
    #[inline]
    pub(crate) fn storage(&self, handler: &Handler) -> Storage<'_> {
        if handler.remote.is_none() { Storage::Memory(&self.0.memory) } else { self.remote_storage(handler) }
    }

    #[cold]
    fn remote_storage(&self, handler: &Handler) -> Storage<'_> {
        let StorageId::Remote(at) = self.storage_id(handler) else { return Storage::Missing };
        let Inner { backends, memory, namespace, clock, shared, observer, .. } = &*self.0;
        let Some((_, backend)) = backends.get(at) else { return Storage::Missing };
        let remote = RemoteStorage { at, backend, namespace, clock, shared, observer, is_copied: handler.has_near };
        if handler.has_near { Storage::Tiered(TieredStorage { near: memory, far: remote }) } else { Storage::Remote(remote) }
    }

    /// Which of its storages that is.
    pub(crate) fn storage_id(&self, handler: &Handler) -> StorageId {
        let Some(named) = handler.remote else { return StorageId::Memory };
        self.0.backends.iter().position(|(name, _)| name == named).map_or(StorageId::Missing, StorageId::Remote)
    }
}

impl<S: Sync> FromRequestParts<S> for Cache {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().unwrap_or_else(|| Self::global()).clone())
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Cache");
        debug.field("memory", &self.0.memory);
        debug.field("backends", &self.0.backends).field("runs", &self.0.collapse.len()).finish_non_exhaustive()
    }
}
