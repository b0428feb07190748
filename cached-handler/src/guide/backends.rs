//! Backends: memory, files, Redis, or your own store.
//!
//! ```standalone_crate
//! use axum::extract::Path;
//! use cached_handler::{Cache, Error, cached};
//!
//! // Names no backend: in tests it is stored in memory, in production in the default that `set_up` chooses.
//! #[cached(ttl = "10m", group = "report:{id}")]
//! async fn report(Path(id): Path<u64>) -> String {
//!     format!("report {id}")
//! }
//!
//! // Always in files.
//! #[cached(ttl = "1d", backend = "fs", group = "picture:{id}")]
//! async fn thumbnail(Path(id): Path<u64>) -> Vec<u8> {
//!     vec![0; 100]
//! }
//!
//! // Needs the features `redis` and `fs`. Tests do not call it.
//! async fn set_up() -> Result<(), Error> {
//!     Cache::builder()
//!         .namespace("shop")
//!         .redis("redis://127.0.0.1:6379")
//!         .default_backend("redis")
//!         .fs("/var/cache/shop")
//!         .build()
//!         .await?
//!         .install()
//! }
//! ```
//!
//! `default_backend` is where handlers, layers and values are stored that name no backend. It is `"memory"` unless the
//! builder says otherwise, so one program can use **memory in tests and Redis in production**. With `backend = "…"` a
//! handler chooses its own, and different handlers may use different backends.
//!
//! Without `.redis(…)` and `.fs(…)`, the environment variables `CACHED_HANDLER_REDIS_URL` and `CACHED_HANDLER_FS_DIR`
//! are used. The namespace separates the keys of this application from those of others.
//!
//! # Which one?
//!
//! Start with memory. Use files for responses that are worth disk space and have to survive a restart, Redis for
//! several machines. Put memory in front of either where the same responses are asked for again and again: it is as exact.
//!
//! | | memory | files | Redis | memory in front of files | memory in front of Redis |
//! |---|---|---|---|---|---|
//! | `backend = …` | `"memory"`, or nothing | `"fs"` | `"redis"` | `"memory+fs"` | `"memory+redis"` |
//! | needs | nothing | Unix, a local disk, a namespace | a server of version 7.0 or later, a namespace | as files | as Redis |
//! | responses are shared by | this process | the processes on the directory | all processes on the server | as files | as Redis |
//! | an invalidation holds (L4) | in this process | for every process on the directory | for every process on that primary | as files, for all copies too | as Redis, for all copies too |
//! | a restart of the process | loses all | loses nothing | loses nothing | loses the copies | loses the copies |
//! | a reboot, or a restart of the server | loses all | makes all unusable, unless `fs_durable()` | makes all unusable, unless `redis_durable()` | as files | as Redis |
//! | a failover | | | the same | | the same |
//! | while it fails | | handlers run; invalidations are errors, and are retried | the same | the same | the same |
//! | damaged or foreign data | | a miss and a warning | the same | the same | the same |
//! | a hit | no allocation more than a ready response | four calls of the system | one `MGET`, of four keys and the attribute's groups | in memory; two calls of the system | in memory, without a call of Redis, while a lease runs; otherwise one `MGET` of the epochs |
//! | an invalidation | a few instructions | one write of the epochs, under a lock of the file | one script | as files; each copy then reads its epochs once | one script, and the acknowledgement of each process with copies; at most the length of a lease, once, for one that does not answer |
//!
//! # Memory
//!
//! Limited in bytes of keys, fields, content and overhead: 64 MiB, or `.memory(bytes)`. Frequently used responses are
//! kept.
//!
//! # Files
//!
//! - **Invalidations** by any process on the directory hold for all of them: the clock and the epochs are in one file
//!   of 2.1 MiB, and of at most 15.1 MiB where many groups or keys of typed values are invalidated: every handler, the
//!   latest 131,072 groups and the latest 262,144 keys have an epoch each; one of those before counts as invalidated when
//!   the last of those was that had to give its place away. The directory has to be on a local disk; over NFS a machine
//!   may see the invalidations of another one late.
//! - **A hit** takes four system calls on the thread of the request if the file is in the page cache (Linux), and five
//!   if it has to be opened, which is once a second for what is asked for often. Besides, it costs about three times what
//!   one in memory does: 3 µs more for 1 KiB, where the system reads such a file in 1.5 µs. Otherwise, and on other systems,
//!   it takes one hop to one of 16 threads; before Linux 5.12, and in a sandbox without `openat2`, the call that opens the file
//!   does. A disk that hangs blocks no more than these, and no request waits for it longer than 50 ms.
//! - **A directory that was moved or restored begins a new life**: nothing that was stored before is used, as
//!   invalidations may have been made elsewhere meanwhile. That holds for one that was moved aside and back (a process
//!   that has it open notices at its next invalidation, or within 0.1 s of requests), unpacked from an archive, or
//!   written over by a copy. What tells is when the table of epochs came into being, when the system last changed it,
//!   and when its folders got their names; so `chown -R` or `chmod -R` at each start costs all that is stored: do it
//!   only where it is needed. So does a new namespace in a
//!   directory whose mode or owner was changed by hand, once. Where the system refuses to say what is there (no rights, a
//!   disk that fails), that call fails and nothing is lost. What cannot be told apart: a file system that is set back to a snapshot as a whole while no
//!   process runs, and a directory *above* that is moved aside and back while none runs that has it open and another
//!   one invalidates in its place. With `.fs_durable()`, neither can a copy that is written over the files in place.
//! - **Descriptors**: four, one for each thread at work, and on Linux up to 128 for recently read files (and no more
//!   than a sixteenth of the limit of the process: 64 of 1024). Each is reopened after a second, or as soon as its file
//!   is replaced or removed. Unused ones are closed within seconds, and all of them if the process runs out.
//! - **After a reboot** nothing stored before is used, as the disk may have missed invalidations. `.fs_durable()` keeps
//!   it, and waits for the disk at each response and each invalidation. A process that is killed leaves nothing
//!   wrong, and loses nothing but for what it was storing; its half written files go after an hour. One that is stopped
//!   for more than a second in the middle of an invalidation, and then killed, costs all that is stored.
//! - **Space**: up to `.fs_capacity(bytes)` of the disk, 1 GiB by default and at least 64 KiB. A response that finds no
//!   room is not stored, and its outcome says `backend`. Beyond that, a background thread removes the
//!   least recently used responses. It scans the directory at startup and every ten minutes, or after half a minute if
//!   the process has written a sixteenth of the capacity; nothing waits for it. What other processes have written is
//!   only known by these scans, so if many fill the directory at once, it may exceed its capacity until the next one.
//! - **On disk** file names are digests, and only this user may read them (0600, in a directory with 0700). `build()`
//!   refuses a directory that is a symbolic link, or that another user owns or may write to. Responses are stored as
//!   they were sent: any program that runs as this user can read them.
//! - Full, damaged or removed files only cost misses. To clear the cache, delete the contents of the directory, even
//!   while it is in use.
//!
//! # Redis
//!
//! The URL may hold a user and password, a database, or a socket: `redis://USER:PASSWORD@HOST:PORT/DATABASE`,
//! `unix:///PATH?db=N`. For TLS, switch on the feature `redis-tls` and use `rediss://`: the server's certificate is
//! checked against those that the system trusts, or against the file that `SSL_CERT_FILE` names. For client
//! certificates, pass a `redis::Client` of your own to `.redis(…)`.
//!
//! - **Invalidations** by any process hold for all of them, as the clock that orders them is in Redis. No process's own
//!   clock matters, neither for that nor for ages. The server has to be the primary; replicas are refused.
//! - **After a restart of the server, and after a failover,** nothing stored before is used: a server that begins from
//!   its last snapshot, and a replica that becomes the primary, may have missed the last invalidations and still have
//!   what they were about. Each process compares the server's `run_id` whenever it connects. `.redis_durable()` leaves
//!   that out, for a server that loses nothing that it has confirmed. Two cases cannot be seen: a user who may not send
//!   `INFO`, and a proxy that keeps the connection while it changes the server behind it. There a response may be
//!   wrong until its `ttl` has passed. All processes of a namespace have to agree: one without `redis_durable()` begins
//!   anew for all of them.
//! - **A hit** is one `MGET` of four keys, plus one key for each group of the attribute. Groups that only the response
//!   names (`CacheGroups`) cost a second `MGET`, because they are not known in advance. Concurrent look-ups are
//!   batched: from eight in flight on, up to 64 of them (about 128 KiB) share one `MGET` that reads each key once. No
//!   look-up joins a command that is already sent. An invalidation is one script, however many responses it concerns;
//!   no keys are ever listed.
//! - **An invalidation waits** until each process that keeps copies in memory has acknowledged it, and at most for the length of
//!   a lease (500 ms, `.redis_lease(length)`). A process that was killed or stopped costs the whole length, once. Without copies
//!   anywhere, an invalidation waits in two cases: when this process has known the namespace for less than a lease, and when Redis
//!   was emptied or started again. Then all earlier leases have to lapse first. `BackendLimits` do not end this wait.
//! - **Rights**: the user of Redis needs `&ch:*` and `+@pubsub` in all these processes, and `+info` where copies are kept. Without
//!   them a process has no lease, and asks for the epochs with each hit; an invalidation waits for the whole length.
//! - **While Redis is down**, slow or refuses, handlers run. A few requests wait for at most 50 ms (four times the round
//!   trip, where that is more); after five failures in a row, or ten in twenty calls, none asks until a probe in the
//!   background is answered. [`BackendLimits`](crate::backend::BackendLimits) sets all of that. It connects again for
//!   ever, with pauses of 0.1 to 0.8 s, so that responses are cached again within a second of its return. `build()`
//!   does not wait for it either. Concurrent requests still share a run, which then may have begun before an
//!   invalidation by another process: the one exception to L4. For invalidations see
//!   [below](#invalidations-that-fail).
//! - **In Redis** keys are digests, and every key has an expiry. Responses are stored as they were sent, with the names
//!   of their groups: whoever can read this Redis can read them.
//! - **When memory is full**: if there is a `maxmemory`, set `maxmemory-policy volatile-lfu`. Every key of this library
//!   has an expiry, so Redis may evict any of them, and none of the keys that others store without one. Records of
//!   invalidations are read with each response that they concern, so they are evicted after it; if one is evicted, that
//!   costs misses, and never brings a response back. `volatile-lru` works too, unless all memory is refilled within
//!   seconds: then the clock may be evicted, which makes every response unusable. With `volatile-random` that may
//!   happen at any time. With `noeviction`, new responses are refused, and a warning says so when a connection is made.
//!   `volatile-ttl` evicts the keys with the shortest lifetime, however often they are used.
//! - **A primary that is demoted** while its process only has hits is left within 100 ms: its role is asked along with
//!   look-ups (`ROLE`; `HELLO`, where the user may not send that). What a primary answers that is cut off from the others
//!   and does not know yet that it was replaced, nobody can tell: let it stop by itself (`min-replicas-to-write` ends
//!   writes, and Sentinel's or the cluster's time-out bounds the time).
//! - In a cluster, all keys of a namespace are in one slot, on one node.
//!
//! # Two tiers: memory in front of files or Redis
//!
//! ```
//! use axum::extract::Path;
//! use cached_handler::cached;
//!
//! #[cached(ttl = "10m", backend = "memory+redis", group = "report:{id}")]
//! async fn report(Path(id): Path<u64>) -> String {
//!     format!("report {id}")
//! }
//! ```
//!
//! Each process holds copies of what it has used, within the limit of [`memory`](crate::CacheBuilder::memory), in front of the
//! backend that is set up as `fs` or `redis`, or of a store of yours (`"memory+NAME"`). `.default_backend("memory+redis")`
//! works as well. Processes with copies and processes without share all that is stored. What is set for the backend behind
//! holds: its limits (`.limits("redis", …)`), its namespace, its variable of the environment.
//!
//! **It is exact**, as everything else here: a request that starts after an invalidation has returned `Ok`, in any process, is
//! never answered from an older copy. Why, in ten sentences:
//!
//! 1. Every response is stamped with the backend's clock as it stood before its handler began.
//! 2. An invalidation moves that clock on first, and then the epoch of its target.
//! 3. A copy may answer if no epoch that concerns it is later than its stamp.
//! 4. In front of files, the clock is read for each request, which takes no wait; a copy remembers the clock that was read before
//!    its epochs were last found not to be later.
//! 5. If the clock still stands there, nothing at all was invalidated since, and the epochs need not be read again; if it does
//!    not, they are read once, without the content.
//! 6. A clock whose last step has not reached its epoch yet is not remembered, and no copy is compared with it.
//! 7. In front of Redis, each process with copies holds a lease: for as long as that runs, an invalidation anywhere returns only
//!    after this process has said that it knows of it, or after the lease has lapsed.
//! 8. It is told over the connection on which the lease is renewed, so whoever has the answer to a renewal has been told of all
//!    that came before it; a copy that was found valid under the lease answers unless something later is known to concern it.
//! 9. Without a lease, and in front of a store with epochs of its own, the epochs are read for each request, and no content.
//! 10. Where the clock or the epochs cannot be read, or the circuit breaker is open, no copy answers, and handlers run as ever.
//!
//! - **A copy is never used past the lifetime** of its response. When that has ended, or it was expired, the backend is asked,
//!   where another process may have stored a newer response; so it is for stale windows.
//! - **Until then, a copy answers though another process has replaced the response** without an invalidation, as a request with
//!   `no-cache` does under `honor_request_directives`, or of two runs the one that ended last. Invalidate what has changed.
//! - **What a HEAD says** of the response that GET stored, and that a 304 ends, counts in the backend and in the process that has
//!   heard it; another process's copy answers until its lifetime ends.
//! - **Values** are held as values: a hit in memory reads no JSON.
//! - **Which copy answered** stands in [`Outcome`](crate::Outcome) (`tier`), in `Cache-Status` (`hit; detail=near`), in
//!   [`Stats`](crate::Stats) (`near_hits`, `far_hits`) and in the metric `cached_handler_tier_hits_total`.
//! - **A lease** is held from the start where a handler, a layer that exists when the cache is built, or the default backend asks
//!   for `memory+redis`; elsewhere, as for values that name it, the epochs are read for each request. How long it is, and what
//!   an invalidation waits for: [`redis_lease`](crate::CacheBuilder::redis_lease). It costs a connection of its own, six renewals a
//!   second, and an acknowledgement for each invalidation. A process that is stopped, suspended, starved or cut off has none by
//!   the time at which it goes on; copies are then validated. Where nothing was invalidated meanwhile, none is validated twice.
//! - **What knows nothing of leases** (a program built with a version that had none, or whatever writes to these keys by itself) tells
//!   nobody what it invalidates: copies elsewhere are used until the next renewal, which shows the gap. A process that was forked
//!   holds the lease of its parent until that lapses, and hears of nothing: do not serve from both.
//! - **On systems other than Linux**, files are never read without a wait: a hit in memory in front of them takes one hop to a
//!   thread that reads the epochs.
//!
//! # Invalidations that fail
//!
//! On files, on Redis and on stores with epochs of their own, an invalidation can fail. The call then returns an error,
//! and the invalidation is retried in the background until it succeeds.
//!
//! - **Until it succeeds**, the responses it concerns may still be served: by this process unless the circuit breaker is
//!   open, and by others in any case. The circuit breaker closes once the retry queue is empty, not before.
//! - **While the circuit breaker is open**, one invalidation at a time is still attempted. The others wait for it, at most
//!   for their own second. If it succeeds, it counts as a successful probe. If it fails, the waiting ones fail with it,
//!   and none is attempted until the next probe.
//! - **If one never succeeds** while the backend answers probes, it is given up after eight attempts, in about twenty
//!   seconds: everything is invalidated instead, and a warning says so. If even that fails, an error is logged once, and
//!   the backend is quarantined: nothing is read from it until everything is invalidated, since nothing could be taken back.
//! - **The runtime**: retries run in the runtime that the cache was built in, as long as it is alive and driven, also for
//!   a call from another one, such as `block_on` in a thread. Outside tokio a backend is not asked: handlers run, and an
//!   invalidation is an error.
//! - **At shutdown**, [`Cache::drain`](crate::Cache::drain) waits for pending invalidations, and returns whether all of
//!   them succeeded within its limit.
//!
//! # One of your own
//!
//! [`backend::Store`] stores bytes by key with a lifetime, in four functions. Its documentation has a complete
//! implementation, and so has `examples/dict.rs`. You name it when the cache is built, and handlers choose it by that
//! name, here `backend = "disk"`:
//!
//! ```
//! use cached_handler::{Cache, Error, backend::Store};
//!
//! async fn set_up(disk: impl Store) -> Result<(), Error> {
//!     Cache::builder().namespace("shop").backend("disk", disk).build().await?.install()
//! }
//! ```
//!
//! Its invalidations are ordered by a clock of this process. The last 229 376 groups that were invalidated have an
//! epoch each there, the keys of typed values among them; older ones, and handlers, share 4 096, so one of them in so
//! many is invalidated along with another. In memory and in Redis they are told apart exactly. Responses that another
//! process, or an earlier run of this one, left in the store are not used, because it is not known what has been
//! invalidated since. A store that is shared, or that has to survive a restart, needs its own [`backend::Epochs`].
//! [`backend::conformance`] checks both against
//! their laws. Whatever the store does, it never fails a request: it has 50 ms to read and 100 ms to write, everything
//! that it returns is checked, and if it keeps failing its circuit breaker opens, as that of Redis does.
//!
//! # When not
//!
//! - Redis for one process: memory is much faster, and needs nothing.
//! - Two tiers where each response is asked for once or twice: a copy that nobody asks for takes the place of another.
//! - Files on a network file system, or for containers that do not share a directory.
//! - Any of them as the only place where something is stored: a cache may lose everything at any time.
//!
//! # Errors that you may see
//!
//! | you see | cause, and what to type |
//! |---|---|
//! | compiler: `CacheBuilder::redis` needs the feature `redis` | `features = ["redis"]` for cached-handler in Cargo.toml; for files, `"fs"` |
//! | `build()` or `install()`: a backend is named that this cache does not have; `bypass`, `unknown-backend` | the attribute or `default_backend` names a backend that this cache was built without: a name, a feature, or an environment variable is missing |
//! | `build()`: a name stands for copies in memory in front of a backend | a store of yours has a name that begins with `memory+`: rename it |
//! | `build()`: limits of `memory+redis` | `.limits("redis", …)`: what takes time is the backend behind |
//! | `build()`: a namespace is missing | `.namespace("shop")`: it keeps two applications apart |
//! | `build()`: another cache of this process is in the same place | a namespace for each cache, such as one per tenant, or clones of one cache; `.shares_namespace()` where both may answer from what the other has stored, as two caches of a test that stand for two processes |
//! | `build()`: the directory is refused | another user owns it, it is a link, or others may read or write in it: `chmod -R u=rwX,go=`, or choose another |
//! | `bypass`, `backend`; a warning, at most one in ten seconds per reason | the backend fails or is slow; an event says when it works again |
//! | a warning about damage | stored bytes were not what they should be, and were not used |
//!
//! [`backend::Store`]: crate::backend::Store
//! [`backend::Epochs`]: crate::backend::Epochs
//! [`backend::conformance`]: crate::backend::conformance
