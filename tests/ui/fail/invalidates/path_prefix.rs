//! `path_prefix`.

use cached_handler::invalidates;

#[invalidates(path_prefix)] //~ path_prefix => `path_prefix` has no value; type `path_prefix = "/articles"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path_prefix = "articles")] //~ "articles" => without scheme and host; type `path_prefix = "/articles"`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path_prefix = "/notes/*")] //~ "/notes/*" => a path is no pattern; for all below it type `path_prefix = "/notes"`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path_prefix = "/a/{idd}")] //~ "/a/{idd}" => no argument is named `idd`; did you mean `id`?
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path_prefix("/a"))] //~ ("/a") => `path_prefix` takes its value after `=`; type `path_prefix = "/a"`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
