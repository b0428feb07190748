//! `unknown`.

use cached_handler::cached;

#[cached(ttl = 60, stale_while_revalidate = 30)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, stale_if_error = 30)]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, zzzzzzz = 1)]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, "a")]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, 5)]
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, ttl 5)]
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group: "a")]
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(60)]
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60; group = "a")]
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cachecontrol = "public")]
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl == 60)]
async fn h10(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
