//! `stale_while_revalidate`.

use cached_handler::cached;

#[cached(ttl = 60, stale_while_revalidate)] //~ stale_while_revalidate => `stale_while_revalidate` has no value; type `stale_while_revalidate = "1m"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_while_revalidate = 0)] //~ 0 => `stale_while_revalidate` is at least one millisecond; remove it to serve nothing stale
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_while_revalidate = "5 minutes")] //~ "5 minutes" => `stale_while_revalidate` is a duration; type `stale_while_revalidate = "5m"`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_while_revalidate = true)] //~ true => `stale_while_revalidate` is a duration; type seconds (`60`), text (`"250ms"`, `"5m"`, `"1h"`, `"1d"`), the path of a `Duration` constant
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_while_revalidate = "3651d")] //~ "3651d" => `stale_while_revalidate` is at most ten years; type `"3650d"` or less
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_while_revalidate = 1, stale_while_revalidate = 2)] //~ stale_while_revalidate => `stale_while_revalidate` is given twice; remove one
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_while_revalidat = 1)] //~ stale_while_revalidat => `stale_while_revalidat` is not an argument of `#[cached]`; did you mean `stale_while_revalidate`?
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
