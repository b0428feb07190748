//! `unknown`.

use cached_handler::invalidates;

#[invalidates(ttl = 60)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "a", vary = "accept")]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates("a")]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handlers = list)]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
