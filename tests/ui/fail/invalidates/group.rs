//! `group`.

use cached_handler::invalidates;

#[invalidates()]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group)]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = [])]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "")]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = articles)]
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "a:{idd}")]
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group("a"))]
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = ["a", "a"])]
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(groups = "a")]
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
