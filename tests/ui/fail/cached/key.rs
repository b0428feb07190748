//! `key`.

use cached_handler::cached;

#[cached(ttl = 60, key)] //~ key => `key` has no value; type `key(user.tenant)`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, key())] //~ key => `key` has no value; type `key(user.tenant)`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, key = id)] //~ id => `key` takes its values in parentheses; type `key(id)`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, key(idd))] //~ idd => no argument is named `idd`; did you mean `id`?
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, key(5))] //~ 5 => this mentions no argument, so it is the same for every request; the arguments are `id`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, key(id +))] //~ id + => a part of `key(…)` is an expression over arguments; type `key(user.tenant)`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, key(let x = id))] //~ let x = id => a part of `key(…)` is an expression over arguments; type `key(user.tenant)`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
