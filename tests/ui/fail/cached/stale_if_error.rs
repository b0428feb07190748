//! `stale_if_error`.

use cached_handler::cached;

#[cached(ttl = 60, stale_if_error)] //~ stale_if_error => `stale_if_error` has no value; type `stale_if_error = "1d"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_if_error = 0)] //~ 0 => `stale_if_error` is at least one millisecond; remove it to serve nothing stale
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_if_error = "5 minutes")] //~ "5 minutes" => `stale_if_error` is a duration; type `stale_if_error = "5m"`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_if_error = true)] //~ true => `stale_if_error` is a duration; type seconds (`60`), text (`"250ms"`, `"5m"`, `"1h"`, `"1d"`), the path of a `Duration` constant
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_if_error = "3651d")] //~ "3651d" => `stale_if_error` is at most ten years; type `"3650d"` or less
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_if_error = 1, stale_if_error = 2)] //~ stale_if_error => `stale_if_error` is given twice; remove one
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_if_erro = 1)] //~ stale_if_erro => `stale_if_erro` is not an argument of `#[cached]`; did you mean `stale_if_error`?
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
