//! `collapse`.

use cached_handler::cached;

#[cached(ttl = 60, collapse)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = inline)]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = "Inline")]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = "off")]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse("inline"))]
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
