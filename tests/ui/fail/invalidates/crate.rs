//! `crate`.

use cached_handler::invalidates;

#[invalidates(group = "a", crate)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "a", crate = "renamed")]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "a", crate(renamed))]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(crate = renamed)]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
