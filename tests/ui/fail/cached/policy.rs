//! `policy`.

use cached_handler::cached;

#[cached(ttl = 60, policy)] //~ policy => `policy` has no value; type `policy = SEARCH`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, policy = Policy::new())] //~ Policy::new() => `policy` is the path of a constant; type `policy = SEARCH`, and `const SEARCH: Policy = Policy::new();` outside
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, policy = "SEARCH")] //~ "SEARCH" => `policy` is a path; type `policy = SEARCH`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, policy(SEARCH))] //~ (SEARCH) => `policy` takes its value after `=`; type `policy = SEARCH`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, name = "search")] //~ name => `name` belongs in a policy; type `policy = POLICY` with `const POLICY: Policy = Policy::new().name(…);`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, max_body = 5)] //~ max_body => `max_body` belongs in a policy; type `policy = POLICY` with `const POLICY: Policy = Policy::new().max_body(…);`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, timeout = 5)] //~ timeout => `timeout` belongs in a policy; type `policy = POLICY` with `const POLICY: Policy = Policy::new().timeout(…);`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
