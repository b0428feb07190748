//! The builder of a cache.

pub(crate) mod built_in;
mod complaints;
mod defaults;
#[cfg(feature = "fs")]
mod files;
mod limits;
mod room;
#[cfg(feature = "redis")]
mod servers;
#[cfg(not(all(feature = "fs", feature = "redis")))]
mod switched_off;
mod switches;

use std::{sync::Arc, time::Duration};

pub(crate) use self::switches::Switches;
use self::{built_in::BUILT_IN, limits::Unguarded};
use super::{Cache, Inner, claims::Claims, reinvalidate::Reinvalidate};
use crate::request::nested::CacheId;
#[cfg(feature = "redis")]
use crate::storage::remote::redis::{Lasting, Leasing, RedisServer};
use crate::{
    epoch::{Epochs, in_process::InProcessEpochs},
    error::Error,
    handler::{defaults::Defaults, policy::Policy, writes::find_unmatched_groups},
    header::cache_status::CacheName,
    observe::{Counts, Observer, Watch},
    storage::remote::{
        adapter::BytesBackend,
        guard::{Guard, limits::BackendLimits},
        store::Store,
    },
    stored::shared::Shared,
    util::{
        clock::{Clock, ManualClock},
        hasher::Keyed,
        read_ahead::ReadAhead,
        tasks::Tasks,
        timer,
    },
};

/// Settings of a [`Cache`]; from [`Cache::builder`].
///
/// ```
/// # async fn f() -> Result<(), cached_handler::Error> {
/// use cached_handler::Cache;
///
/// Cache::builder().memory(256 << 20).cache_status("my-app").build().await?.install()?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "nothing is set up before `build().await`"]
pub struct CacheBuilder {
    memory: u64,
    read_ahead: Option<usize>,
    namespace: String,
    status_name: Option<String>,
    clock: Clock,
    backends: Vec<(String, Unguarded)>,
    limits: Vec<(String, BackendLimits)>,
    default_backend: String,
    policy: Policy,
    #[cfg(feature = "redis")]
    redis: Option<RedisServer>,
    #[cfg(feature = "redis")]
    redis_lasts: Lasting,
    #[cfg(feature = "redis")]
    redis_leases: Leasing,
    max_runs: usize,
    off: bool,
    isolated: bool,
    seed: Option<u64>,
    switches: Switches,
    claims: Claims,
    outcome_on_hits: bool,
    reinvalidate_after: Option<Duration>,
    #[cfg(feature = "fs")]
    files: files::Files,
    counts: Arc<Counts>,
}

impl CacheBuilder {
    pub(super) fn new() -> Self {
        Self {
            memory: 64 << 20,
            read_ahead: None,
            namespace: String::new(),
            status_name: None,
            clock: Clock::System,
            backends: Vec::new(),
            limits: Vec::new(),
            default_backend: MEMORY.to_owned(),
            policy: Policy::new(),
            #[cfg(feature = "redis")]
            redis: None,
            #[cfg(feature = "redis")]
            redis_lasts: Lasting::default(),
            #[cfg(feature = "redis")]
            redis_leases: Leasing::default(),
            max_runs: 1024,
            off: std::env::var_os("CACHED_HANDLER").is_some_and(|value| value.eq_ignore_ascii_case("off")),
            isolated: false,
            seed: None,
            switches: Switches::default(),
            claims: Claims::default(),
            outcome_on_hits: false,
            reinvalidate_after: None,
            #[cfg(feature = "fs")]
            files: files::Files::default(),
            counts: Arc::default(),
        }
    }

    /// The most bytes that the memory backend may hold: keys, fields, contents and overhead (default 64 MiB).
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// The most bytes of content, besides [`memory`](Self::memory), that handlers have produced and clients have not read yet (default:
    /// half of `memory`). Content that a handler produces piece by piece is read at the handler's pace in order to store it, and
    /// buffered for clients that read slowly. Beyond this limit it is passed on at its client's pace, and not stored. A single response
    /// is stored in any case, up to [`Policy::max_body`](crate::Policy::max_body). The content of a hit does not count: it is the stored
    /// content, which a slow client keeps alive even after its eviction.
    ///
    /// ```
    /// # use cached_handler::Cache;
    /// let builder = Cache::builder().memory(64 << 20).read_ahead(16 << 20);
    /// ```
    pub fn read_ahead(mut self, bytes: usize) -> Self {
        self.read_ahead = Some(bytes);
        self
    }

