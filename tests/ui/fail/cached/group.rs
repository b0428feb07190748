//! `group`.

use cached_handler::cached;

#[cached(ttl = 60, group)]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = [])]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "")]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = articles)]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = ["a", 5, b])]
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = ["a", "a"])]
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:{idd}")]
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:{}")]
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:{id")]
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:id}")]
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:{id name}")]
async fn h10(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:{5}")]
async fn h11(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group("a"))]
async fn h12(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, groups = ["a"])]
async fn h13(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
async fn h14(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"])]
async fn h15(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a", group = "b")]
async fn h16(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
