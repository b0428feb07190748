//! `ttl`.

use cached_handler::cached;

#[cached()]
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(group = "a")]
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl)]
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl =)]
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl(60))]
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 0)]
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = "0s")]
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = "5 minutes")]
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = "m")]
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 6.5)]
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = -1)]
async fn h10(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60s)]
async fn h11(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = "3651d")]
async fn h12(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 99999999999999999999)]
async fn h13(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = true)]
async fn h14(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = Duration::from_secs(5))]
async fn h15(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, ttl = 61)]
async fn h16(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(tll = 60)]
async fn h17(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
