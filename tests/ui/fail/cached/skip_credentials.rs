//! `skip_credentials`.

use cached_handler::cached;

#[cached(ttl = 60, skip_credentials)] //~ skip_credentials => `skip_credentials` has no value; type `skip_credentials(session)`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip_credentials = id)] //~ id => `skip_credentials` takes its values in parentheses; type `skip_credentials(id)`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip_credentials(idd))] //~ idd => no argument is named `idd`; did you mean `id`?
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip(id), skip_credentials(id))] //~ id => `id` is skipped twice; remove one
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip_credentials("id"))] //~ "id" => `skip_credentials(…)` takes names of arguments; type `skip_credentials(id)`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip_credentials(id), key(id))] //~ id => `id` is in `key(…)`, which replaces the whole argument in the key; remove it here
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
