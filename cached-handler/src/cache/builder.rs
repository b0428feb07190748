//! Setting up a cache.

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
mod words;

use std::{sync::Arc, time::Duration};

pub(crate) use self::words::Words;
use self::{built_in::BUILT_IN, limits::Unguarded};
use super::{Cache, Inner, claims::Claims, reinvalidate::Reinvalidate};
use crate::request::nested::CacheId;
#[cfg(feature = "redis")]
use crate::storage::remote::redis::{Lasting, RedisServer};
use crate::{
    epoch::{Epochs, in_process::InProcessEpochs},
    error::Error,
    handler::{defaults::Defaults, policy::Policy, tiers, writes::find_unmatched_groups},
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
    max_runs: usize,
    off: bool,
    isolated: bool,
    seed: Option<u64>,
    words: Words,
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
            max_runs: 1024,
            off: std::env::var_os("CACHED_HANDLER").is_some_and(|value| value.eq_ignore_ascii_case("off")),
            isolated: false,
            seed: None,
            words: Words::default(),
            claims: Claims::default(),
            outcome_on_hits: false,
            reinvalidate_after: None,
            #[cfg(feature = "fs")]
            files: files::Files::default(),
            counts: Arc::default(),
        }
    }

    /// How many bytes the memory backend may hold: keys, fields, contents and overhead (default 64 MiB).
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// How many bytes of content are held at most, besides [`memory`](Self::memory), that handlers have given and clients have
    /// not read yet (default: half of `memory`). Content that a handler gives piece by piece is read as fast as it gives it, to
    /// be stored, and waits here for clients who read slowly. Beyond this it is passed on at its client's pace, and is not
    /// stored. The content of a hit is the stored one itself, which a client who reads slowly holds also after it was evicted, as
    /// it would hold what a handler has ready. One response alone is stored all the same, up to [`Policy::max_body`](crate::Policy::max_body).
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
    /// Several caches of one process, such as one per tenant, need a namespace each: on files and Redis they would answer from
    /// what the others have stored. [`build`](Self::build) refuses a second cache in one place, as long as the first lives.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Sends `Cache-Status` (RFC 9211), with this name and what the cache did. Off by default: it tells every client what
    /// was asked before.
    pub fn cache_status(mut self, name: impl Into<String>) -> Self {
        self.status_name = Some(name.into());
        self
    }

    /// Adds a backend of your own, for `backend = "name"`. The clock that orders its invalidations is this cache's, and ends
    /// with it: what another process, or an earlier life of this one, has left in the store is not used. For a store that is
    /// to be shared or to survive, bring [`Epochs`] that do so too, by [`backend_with_epochs`](Self::backend_with_epochs).
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

    /// Where the responses of handlers rest that name no backend, and of layers and values (default `memory`). So the same
    /// handlers answer from memory on a developer's machine and in tests, and from what all share in production:
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
    /// A handler that does name one has its responses there in every cache: `backend = "memory"` for what is asked for most
    /// and is small. `redis` and `fs` may also be set up by the environment, as where a handler names them.
    ///
    /// Names are few, and written by you: each handler keeps for ever what it needs for each of them. For tenants, build a
    /// cache each, with backends of the same names.
    pub fn default_backend(mut self, name: impl Into<String>) -> Self {
        self.default_backend = name.into();
        self
    }

    /// Puts the [`Outcome`](crate::Outcome) into the extensions of hits, too, for layers that read it. Off by default, as
    /// it is a sixth of what a hit in memory costs; where a handler ran it is always there.
    pub fn outcome_on_hits(mut self) -> Self {
        self.outcome_on_hits = true;
        self
    }

    /// How many handler runs may outlive their request at a time (default 1 024); further ones stay in the request's task.
    pub fn max_detached_runs(mut self, runs: usize) -> Self {
        self.max_runs = runs;
        self
    }

    /// Makes every invalidation once more after this time, for handlers that read from replicas: one that lags behind
    /// may have given a run the old state after the invalidation, and nothing but time tells. Choose what your replicas
    /// lag at most; it costs each such response one more run. The time is tokio's: a test pauses that
    /// (`#[tokio::test(start_paused = true)]`), as the clock of a test's cache does not move it.
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

    /// Has the memory backend tell paths apart in the same way in each run of a test.
    ///
    /// Paths share 65 536 epochs, so that the invalidation of one of them costs another one's owner a miss once in so many
    /// times. Chance decides which two these are, and anew in each process; with a seed it is the same two each time.
    /// [`TestCache`](crate::testing::TestCache) has one. Not for a server: whoever knows the seed can look for such paths.
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

    /// Whatever the environment says.
    #[cfg(feature = "testing")]
    pub(crate) fn on(mut self) -> Self {
        self.off = false;
        self
    }

    /// Builds it.
    ///
    /// # Errors
    ///
    /// Where two backends have one name or a reserved one, the [default](Self::default_backend) is not among them, two
    /// handlers of the program have one name, Redis is set up with an address that cannot be read, one of the built-in
    /// backends lacks a namespace, the directory of `fs` cannot be used or has room for
    /// nothing, limits are set for a backend that is not there,
    /// another cache of this process has the same namespace on the same server or in the same directory
    /// ([`shares_namespace`](Self::shares_namespace)), or the runtime has no timers (`enable_time`). [`Error::is_config`] is
    /// true for all of them.
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

    /// What can be built, and what cannot.
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
            words: self.words,
            // Off, nothing is added to any answer.
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

    /// Whether something of the program names a backend, as far as it has been made.
    #[cfg(any(feature = "fs", feature = "redis"))]
    fn is_asked_for(&self, backend: &str) -> bool {
        tiers(&self.default_backend).1 == backend || Cache::users().any(|handler| handler.remote == Some(backend))
    }
}

const MEMORY: &str = "memory";
