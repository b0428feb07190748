//! `path`.

use cached_handler::invalidates;

#[invalidates(path)] //~ path => `path` has no value; type `path = "/articles/{id}"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "articles")] //~ "articles" => a path begins with `/`: it is the whole path that clients send, without scheme and host; type `path = "/articles/{id}"`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "")] //~ "" => a path begins with `/`: it is the whole path that clients send, without scheme and host; type `path = "/articles/{id}"`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "/a/{idd}")] //~ "/a/{idd}" => no argument is named `idd`; did you mean `id`?
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = ["/a", 5])] //~ 5 => `path` is text or a list of texts; type `path = "/articles/{id}"` or `path = ["/articles/{id}", …]`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "/a/{")] //~ "/a/{" => a `{` without a `}`; type `{{` for the character itself
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path("/a"))] //~ ("/a") => `path` takes its value after `=`; type `path = "/a"`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = articles)] //~ articles => `path` is text or a list of texts; type `path = "/articles/{id}"` or `path = ["/articles/{id}", …]`
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "/a?page=1")] //~ "/a?page=1" => a path has no `?` and no `#`: responses to it are invalidated whatever their query; remove the rest
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = ["/a", "/a"])] //~ "/a" => the path `/a` is named twice; remove one
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "/a/{*rst}")] //~ "/a/{*rst}" => no argument is named `rst`; did you mean `rest`?
async fn h10(axum::extract::Path(rest): axum::extract::Path<String>) { let _ = rest; }

#[invalidates(path = "/a/{*}")] //~ "/a/{*}" => `{*}` is not an expression; name an argument, as in `{id}` or `{id.0}`
async fn h11(axum::extract::Path(rest): axum::extract::Path<String>) { let _ = rest; }

#[invalidates(path = "/articles/:id")] //~ "/articles/:id" => a parameter is written in braces, and `:id` is plain text; type `path = "/articles/{id}"`
async fn h12(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "/articles/*rest")] //~ "/articles/*rest" => a parameter is written in braces, and `*rest` is plain text; type `path = "/articles/{*rest}"`
async fn h13(axum::extract::Path(rest): axum::extract::Path<String>) { let _ = rest; }

#[invalidates(path = "/notes/*")] //~ "/notes/*" => a path is no pattern; for all below it type `path_prefix = "/notes"`
async fn h14(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "https://host/a")] //~ "https://host/a" => it is the whole path that clients send, without scheme and host
async fn h15(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(path = "/a ")] //~ "/a " => a path does not end with white space; type `path = "/a"`
async fn h16(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
