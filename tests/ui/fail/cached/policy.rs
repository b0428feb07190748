//! `policy`.

use cached_handler::cached;

#[cached(ttl = 60, policy)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, policy = Policy::new())]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, policy = "SEARCH")]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, policy(SEARCH))]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, name = "search")]
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, max_body = 5)]
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
