//! `cache_control`.

use cached_handler::cached;

#[cached(ttl = 60, cache_control)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = public)]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "")]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "max age=5")]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "public,, max-age=5")]
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "max-age=")]
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control("public"))]
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
