//! Operating: what it does, what it tells, and every limit.
//!
//! ```
//! use cached_handler::Cache;
//!
//! async fn status(cache: Cache) -> String {
//!     let stats = cache.stats();
//!     let handlers = cached_handler::handlers();
//!     let handlers: Vec<String> = handlers.iter().map(ToString::to_string).collect();
//!     let hits = format!("{} hits of {} requests", stats.hits, stats.requests());
//!     format!("{hits}, not stored: {:?}\n{}\n", stats.not_stored, handlers.join("\n"))
//! }
//! ```
//!
//! Everything that the cache decides is counted, whoever listens: [`Cache::stats`] gives the numbers of one cache,
//! without any exporter, and [`handlers`] lists the program's handlers, layers and sets of values, with which of these they
//! are ([`HandlerKind`](crate::HandlerKind)) and what was said of them.
//!
//! # Before it goes live
//!
//! - Nothing, for memory. A limit that fits the machine: `Cache::builder().memory(256 << 20)`.
//! - On shared backends a namespace for each application and stage (`"shop/staging"`).
//! - `Cache::drain(limit)` after the server has stopped, see [collapse](super::collapse).
//! - A deploy: the handler's own text, the version of your crate and [`Policy::version`] are in the keys of shared
//!   backends. Old and new processes side by side do not see each other's responses of a handler that changed. What it
//!   calls is not looked at: raise one of the versions where that changes what is stored.
//!
//! | environment | what it does |
//! |---|---|
//! | `CACHED_HANDLER=off` | switches every cache of the process off, to see whether the cache is at fault |
//! | `CACHED_HANDLER_REDIS_URL` | where Redis is, unless `.redis(…)` says it |
//! | `CACHED_HANDLER_FS_DIR` | where the files are, unless `.fs(…)` says it |
//!
//! # Limits and defaults
//!
//! | | default | set by |
//! |---|---|---|
//! | `ttl` | required; 1 ms to 10 years | the attribute |
//! | memory | 64 MiB: keys, fields, content and overhead | `Cache::builder().memory(bytes)` |
//! | content of a response | 1 MiB; longer is passed on | `Policy::max_body` |
//! | fields of a response | 64 KiB, 256 lines | |
//! | key | 8 KiB; a longer one passes the cache by | |
//! | groups of a response | 16, of 256 bytes | |
//! | variants by `Vary` of one key | 32 | |
//! | methods | GET, HEAD | |
//! | backend of what names none | memory | `Cache::builder().default_backend("name")` |
//! | stale windows | off | `stale_while_revalidate`, `stale_if_error` |
//! | a lifetime, where a stale window is | shortened at random by up to 5 %, so that a fleet does not run all at once | `Policy::jitter` |
//! | a pause after a failure that something stale stood in for | 1 s, doubling up to 30 s; 10 000 keys | |
//! | a run's time | as long as it likes | `Policy::timeout` |
//! | statuses, with a `ttl` | 200, 203, 301, 308 | `Policy::status` |
//! | entity tag | strong: of content, type, coding, language | `Policy::etag` |
//! | collapse | on, in a task of its own | `Policy::collapse` |
//! | detached runs at a time | 1 024; beyond, in the request's task | `Cache::builder().max_detached_runs(n)` |
//! | followers of a run | 1 024; each waits for 5 s | |
//! | age of a run | 30 s, then it gives up its key | |
//! | a key whose responses are not storable | remembered for 30 s; at most 10 000 | |
//! | a key whose handler fails | 4 runs at a time | |
//! | the request's own `Cache-Control` | ignored | `Policy::honor_request_directives` |
//! | freshness that is not stated, with `ttl = from_response` | none | `Policy::heuristic` |
//! | requests with cookies that an argument outside the key can see | pass the cache by | `Policy::cookies_by_vary` |
//! | files | 1 GiB of the disk, and 4.2 MiB for the epochs | `Cache::builder().fs_capacity(bytes)` |
//! | … threads that may block | 16, and one that keeps order | |
//! | … that were read lately and stay open (Linux) | 128, and a sixteenth of what the process may open | |
//! | … after a reboot | nothing stored before is used | `Cache::builder().fs_durable()` |
//! | … after a restart of Redis, or a failover | the same | `Cache::builder().redis_durable()` |
//! | Redis, files, or a store of your own | 50 ms to read, 100 ms to write, 1 s to invalidate; 1 024 calls at a time | |
//! | … bytes under one key | `max_body` and 128 KiB; longer ones are a miss | |
//! | … that failed 5 times in a row, or in 10 of the last 20 calls | is left alone; probes after 1 s, then less often, up to every 30 s | |
//! | … tries to connect to Redis again | for ever, after 0.1 to 0.8 s | |
//! | … invalidations that failed | 10 000 kept and tried again; one more, and everything is invalidated | |
//! | invalidations that wait to be made once more | 1 000; one more, and everything is invalidated once more | `Cache::builder().settle(time)` |
//! | `Cache-Status` | off | `Cache::builder().cache_status("name")` |
//! | `Outcome` in the extensions of hits | off | `Cache::builder().outcome_on_hits()` |
//!
//! # Metrics
//!
//! With the feature `metrics` the recorder that the program installed for the [`metrics`](https://docs.rs/metrics)
//! facade, such as a Prometheus exporter, is told the following, for each handler and not for each cache. Install it
//! before the first request: meters are registered once. Labels are handlers (the `Policy::name`, or else
//! `module::name`), backends by their names, and the words of this table; never anything of a request, a response or a
//! group. `cargo run --example observe --features observe` shows them.
//!
//! | metric | labels | counts |
//! |---|---|---|
//! | `cached_handler_requests_total` | `handler`, `outcome`: `hit`, `stale`, `forward`, `collapsed` (forwarded, and answered by another request's run) | requests answered |
//! | `cached_handler_forwards_total` | `handler`, `reason`: `uri-miss`, `vary-miss`, `stale`, `invalidated`, `request`, `method`, or a word of `Bypass` | requests that went forward, and why |
//! | `cached_handler_stale_total` | `handler`, `reason`: a word of `StaleUse` | requests answered with something stale, and why |
//! | `cached_handler_kept_total` | `handler`, `kept`: `stored`, `freshened`, `storing`, `streaming` | new responses; the last two come to be `stored` too, or are not stored in the end |
//! | `cached_handler_not_stored_total` | `handler`, `reason`: a word of `NotStored` | new responses that were not stored, and why |
//! | `cached_handler_run_seconds` | `handler` | a histogram: how long its runs took, those behind stale answers too |
//! | `cached_handler_hit_seconds` | `handler` | a histogram: how long look-up and answer took, of one hit in memory in 64 |
//! | `cached_handler_running` | `handler` | a gauge: runs under way |
//! | `cached_handler_abandoned_total` | `handler` | runs that were dropped with their request |
//! | `cached_handler_damaged_total` | `handler`, `damage` | stored bytes that were found damaged or another's, and not used |
//! | `cached_handler_invalidations_total` | `scope`: `all`, `handler`, `group`, `path`; `effect`: `invalidate`, `expire`; `result`: `ok`, `error` | invalidations, in each cache of the process |
//! | `cached_handler_backend_operations_total` | `backend`, `operation`: `read`, `store`, `invalidate`; `result`: `ok`, `error`, `spared` (not made, as it is left alone or busy) | calls of a backend that is waited for |
//! | `cached_handler_backend_seconds` | `backend`, `operation` | a histogram: how long they took |
//! | `cached_handler_breakers_open` | `backend` | a gauge: caches of the process that leave it alone for now |
//! | `cached_handler_memory_bytes`, `cached_handler_memory_responses` | | gauges: what is held in memory |
//! | `cached_handler_evictions_total` | | stored responses dropped from memory for space |
//!
//! # Events
//!
//! Events of [`tracing`](https://docs.rs/tracing) have the target `cached_handler`:
//!
//! | level | event | fields | how often |
//! |---|---|---|---|
//! | error | a handler's, a layer's or a set's backend is not in this cache | | once |
//! | error | Redis is not what it has to be, or not there | `server`, `reason` | once for each reason, until it is |
//! | error | an invalidation failed | `error`, `left_out` | at most one in 10 s |
//! | error | a handler answers 500, with an `Error` of the cache | `error`, `source` | every one |
//! | warn | not stored, where there is something to type that would change it | `handler`, `file`, `line`, `reason`, `left_out` | at most one in 10 s for each handler and reason |
//! | warn | not cached: the backend is unknown, or an argument's type goes by another's name | the same | the same |
//! | warn | a stale response stands in for a failure | `handler`, `reason`, `left_out` | at most one in 10 s for each handler |
//! | warn | stored bytes are not used | `handler`, `damage`, `left_out` | at most one in 10 s for each handler and damage |
//! | warn | a value cannot be written as JSON; what is stored is not of its type | `error`; `set`, `line`, `column` | every one |
//! | debug | forward, stale | `handler`, why, what became of it | every one |
//! | debug | invalidated | `scope`, `effect`, `ok` | every one |
//! | warn | a backend fails; a backend is left alone | `backend`, `errand`, `reason`, `error` | when it begins, and at most one in 10 s for each reason; what began within these and lasts is said after them |
//! | info | a backend is well again; is used again | `backend`, `errand` | once for each such line |
//! | info | connected to Redis; the epochs of a directory begin anew | `server` | every one |
//! | debug | a backend failed to read, store, remove | `handler`, `error` | every one |
//! | trace | hit | `handler`, `age` | every one |
//!
//! `left_out` says how many of its kind were not written since the last. A failing backend's own words are in `error`.
//!
//! # When not
//!
//! - `outcome_on_hits()` where nobody reads it: it is a sixth of what a hit costs.
//! - `cache_status` towards the public: it says what others have asked for.
//! - Labels by key, path or group: there are none, as clients could make more of them without end.
//!
//! # Errors that an operator meets
//!
//! | you see | because, and what to type |
//! |---|---|
//! | hits stay low | `not_stored` and `forwards` by reason, then [errors](super::errors) |
//! | `cached_handler_breakers_open` is not 0 | that backend fails, and is left alone; handlers run. The warning said why |
//! | `…_backend_operations_total{result="spared"}` grows | more than 1 024 calls at a time, or the breaker |
//! | `…_evictions_total` grows | memory is too small for what is asked for |
//! | `…_damaged_total` is not 0 | another program writes to the same place, or the disk is failing |
//! | `…_invalidations_total{result="error"}` | an invalidation did not reach its backend; it is tried again |
//!
//! [`Cache::stats`]: crate::Cache::stats
//! [`handlers`]: crate::handlers
//! [`Policy::version`]: crate::Policy::version
