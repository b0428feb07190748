//! Backends: memory, files, Redis, and one of your own.
//!
//! ```standalone_crate
//! use axum::extract::Path;
//! use cached_handler::{Cache, Error, cached};
//!
//! // It names no backend: in tests it rests in memory, in production where `set_up` says.
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
//! // The features `redis` and `fs`. Tests do not call this.
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
//! `default_backend` is where everything rests that names no backend: handlers, layers and values. It is `"memory"` unless
//! the builder says otherwise, so one program answers **from memory in tests, and from Redis in production**. With
//! `backend = "…"` a handler names its own, and different handlers may use different ones.
//!
//! Without `.redis(…)` and `.fs(…)`, the variables `CACHED_HANDLER_REDIS_URL` and `CACHED_HANDLER_FS_DIR` of the
//! environment say where. The namespace sets this application's keys apart from those of others.
//!
//! # Which one?
//!
//! Begin with memory. Take files for what is worth a disk and has to survive a restart; Redis for several machines.
//!
//! | | memory | files | Redis |
//! |---|---|---|---|
//! | `backend = …` | `"memory"`, or nothing | `"fs"` | `"redis"` |
//! | needs | nothing | Unix, a local disk, a namespace | a server of version 7.0 or later, a namespace |
//! | responses are shared by | this process | the processes on the directory | all processes on the server |
//! | an invalidation holds (L4) | in this process | for every process on the directory | for every process on that primary |
//! | a restart of the process | loses all | loses nothing | loses nothing |
//! | a reboot, or a restart of the server | loses all | makes all unusable, unless `fs_durable()` | makes all unusable, unless `redis_durable()` |
//! | a failover | | | the same |
//! | while it fails | | handlers run; invalidations are errors | the same, and invalidations are tried again |
//! | damaged or foreign bytes | | a miss and a warning | the same |
//! | a hit | no allocation more than a ready response | four calls of the system | one `MGET`, of four keys and the attribute's groups |
//!
//! # Memory
//!
//! Bounded in bytes of keys, fields, content and overhead: 64 MiB, or `.memory(bytes)`. What is asked for often stays.
//!
//! # Files
//!
//! - **Invalidations** by any process on the directory hold for all of them: the clock and the epochs lie in one file
//!   of 4.2 MiB. The directory is to be on a local disk; over NFS a machine may see another's invalidations late.
//! - **A hit** is four calls of the system, on the thread of the request, as long as the file is in the page cache
//!   (Linux), and five where it has to be opened; otherwise, and on other systems, one hop to one of 16 threads. A disk
//!   that hangs takes no more of them, and no request waits for it longer than 50 ms.
//! - **Descriptors**: three, one for each thread that is at work, and on Linux at most 128 of files that were read lately
//!   (and no more than a sixteenth of what the process may open: 64 of 1024). Each is opened anew after a second, or as
//!   soon as its file is replaced or removed; those that are not asked for are closed within seconds, and all of them
//!   when the process runs out.
//! - **After a reboot** nothing stored before is used, as nobody knows what the disk has missed. `.fs_durable()` keeps
//!   it, and waits for the disk at each response and each invalidation. A process that is killed loses nothing and
//!   leaves nothing wrong; what it had half written goes after an hour.
//! - **Space**: `.fs_capacity(bytes)` of the disk, 1 GiB by default. Beyond, a thread in the background removes what
//!   was used least recently. It reads through the directory at the start and every ten minutes, and nothing waits for
//!   it.
//! - **At rest** names are digests; files are for nobody else's eyes (0600, in 0700). A directory that is a symbolic
//!   link, or that another user owns or may write to, is refused by `build()`. Responses are kept as they were sent:
//!   who can read as this user can read them.
//! - Whatever is full, damaged or removed costs misses. To clear it, remove what is in the directory, while it is in
//!   use too.
//!
//! # Redis
//!
//! The address names a user and password, a database, a socket: `redis://USER:PASSWORD@HOST:PORT/DATABASE`,
//! `unix:///PATH?db=N`. For TLS switch on the feature `redis-tls` and type `rediss://`: the server's certificate is
//! checked against those that the system trusts, or that the file holds which `SSL_CERT_FILE` names. With certificates
//! of clients, give `.redis(…)` a `redis::Client` of your own.
//!
//! - **Invalidations** by any process hold for all of them, as the clock that orders them is in Redis. No process's own
//!   clock matters, neither for that nor for ages. The server has to be the primary; replicas are refused.
//! - **After a restart of the server, and after a failover,** nothing stored before is used: a server that begins from
//!   its last snapshot, and a replica that becomes the primary, may have missed the last invalidations and still have
//!   what they were about. Each process compares the server's `run_id` whenever it connects. `.redis_durable()` leaves
//!   that out, for a server that loses nothing that it has confirmed. Two cases cannot be seen: a user who may not send
//!   `INFO`, and a proxy that keeps the connection while it changes the server behind it. There a response may be
//!   wrong until its `ttl` has passed.
//! - **A hit** is one `MGET` of four keys, and one more for each group of the attribute. Groups that only the response
//!   names (`CacheGroups`) cost a second `MGET`, as they are not known before. Look-ups of one moment travel together:
//!   from eight under way on, up to 64 of them, of about 128 KiB, share one `MGET`, in which each key stands once. None
//!   joins one that is already sent. An invalidation is one script, whatever
//!   the number of responses; nothing is ever listed.
//! - **While Redis is down**, slow or refuses, handlers run. A few requests wait for at most 50 ms; after five failures
//!   in a row, or ten in twenty calls, none asks until a probe in the background is answered. It connects again for
//!   ever, with pauses of 0.1 to 0.8 s, so that responses are cached again within a second of its return. `build()`
//!   does not wait for it either. An invalidation that fails is an error, is tried again until it is done, and is done
//!   before anything is read again. Concurrent requests still share a run, which then may have begun before an
//!   invalidation by another process: the one exception to L4.
//! - **At rest** keys are digests, and every key has a time limit. Responses are kept as they were sent, with the names
//!   of their groups: who can read this Redis can read them.
//! - **When memory is full**: set `maxmemory-policy volatile-lfu` where there is a `maxmemory`. Every key has a time
//!   limit, so it may evict any of them, and nothing that others keep for good. What records invalidations is read with
//!   each response that it is about, and so goes after it; where it does go that costs misses, and never brings a
//!   response back. `…-lru` does as well, unless all of the memory is filled anew within seconds: then the clock may
//!   go, and every response with it. So it may with `…-random`, and with `noeviction` new responses are refused: a
//!   warning says so when a connection is made. `volatile-ttl` drops what lives shortest, however often it is asked
//!   for.
//! - In a cluster all keys of a namespace are in one slot, on one node.
//!
//! # One of your own
//!
//! [`backend::Store`] is bytes by key with a lifetime, four functions; its documentation has a complete one, and so has
//! `examples/dict.rs`. It is given its name when the cache is built, and handlers choose it with `backend = "disk"`:
//!
//! ```
//! use cached_handler::{Cache, Error, backend::Store};
//!
//! async fn set_up(disk: impl Store) -> Result<(), Error> {
//!     Cache::builder().namespace("shop").backend("disk", disk).build().await?.install()
//! }
//! ```
//!
//! Its invalidations are then ordered by a clock of this process, and what another process or an earlier life of this one
//! has left in the store is not used: nobody can say what was invalidated since. A store that is shared, or is to survive
//! a restart, brings its own [`backend::Epochs`].
//! [`backend::conformance`] checks both against their laws. Whatever it does, it never fails a request: it is given 50
//! ms to read and 100 ms to write, all that it gives back is checked, and one that fails as often as a Redis that is
//! down is left alone in the same way.
//!
//! # When not
//!
//! - Redis for one process: memory is faster by far, and needs nothing.
//! - Files on a network file system, or shared by containers that share no directory.
//! - Any of them as the only place where something is: a cache may lose everything at any time.
//!
//! # Errors that a reader meets
//!
//! | you see | because, and what to type |
//! |---|---|
//! | `install()`: a backend is named that this cache does not have; `bypass`, `unknown-backend` | the attribute names a backend that this cache was not built with: a name, a feature, an environment variable is missing |
//! | `build()`: a namespace is missing | `.namespace("shop")`: it keeps two applications apart |
//! | `build()`: the directory is refused | it is another user's, a link, or others may write to it: `chmod 700`, or another one |
//! | `bypass`, `backend`; a warning, at most one in ten seconds for each reason | it fails or is slow; an event says when it is well again |
//! | a warning about damage | stored bytes were not what they should be, and were not used |
//!
//! [`backend::Store`]: crate::backend::Store
//! [`backend::Epochs`]: crate::backend::Epochs
//! [`backend::conformance`]: crate::backend::conformance
