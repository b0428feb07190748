//! `crate`.

use cached_handler::invalidates;

#[invalidates(group = "a", crate)] //~ crate => `crate` has no value; type `crate = my_reexport::cached_handler`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "a", crate = "renamed")] //~ "renamed" => `crate` is a path; type `crate = renamed`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "a", crate(renamed))] //~ (renamed) => `crate` takes its value after `=`; type `crate = renamed`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(crate = renamed)] //~ #[invalidates(crate = renamed)] => this invalidates nothing; type `group = "articles"`, `path = "/articles/{id}"` or `handler = list`, or take an `Invalidation`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
