//! A cache: its storages, limits and runs. The process has one by default, and others are built.

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
use self::builder::{Switches, built_in::advice};
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

/// A cache: stored responses, and everything that belongs to them. It is a handle: clones are the same cache.
///
/// For the memory backend nothing has to be built: the first request to a cached handler makes the cache of the process. To set limits
/// or backends, build a cache and [`install`](Self::install) it as that of the process, or give it to one router with
/// `.layer(Extension(cache))`, for instance one per tenant or test. On files or Redis each cache of a process needs its own
/// [namespace](CacheBuilder::namespace).
///
/// In a handler it is an extractor, which gives the cache of the request's router:
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
    /// It is a test's cache: `#[invalidates]` reaches it only from requests of its own router, and an answer waits until its response
    /// is stored, so that the next request finds it.
    pub(crate) isolated: bool,
    /// Whether hits, too, carry their `Outcome`.
    pub(crate) outcome_on_hits: bool,
    pub(crate) namespace: String,
    pub(crate) switches: Switches,
    /// Whether and how `Cache-Status` is sent.
    pub(crate) status_name: Option<CacheName>,
    pub(crate) clock: Clock,
    pub(crate) memory: Memory,
    pub(crate) backends: Vec<(String, Arc<dyn Remote>)>,
    /// The defaults for handlers, if they differ from those of the crate.
    pub(crate) defaults: Option<&'static Defaults>,
    pub(crate) shared: Shared,
    pub(crate) read_ahead: Arc<ReadAhead>,
    pub(crate) collapse: Arc<CollapseMap>,
    pub(crate) hit_for_miss: HitForMiss,
    pub(crate) refresh_backoff: Arc<RefreshBackoff>,
    pub(crate) reinvalidate: Option<Reinvalidate>,
    pub(crate) tasks: Tasks,
    pub(crate) observer: Observer,
    /// Held for its `Drop` alone, which releases the claims.
    _claims: Claims,
}

static INSTALLED: OnceLock<Cache> = OnceLock::new();
/// Every cache that is alive, for invalidations that act on the whole process.
static LIVING: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());
/// The number of caches besides that of the process. If it is zero, no router has a cache of its own.
static OTHERS: AtomicUsize = AtomicUsize::new(0);

impl Inner {
    /// Whether unsafe methods invalidate nothing here: by the default policy, or because the cache is off.
    pub(crate) fn keeps_own_paths(&self) -> bool {
        self.off || self.defaults.is_some_and(|defaults| defaults.policy.keep_own_path)
    }

    /// Whether hits carry their outcome.
    pub(crate) fn is_watched(&self) -> bool {
        self.outcome_on_hits || self.status_name.is_some()
    }
}

impl Cache {
    /// A builder with the default settings.
    pub fn builder() -> CacheBuilder {
        CacheBuilder::new()
    }

