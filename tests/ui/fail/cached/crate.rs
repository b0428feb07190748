//! `crate`.

use cached_handler::cached;

#[cached(ttl = 60, crate)] //~ crate => `crate` has no value; type `crate = my_reexport::cached_handler`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, crate = "renamed")] //~ "renamed" => `crate` is a path; type `crate = renamed`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, crate = 5)] //~ 5 => `crate` is a path; type the path of this crate, `crate = my_reexport::cached_handler`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, crate(renamed))] //~ (renamed) => `crate` takes its value after `=`; type `crate = renamed`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
