//! `backend`.

use cached_handler::cached;

#[cached(ttl = 60, backend)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, backend = memory)]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, backend = "")]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, backend = "Redis")]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, backend = ["memory"])]
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, backend("memory"))]
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
