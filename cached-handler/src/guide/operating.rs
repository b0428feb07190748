//! Operating: metrics, events, and every limit.
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
//! Every decision of the cache is counted. [`Cache::stats`] gives the numbers of one cache, without an exporter, and
//! [`handlers`] lists the cached handlers, layers and sets of values of the program, with their kind
//! ([`HandlerKind`](crate::HandlerKind)) and settings.
//!
//! # Before you deploy
//!
//! - In memory nothing is required. Choose a limit that fits the machine: `Cache::builder().memory(256 << 20)`.
//! - On shared backends, use one namespace per application and stage (`"shop/staging"`), and per tenant where each has a
//!   cache of its own.
//! - [`Cache::drain`](crate::Cache::drain)`(limit)` after the server has stopped: it waits for runs, and for invalidations
//!   that shared backends have not confirmed yet. See [collapse](super::collapse).
//! - [Deploys](#deploys): processes share what is stored if they run one build; another build may begin with an empty
//!   store.
//!
//! ## Deploys
//!
//! On shared backends a response is found again by a handler that is the same one, as far as anybody can see:
//!
//! | what changes | entries of before |
//! |---|---|
//! | any argument of the attribute, the signature or the body of the handler | are not used any more |
//! | the type of an argument, of a generic parameter or of the router's state | are not used any more |
//! | the version of your crate, [`Policy::version`], the name of the handler or of its module | are not used any more |
//! | the compiler, its profile (debug or release) or target, the versions of your dependencies | are not used any more |
//! | white space, comments, other functions of the file, the line that the handler stands on | are used |
//! | a function that the handler calls, a template, a constant that it names, the value of a setting | **are used**: raise [`Policy::version`] |
//!
//! So old and new processes of a rolling deploy do not use each other's responses if the handler has changed, while an invalidation by
//! any of them applies to all, as it names handlers, groups and paths. For the fourth row: the compiler's identity of types is part of the
//! key, as two types may have one name. It is the same in builds with the same dependencies and the same compiler. An empty store costs
//! one run for each key.
//!
//! | environment | effect |
//! |---|---|
//! | `CACHED_HANDLER=off` | switches every cache of the process off, to rule the cache out |
//! | `CACHED_HANDLER_REDIS_URL` | the URL of Redis, unless `.redis(…)` gives one |
//! | `CACHED_HANDLER_FS_DIR` | the directory of the files, unless `.fs(…)` gives one |
//!
//! # Limits and defaults
//!
//! | | default | set by |
//! |---|---|---|
//! | `ttl` | required; 1 ms to 10 years | the attribute |
//! | memory | 64 MiB: keys, fields, content and overhead, which hold about 33,000 responses of 1 KiB, or 62,000 of 100 bytes; a value among a response's extensions counts as 256 bytes | `Cache::builder().memory(bytes)` |
//! | … kinds of responses whose field names are kept once for all of them | 128, of up to 32 lines; a response of another kind takes about 1.5 KiB more | |
//! | content read ahead of clients who read slowly | half of `memory`, in all; beyond it content is passed on and not stored | `Cache::builder().read_ahead(bytes)` |
//! | content of a response | 1 MiB; longer content is passed on | `Policy::max_body` |
//! | content that is hashed, copied or summed up before others have a turn | 256 KiB | |
//! | fields of a response | 64 KiB, 256 lines | |
//! | key | 8 KiB; with a longer one the request bypasses the cache | |
//! | groups of a response | 16, of 256 bytes | |
//! | paths that share a response (`path = […]`) | 8 | |
//! | prefixes of a path that `Target::path_prefix` can name | none; up to 8 segments | `Cache::builder().path_prefixes()` |
//! | variants by `Vary` of one key | 64, by at most 64 fields; further ones are not stored | |
//! | a typed value in memory | what can be read back from its JSON, 1 MiB of it | `Values::weigh`, `Values::max_json` |
//! | methods | GET, HEAD | |
//! | copies in memory in front of files or Redis (`memory+fs`, `memory+redis`) | none; they count in `memory`, live as long as their response, and are found valid for each request: by the backend's clock, its epochs, or a lease on them | `backend`, `Cache::builder().default_backend("memory+redis")` |
//! | backend, if none is named | memory | `Cache::builder().default_backend("name")` |
//! | stale windows | off | `stale_while_revalidate`, `stale_if_error` |
//! | lifetime, if there is a stale window | shortened at random by up to 5 %, so that a fleet does not refresh all at once | `Policy::jitter` |
//! | pause after a failure that was answered by a stale response | 1 s, doubling up to 30 s; 10 000 keys | |
//! | duration of a run | unlimited | `Policy::timeout` |
//! | statuses, with a `ttl` | 200, 203, 301, 308 | `status(302, 404 = 5)`, `Policy::status` |
//! | settings of handlers and layers that do not say otherwise | as in this table; they are in no key, so that what is stored is used as it is when one changes | `Cache::builder().policy(DEFAULTS)` |
//! | `Cache-Control` of responses that have none | `no-cache`; with `private` where the answer is one person's | `cache_control`, `Policy::cache_control`, `Policy::without_cache_control` |
//! | an `Err` of a handler | is stored as its status says | `only_ok`, `Policy::only_ok` |
//! | entity tag | from content, type, coding, language; weak for clients that accept a coding | `Policy::etag` |
//! | collapse | on, in a task of its own | `Policy::collapse` |
//! | detached runs at a time | 1 024; beyond that, runs stay in the request's task | `Cache::builder().max_detached_runs(n)` |
//! | followers of a run | all; each waits for 5 s | the wait: `Policy::max_wait`, up to 30 s |
//! | age of a run | 30 s, then it gives up its key | |
//! | keys whose responses are not storable | remembered for 30 s; at most 10 000 | |
//! | handlers whose responses are not storable | remembered for 10 minutes, after four that speak of the handler; at most 4 096 | |
//! | a key whose handler fails | 4 runs at a time | |
//! | `Cache-Control` of requests | ignored | `Policy::honor_request_directives` |
//! | freshness, if none is stated, with `ttl = from_response` | none | `Policy::heuristic` |
//! | requests with cookies that an argument outside the key can see | bypass the cache | `Policy::cookies_by_vary` |
//! | files | 1 GiB of the disk (at least 64 KiB), and 2.1 MiB for the epochs, up to 15.1 MiB where many groups or keys of typed values are invalidated | `Cache::builder().fs_capacity(bytes)` |
//! | … threads that may block | 16, and one that cleans up | |
//! | … recently read and kept open (Linux) | 128, or a sixteenth of the process's limit if that is less | |
//! | … after a reboot | nothing stored before is used | `Cache::builder().fs_durable()` |
//! | … after a restart of Redis, or a failover | the same | `Cache::builder().redis_durable()` |
//! | … a lease, by which copies in memory are used without asking Redis; an invalidation waits for it at most | 500 ms, between 100 ms and 10 s; renewed three times in its length | `Cache::builder().redis_lease(length)`, the same in every process |
//! | Redis, files, or a store of your own | 50 ms to read, 100 ms to write, 1 s to invalidate; 1 024 calls at a time | `Cache::builder().limits("name", BackendLimits::new()…)` |
//! | … Redis that is further away than 12 ms | four times its round trip to read, and 50 ms more to write, at most 1 s; the round trip is the shortest that was seen on the connection | the same |
//! | … a process that is too busy to listen | that time does not count; ten late fifths of a limit, and the call is given up, which is no failure of the backend | |
//! | … whether Redis is still the primary | asked in the same round trip as a look-up, once in 100 ms while there are any, and after each error | |
//! | … bytes per key | `max_body` and 128 KiB; longer ones are a miss | |
//! | … that failed 5 times in a row, or in 10 of the last 20 calls | its circuit breaker opens; probes after 1 s, then less often, up to every 30 s | the same |
//! | … epochs in Redis | one key for each handler, each group and each key of typed values, and 65,536 for all paths: for 2 minutes after each request or invalidation that names it, and where a response is stored, as long as that and 2 minutes more; so no more than the names of 2 minutes and of what is stored | `maxmemory` of the server: one that is evicted costs misses |
//! | … reconnecting to Redis | for ever, after 0.1 to 0.8 s | |
//! | … invalidations while its circuit breaker is open | one at a time; after one that fails, none until the next probe | |
//! | … invalidations that failed | 10 000 in the retry queue; retried after 0.1 s, then less often, up to every 30 s; one more, or eight failed attempts while probes succeed, and everything is invalidated | |
//! | invalidations that wait to be repeated | 1 000; one more, and everything is invalidated again instead | `Cache::builder().reinvalidate_after(time)` |
//! | what an unsafe method invalidates by itself (RFC 9111 §4.4) | its own path, and what `Location` and `Content-Location` name | `own_path = "keep"`, `Policy::keep_own_path` |
//! | `Cache-Status` | off | `Cache::builder().cache_status("name")` |
//! | `Outcome` in the extensions of hits | off | `Cache::builder().outcome_on_hits()` |
//!
//! # Metrics
//!
//! With the feature `metrics`, the following goes to the recorder that the program installed for the
//! [`metrics`](https://docs.rs/metrics) facade, such as a Prometheus exporter: per handler, not per cache. Install the
//! recorder before the first request, because meters are registered once. Labels are handlers (the `Policy::name`, or
//! else `module::name`), names of backends, and the words in this table; never data from a request, a response or a
//! group. `cargo run --example observe --features observe` shows them.
//!
//! | metric | labels | counts |
//! |---|---|---|
//! | `cached_handler_requests_total` | `handler`, `outcome`: `hit`, `stale`, `forward`, `collapsed` (forwarded, and answered by another request's run) | requests answered |
//! | `cached_handler_tier_hits_total` | `handler`, `tier`: `near` (the copy in memory), `far` (the backend behind it) | hits of handlers whose backend has copies in memory (`memory+…`); `hit` above counts both |
//! | `cached_handler_forwards_total` | `handler`, `reason`: `uri-miss`, `vary-miss`, `stale`, `invalidated`, `request`, `method`, or a word of `Bypass` | requests that were forwarded to the handler, and why |
//! | `cached_handler_stale_total` | `handler`, `reason`: a word of `StaleUse` | requests answered with a stale response, and why |
//! | `cached_handler_kept_total` | `handler`, `kept`: `stored`, `freshened`, `storing`, `streaming` | new responses; the last two are counted again as `stored`, or as not stored, when they are complete |
//! | `cached_handler_not_stored_total` | `handler`, `reason`: a word of `NotStored` | new responses that were not stored, and why |
//! | `cached_handler_run_seconds` | `handler` | a histogram: duration of runs, background refreshes included |
//! | `cached_handler_hit_seconds` | `handler` | a histogram: duration of look-up and answer, sampled from one in 64 hits in memory |
//! | `cached_handler_running` | `handler` | a gauge: runs in flight |
//! | `cached_handler_abandoned_total` | `handler` | runs that were dropped with their request |
//! | `cached_handler_damaged_total` | `handler`, `damage` | stored bytes that were damaged or foreign, and not used |
//! | `cached_handler_unused_total` | `handler`, `reason`: a word of `Bypass` or `NotStored` | handlers that the cache is of no use for: a hundred answers in a row neither came from it nor were stored; each once for each main reason |
//! | `cached_handler_invalidations_total` | `scope`: `all`, `handler`, `group`, `path`; `effect`: `invalidate`, `expire`; `result`: `ok`, `error` | invalidations, in each cache of the process |
//! | `cached_handler_backend_operations_total` | `backend`, `operation`: `read`, `store`, `invalidate`; `result`: `ok`, `error`, `spared` (skipped: the circuit breaker is open, or too many are in flight; or this process was too busy to hear the answer) | calls of backends other than memory |
//! | `cached_handler_backend_seconds` | `backend`, `operation` | a histogram: how long they took |
//! | `cached_handler_lease_held` | – | a gauge: whether this process holds a [lease](crate::CacheBuilder::redis_lease) in Redis, 1 or 0 |
//! | `cached_handler_lease_generation` | – | a gauge: rises where an invalidation in Redis may have been missed, so that near copies are validated |
//! | `cached_handler_breakers_open` | `backend` | a gauge: caches of the process whose circuit breaker for it is open |
//! | `cached_handler_memory_bytes`, `cached_handler_memory_responses` | | gauges: what is stored in memory |
//! | `cached_handler_evictions_total` | | stored responses dropped from memory for space |
//!
//! # Events
//!
//! Events of [`tracing`](https://docs.rs/tracing) have the target `cached_handler`:
//!
//! | level | event | fields | how often |
//! |---|---|---|---|
//! | error | a handler's, a layer's or a set's backend is not in this cache | | once |
//! | error | Redis is not what it has to be, or not there | `server`, `reason` | once for each reason, until it is; at most one in 10 s for each, and then in twice as long, up to an hour |
//! | warn | Redis does not allow `INFO`; was started again | `server` | the same |
//! | error | a runtime has no timers | | once |
//! | error | an invalidation failed | `error`, `left_out` | at most one in 10 s |
//! | error | a backend answers, but nothing can be invalidated in it | `backend`, `error` | once, until everything is invalidated |
//! | warn | everything is invalidated, because one invalidation fails again and again | `backend`, `error` | always |
//! | warn | a handler may store (`max_body`) what its backend has no room or no time for | `handler`, `file`, `line`, `reason` | when the cache is built |
//! | warn | a handler invalidates a group that no cached handler can name | `handler`, `group` | once for each in a program, when its first cache is built |
//! | error | a handler takes `Invalidation`, and has no `#[invalidates]` | | always |
//! | warn | `drain` reached its limit, and something is left | `runs`, `invalidations` | always |
//! | error | a handler answers 500, with an `Error` of the cache | `error`, `source` | always |
//! | warn | not stored, for most reasons that the code can change | `handler`, `file`, `line`, `reason`, `left_out` | at most one in 10 s for each handler and reason |
//! | warn | the cache is of no use for a handler: 100 answers in a row neither came from it nor were stored; and what to type | `handler`, `file`, `line`, `reason`, `share` (of the 100) | once for each handler |
//! | warn | not cached: the backend is unknown, or an argument's type is written under an alias | the same | the same |
//! | warn | a stale response stands in for a failure | `handler`, `reason`, `left_out` | at most one in 10 s for each handler |
//! | warn | stored bytes are not used | `handler`, `damage`, `left_out` | at most one in 10 s for each handler and damage |
//! | warn | a value cannot be written as JSON | `error` | always |
//! | warn | everything is invalidated in place of a handler: another of its module has the same name | `handler` | once for each handler |
//! | debug | forward, stale | `handler`, the reason, and whether it was stored | always |
//! | debug | invalidated | `scope`, `effect`, `ok` | always |
//! | warn | a backend fails to read (handlers answer), to store (what is stored goes on answering) or to invalidate (it is retried); circuit breaker open | `backend`, `operation`, `reason`, `error` | at the first failure, then at most one in 10 s for each reason; a failure that starts within those 10 s and persists is logged after them |
//! | info | a backend has recovered; circuit breaker closed | `backend`, `operation` | once for each such warning |
//! | info | connected to Redis | `server` | at first, and after an error that it ends |
//! | info | the epochs of a directory start again | | always |
//! | debug | a backend failed to read, store, remove | `handler`, `error` | always |
//! | trace | hit | `handler`, `age`, `tier` | always |
//!
//! `left_out` counts events of the same kind that were suppressed since the last one. `error` holds the message of the
//! backend.
//!
//! # When not
//!
//! - `outcome_on_hits()` if nobody reads it: it is a sixth of the cost of a hit.
//! - `cache_status` on public servers: it reveals what others have requested.
//! - Metrics by key, path or group: there are none, because clients could create any number of them.
//!
//! # Errors that you may see
//!
//! | you see | cause, and what to do |
//! |---|---|
//! | few hits | look at `not_stored` and `forwards` by reason, then at [errors](super::errors) |
//! | `cached_handler_unused_total`, `Stats::unused` | the handler named there has the attribute in vain; a warning says why, and what to type |
//! | `cached_handler_breakers_open` is not 0 | the circuit breaker of that backend is open: it is not asked, and handlers run. A warning has the reason |
//! | `…_backend_operations_total{result="spared"}` grows | more calls at a time than [`BackendLimits::max_calls`](crate::backend::BackendLimits::max_calls), a process that is too busy, or the circuit breaker |
//! | `…_evictions_total` grows | the memory limit is too small for the responses in use |
//! | `…_damaged_total` is not 0 | with the damage `other-type`: a set's type has changed without its version, or JSON cannot hold a value (`NaN`); otherwise another program writes to the same place, or the disk is failing |
//! | `…_invalidations_total{result="error"}` | an invalidation did not reach its backend; it is retried |
//! | a backend fails, `no-runtime` | a call from outside of tokio: run it in a runtime |
//! | a backend fails, `contended` | another process holds the folder of a response, and is stopped or waits for the disk; this response is not stored, and nothing else is kept from the backend |
//! | a backend fails, `capacity` | the directory is full: raise `fs_capacity`, or store less |
//! | a backend fails, `too-long` | a response takes longer over the network than a look-up waits: lower `Policy::max_body`, or raise the limits of that backend |
//! | a backend fails, `starved` | the process computes on the threads of the runtime for so long that it cannot hear answers: use `tokio::task::spawn_blocking` for what computes |
//! | `build` says that the runtime has no timers | `enable_time()`, or `enable_all()`, on its builder |
//!
//! [`Cache::stats`]: crate::Cache::stats
//! [`handlers`]: crate::handlers
//! [`Policy::version`]: crate::Policy::version