    /// Sets this application's keys apart from those of others in the same backend.
    ///
    /// Several caches of one process, such as one per tenant, need a namespace each: on files and Redis they would otherwise answer from
    /// each other's responses. [`build`](Self::build) refuses a second cache in the same place while the first is alive.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Sends `Cache-Status` (RFC 9211), with this name and what the cache did. Off by default: it shows every client what was requested
    /// before.
    pub fn cache_status(mut self, name: impl Into<String>) -> Self {
        self.status_name = Some(name.into());
        self
    }

    /// Adds a backend of your own, for `backend = "name"`. The clock that orders its invalidations belongs to this cache and ends with it:
    /// responses that another process, or an earlier run of this one, has stored are not used. For a store that processes share, or that
    /// survives a restart, add [`Epochs`] that do so too, by [`backend_with_epochs`](Self::backend_with_epochs).
    pub fn backend(self, name: impl Into<String>, store: impl Store) -> Self {
        self.backend_with_epochs(name, store, InProcessEpochs::new())
    }

    /// Adds a backend with its own clock.
    pub fn backend_with_epochs(mut self, name: impl Into<String>, store: impl Store, epochs: impl Epochs) -> Self {
        let name = name.into();
        let (called, watch) = (name.clone(), Watch::new(&name, Arc::clone(&self.counts)));
        let backend = BytesBackend::new(store, epochs);
        self.backends.push((name, Unguarded::new(move |limits| Arc::new(Guard::new(&called, backend, limits, watch)))));
        self
    }

    /// The backend of handlers, layers and values that name none (default `memory`). So the same handlers use memory on a developer's
    /// machine and in tests, and a shared backend in production:
    ///
    /// ```
    /// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
    /// use cached_handler::{Cache, cached};
    ///
    /// #[cached(ttl = 60)]
    /// async fn hello() -> &'static str { "hello" }
    ///
    /// let builder = Cache::builder();
    /// let builder = match std::env::var("REDIS_URL") {
    ///     Ok(url) => builder.namespace("shop").redis(url).default_backend("redis"),
    ///     Err(_) => builder,
    /// };
    /// builder.build().await?.install()?;
    /// # Ok(()) }
    /// ```
    ///
    /// A handler that names a backend uses it in every cache: `backend = "memory"` for small responses that are requested most. As for a
    /// handler that names them, `redis` and `fs` may also be set up by the environment.
    ///
    /// Use few different names: each handler keeps a description for each of them until the process ends. For tenants, build a cache
    /// each, with backends of the same names.
    pub fn default_backend(mut self, name: impl Into<String>) -> Self {
        self.default_backend = name.into();
        self
    }

    /// Adds the [`Outcome`](crate::Outcome) to the extensions of hits, too, for layers that read it. Off by default, as it is a sixth of
    /// the cost of a memory hit; responses for which a handler ran always have it.
    pub fn outcome_on_hits(mut self) -> Self {
        self.outcome_on_hits = true;
        self
    }

    /// The most handler runs that may be detached from their requests at a time (default 1 024); further ones stay in their request's task.
    pub fn max_detached_runs(mut self, runs: usize) -> Self {
        self.max_runs = runs;
        self
    }

    /// Repeats every invalidation after this time, for handlers that read from replicas: a replica that lags behind may have given a run
    /// the old data after the invalidation. Choose the longest lag of your replicas; it costs each invalidated response one more run.
    /// The time follows tokio's clock, which a test can pause (`#[tokio::test(start_paused = true)]`), and not the clock of a test's
    /// cache.
    ///
    /// ```
    /// # use cached_handler::{Cache, secs};
    /// let builder = Cache::builder().reinvalidate_after(secs(2));
    /// ```
    pub fn reinvalidate_after(mut self, after: Duration) -> Self {
        self.reinvalidate_after = Some(after);
        self
    }

    /// A clock that a test sets by hand.
    pub fn clock(mut self, clock: ManualClock) -> Self {
        self.clock = Clock::Manual(clock);
        self
    }

    /// Switches caching off: every request runs its handler. `CACHED_HANDLER=off` in the environment does the same.
    pub fn off(mut self) -> Self {
        self.off = true;
        self
    }

