//! `group`.

use cached_handler::invalidates;

#[invalidates()] //~ #[invalidates()] => this invalidates nothing; type `group = "articles"`, `path = "/articles/{id}"` or `handler = list`, or take an `Invalidation`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group)] //~ group => `group` has no value; type `group = "articles"`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = [])] //~ [] => `group` is an empty list; name something, or remove it
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "")] //~ "" => a group's name is empty; type `group = "articles"`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = articles)] //~ articles => `group` is text or a list of texts; type `group = "articles"`, or with the argument `articles` in it, `group = "article:{articles}"`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "a:{idd}")] //~ "a:{idd}" => no argument is named `idd`; did you mean `id`?
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group("a"))] //~ ("a") => `group` takes its value after `=`; type `group = "a"`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = ["a", "a"])] //~ "a" => the group `a` is named twice; remove one
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(groups = "a")] //~ groups => `groups` is not an argument of `#[invalidates]`; did you mean `group`?
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "file:{*rest}")] //~ "file:{*rest}" => `{*…}` keeps the slashes of a value in a path; in `group` type `{…}`, which keeps everything
async fn h9(axum::extract::Path(rest): axum::extract::Path<String>) { let _ = rest; }

fn main() {}
