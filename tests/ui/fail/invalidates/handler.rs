//! `handler`.

use cached_handler::invalidates;

#[invalidates(handler)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler = "list")]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler = [list, 5])]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler = list())]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler = [])]
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler(list))]
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler = |x| x)]
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