    /// Makes the hash of paths in the memory backend the same in each run of a test.
    ///
    /// Paths share 65 536 epochs, so once in so many times the invalidation of one path costs another a miss. Which paths share an epoch
    /// is random in each process; with a seed it is always the same. [`TestCache`](crate::testing::TestCache) sets one. Not for a
    /// server: a client that knows the seed can look for paths that share an epoch.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cached_handler::Error> {
    /// let cache = cached_handler::Cache::builder().seed(1).build().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "testing")]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    #[cfg(feature = "testing")]
    pub(crate) fn isolated(mut self) -> Self {
        self.isolated = true;
        self.seed.get_or_insert(0);
        self.outcome_on_hits = true;
        self
    }

    /// Switches caching on, whatever the environment says.
    #[cfg(feature = "testing")]
    pub(crate) fn on(mut self) -> Self {
        self.off = false;
        self
    }

    /// Builds the cache.
    ///
    /// # Errors
    ///
    /// If two backends have one name or a reserved one, the [default backend](Self::default_backend) does not exist, two handlers of the
    /// program have one name, the address of Redis cannot be parsed, a built-in backend lacks a namespace, the directory of `fs` cannot
    /// be used or its capacity is too small, limits are set for a backend that does not exist, another cache of this process has the
    /// same namespace on the same server or in the same directory ([`shares_namespace`](Self::shares_namespace)), or the runtime has no
    /// timers (`enable_time`). [`Error::is_config`] is true for all of them.
    pub async fn build(mut self) -> Result<Cache, Error> {
        if !self.off && timer::lacks_timers() {
            return Err(Error::config(timer::NO_TIMERS));
        }
        for row in &BUILT_IN {
            (row.open)(&mut self).await?;
        }
        let rooms = self.rooms();
        let (cache, complaints) = self.finish();
        if let Some(complaint) = complaints.into_iter().next() {
            return Err(Error::config(complaint));
        }
        rooms.warn(&cache);
        if !cache.inner().isolated && !cache.inner().off {
            find_unmatched_groups();
        }
        Ok(cache)
    }

    /// Builds the cache as far as possible; with it, what is wrong.
    pub(crate) fn finish(mut self) -> (Cache, Vec<String>) {
        let mut complaints = self.complaints();
        for row in &BUILT_IN {
            complaints.extend((row.add)(&mut self).err().map(|error| error.to_string()));
        }
        let default_backend = self.default_elsewhere();
        if complaints.is_empty() {
            complaints.extend(default_backend.and_then(|name| self.complaint_of_default(name)));
        }
        let backends = self.guarded();
        let cache = Cache::living(Inner {
            id: CacheId::new(),
            off: self.off,
            isolated: self.isolated,
            outcome_on_hits: self.outcome_on_hits,
            namespace: self.namespace,
            switches: self.switches,
            // A cache that is switched off adds nothing to answers.
            status_name: self.status_name.filter(|_| !self.off).map(|name| CacheName::new(&name)),
            observer: Observer::new(self.counts, self.clock.clone()),
            clock: self.clock,
            memory: crate::storage::memory::Memory::new(self.memory, self.seed.map_or_else(Keyed::new, Keyed::fixed)),
            backends,
            defaults: Defaults::of(default_backend, &self.policy),
            collapse: Arc::default(),
            hit_for_miss: crate::cache::hit_for_miss::HitForMiss::default(),
            refresh_backoff: Arc::default(),
            reinvalidate: self.reinvalidate_after.map(Reinvalidate::new),
            shared: Shared::default(),
            read_ahead: Arc::new(ReadAhead::new(self.read_ahead.unwrap_or(usize::try_from(self.memory / 2).unwrap_or(usize::MAX)))),
            tasks: Tasks::new(self.max_runs),
            _claims: self.claims,
        });
        (cache, complaints)
    }

    /// Whether a handler, or a layer that exists by now, names a backend, or the default is it.
    #[cfg(any(feature = "fs", feature = "redis"))]
    fn is_asked_for(&self, backend: &str) -> bool {
        crate::handler::tiers(&self.default_backend).1 == backend || Cache::users().any(|handler| handler.remote == Some(backend))
    }
}

const MEMORY: &str = "memory";
