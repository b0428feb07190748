//! `uncached`.

use cached_handler::cached;

#[cached(ttl = 60, uncached)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, uncached = "plain")]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, uncached = 5)]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, uncached(plain))]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
