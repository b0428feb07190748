//! `path`.

use cached_handler::invalidates;

#[invalidates(path)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "articles")]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "")]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "/a/{idd}")]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = ["/a", 5])]
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "/a/{")]
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path("/a"))]
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = articles)]
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "/a?page=1")]
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = ["/a", "/a"])]
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
