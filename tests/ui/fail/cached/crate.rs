//! `crate`.

use cached_handler::cached;

#[cached(ttl = 60, crate)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, crate = "renamed")]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, crate = 5)]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, crate(renamed))]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
