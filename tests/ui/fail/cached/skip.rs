//! `skip`.

use cached_handler::cached;

#[cached(ttl = 60, skip)] //~ skip => `skip` has no value; type `skip(pool)`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip())] //~ skip => `skip` has no value; type `skip(pool)`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip = id)] //~ id => `skip` takes its values in parentheses; type `skip(id)`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip(idd))] //~ idd => no argument is named `idd`; did you mean `id`?
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip(id, id))] //~ id => `id` is skipped twice; remove one
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip("id"))] //~ "id" => `skip(…)` takes names of arguments; type `skip(id)`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip(id.0))] //~ id.0 => `skip(…)` takes names of arguments; type `skip(id)`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip(id), key(id))] //~ id => `id` is in `key(…)`, which replaces the whole argument in the key; remove it here
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip(_))] //~ _ => `_` is not a name; name the argument, `_user: User`, and type `skip(_user)`
async fn h8(_: axum::extract::Path<u64>) {}

fn main() {}
