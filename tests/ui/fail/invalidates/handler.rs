//! `handler`.

use cached_handler::invalidates;

#[invalidates(handler)] //~ handler => `handler` has no value; type `handler = list`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler = "list")] //~ "list" => `handler` is the path of a cached handler; type `handler = list`, or a list, `handler = [list, show]`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler = [list, 5])] //~ 5 => `handler` is the path of a cached handler; type `handler = list`, or a list, `handler = [list, show]`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler = list())] //~ list() => `handler` is the path of a cached handler; type `handler = list`, or a list, `handler = [list, show]`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler = [])] //~ [] => `handler` is an empty list; name something, or remove it
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler(list))] //~ (list) => `handler` takes its value after `=`; type `handler = list`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handler = |x| x)] //~ |x| x => `handler` is the path of a cached handler; type `handler = list`, or a list, `handler = [list, show]`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
