//! `unknown`.

use cached_handler::cached;

#[cached(ttl = 60, zzzzzzz = 1)] //~ zzzzzzz => `zzzzzzz` is no argument of `#[cached]`; there are `ttl`, `backend`, `group`, `key`, `vary`, `skip`, `cache_control`, `stale_while_revalidate`, `stale_if_error`, `policy`, `collapse`, `uncached`, `crate`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, "a")] //~ "a" => an argument begins with its name; type `ttl = 60`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, 5)] //~ 5 => an argument begins with its name; type `ttl = 60`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, ttl 5)] //~ 5 => `ttl` is followed by something else than a value; type `ttl = …` or `ttl(…)`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group: "a")] //~ : "a" => `group` is followed by something else than a value; type `group = …` or `group(…)`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(60)] //~ 60 => an argument begins with its name; type `ttl = 60`
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60; group = "a")] //~ 60; group = "a" => `ttl` is a duration; type seconds (`60`), text (`"250ms"`, `"5m"`, `"1h"`, `"1d"`), the path of a `Duration` constant, or `from_response`
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cachecontrol = "public")] //~ cachecontrol => `cachecontrol` is no argument of `#[cached]`; did you mean `cache_control`?
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl == 60)] //~ = 60 => `ttl` is a duration; type seconds (`60`), text (`"250ms"`, `"5m"`, `"1h"`, `"1d"`), the path of a `Duration` constant, or `from_response`
async fn h10(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
