//! `backend`.

use cached_handler::cached;

#[cached(ttl = 60, backend)] //~ backend => `backend` has no value; type `backend = "memory"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, backend = memory)] //~ memory => `backend` is text; type `backend = "memory"`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, backend = "")] //~ "" => a backend's name has lower-case letters, digits, `-` and `_`; type `backend = "memory"`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, backend = "Redis")] //~ "Redis" => a backend's name has lower-case letters, digits, `-` and `_`; type `backend = "redis"`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, backend = ["memory"])] //~ ["memory"] => `backend` is text; type `backend = "memory"`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, backend("memory"))] //~ ("memory") => `backend` takes its value after `=`; type `backend = "memory"`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