    /// Makes this the cache of the process, for every request whose router has no cache of its own. Call it before the server starts.
    ///
    /// # Errors
    ///
    /// If a handler of the program, or a [`CacheLayer`](crate::CacheLayer) that exists by then, names a backend that this cache does not
    /// have, or has a mistake in `vary` or `cache_control` (the error has a line for each); and if the process has a cache already, one
    /// that was installed, or that an earlier request has made.
    pub fn install(self) -> Result<(), Error> {
        let misfits = self.misfits();
        if !misfits.is_empty() {
            return Err(Error::config(misfits.join("\n")));
        }
        // A test's cache still counts as one of a router, as that is how its requests reach it.
        let isolated = self.0.isolated;
        let installed = INSTALLED.set(self);
        if installed.is_ok() && !isolated {
            OTHERS.fetch_sub(1, Ordering::Relaxed);
        }
        installed.map_err(|_| Error::config("the process has a cache already; call `install` once, before the first request"))
    }

    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The cache of the request's router, if that has one of its own.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        if OTHERS.load(Ordering::Relaxed) == 0 { None } else { parts.extensions.get::<Self>().cloned() }
    }

    /// Makes all responses in the target's scope unusable in this cache, on all its backends, with the guarantee of
    /// [`invalidate_group`](crate::invalidate_group).
    ///
    /// # Errors
    ///
    /// If a backend fails; the others are invalidated nevertheless, so call again for the rest. And if the target is no path that a
    /// client sends.
    pub async fn invalidate(&self, target: Target) -> Result<(), Error> {
        self.change(&target, Effect::Invalidate, None).await
    }

    /// Makes all responses in the target's scope stale in this cache, on all its backends. They are still served as far as a stale window
    /// allows (`stale_while_revalidate`, `stale_if_error`), while the handler makes new ones; without a window they are not. The window
    /// ends when it would have ended without this call: after the `ttl` and the window's own length. Use this for responses that may be
    /// seen once more, and [`invalidate`](Self::invalidate) for those that must not.
    ///
    /// # Errors
    ///
    /// If a backend fails; the others are expired nevertheless, so call again for the rest. And if the target is no path that a client
    /// sends.
    pub async fn expire(&self, target: Target) -> Result<(), Error> {
        self.change(&target, Effect::Expire, None).await
    }

    /// The statistics of this cache since it was built.
    ///
    /// ```
    /// # async fn f() -> Result<(), cached_handler::Error> {
    /// let cache = cached_handler::Cache::builder().build().await?;
    /// let stats = cache.stats();
    /// println!("{} of {} requests were hits; {} bytes are held", stats.hits, stats.requests(), stats.memory_bytes);
    /// # Ok(()) }
    /// ```
    ///
    /// Not for every request: it sums counters, and completes pending evictions first.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::of(&self.0.observer.counts, self.0.memory.settled())
    }

    /// Waits, at most for `limit`, until all work is complete that requests have begun and that goes on without them. Call it after the
    /// server has stopped, before the process ends. Returns whether all work is complete; if not, a warning is logged, as the rest ends
    /// with the process.
    ///
    /// It waits for detached runs, and in a cache with backends for invalidations: handlers with `#[invalidates]` that are still running,
    /// invalidations of handlers that were dropped with their connection, failed invalidations that are retried (at once, and then after
    /// growing pauses), and those that [`reinvalidate_after`](CacheBuilder::reinvalidate_after) repeats: choose a longer `limit` than
    /// that. If an invalidation is lost, other processes may serve its responses until they are stale. Outside of a tokio runtime it
    /// does not wait.
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

    /// The process's cache, if there is one yet.
    pub(crate) fn made() -> Option<&'static Self> {
        INSTALLED.get()
    }

    /// The mistakes of all handlers, and of layers that use the request's cache.
    fn misfits(&self) -> Vec<String> {
        let mut misfits: Vec<String> = Vec::new();
        for misfit in Self::users().filter_map(|handler| self.misfit(handler)) {
            // `#[debug_handler]` above `#[cached]` emits a copy of the function with its attribute.
            if !misfits.contains(&misfit) {
                misfits.push(misfit);
            }
        }
        misfits
    }

    /// The program's handlers, and its layers that use the request's cache.
    pub(crate) fn users() -> impl Iterator<Item = &'static Handler> {
        let layers = others::all().into_iter().filter(|other| other.kind == Kind::Layer).map(|other| other.handler);
        handler::all().chain(layers)
    }

    /// A handler's mistake: a backend that this cache does not have, or a wrong setting.
    pub(crate) fn misfit(&self, handler: &'static Handler) -> Option<String> {
        let handler = handler.with(self.0.defaults);
        let Some(backend) = handler.attributes.backend.filter(|_| self.storage_id(handler) == StorageId::Missing) else {
            return handler.mistake();
        };
        let Site { name, file, line, .. } = handler.site;
        Some(format!("`{name}` ({file}:{line}) names the backend `{backend}`, which this cache does not have; {}", advice(backend)))
    }

    /// Logs the mistake of a layer or a set of values that was just made for this cache.
    pub(crate) fn complain(&self, of: &'static Handler) {
        if let Some(misfit) = self.misfit(of) {
            self.0.observer.misfit(&of.subject, &misfit);
        }
    }

    /// Every cache of the process.
    pub(crate) fn all() -> Vec<Self> {
        lock(&LIVING).iter().filter_map(Weak::upgrade).map(Self).collect()
    }

    /// The current times of its epoch clocks.
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

    /// The storage of a handler's responses.
    #[inline]
    pub(crate) fn storage(&self, handler: &Handler) -> Storage<'_> {
        if handler.remote.is_none() { Storage::Memory(&self.0.memory) } else { self.remote_storage(handler) }
    }

    #[cold]
    fn remote_storage(&self, handler: &Handler) -> Storage<'_> {
        let StorageId::Remote(at) = self.storage_id(handler) else { return Storage::Missing };
        let Inner { backends, memory, namespace, clock, shared, observer, .. } = &*self.0;
        let Some((_, backend)) = backends.get(at) else { return Storage::Missing };
        let remote = RemoteStorage { at, backend, namespace, clock, shared, observer, is_copied: handler.has_near, forms: &memory.forms };
        if handler.has_near { Storage::Tiered(TieredStorage { near: memory, far: remote }) } else { Storage::Remote(remote) }
    }

    /// Identifies the storage of a handler's responses.
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
