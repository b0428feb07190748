//! `group`.

use cached_handler::cached;

#[cached(ttl = 60, group)] //~ group => `group` has no value; type `group = "articles"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = [])] //~ [] => `group` is an empty list; name something, or remove it
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "")] //~ "" => a group's name is empty; type `group = "articles"`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = articles)] //~ articles => `group` is text or a list of texts; type `group = "articles"`, or with the argument `articles` in it, `group = "article:{articles}"`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = ["a", 5, b])] //~ 5 => `group` is text or a list of texts; type `group = "articles"` or `group = ["articles", …]` //~ b => `group` is text or a list of texts; type `group = "b"`, or with the argument `b` in it, `group = "article:{b}"`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = ["a", "a"])] //~ "a" => the group `a` is named twice; remove one
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:{idd}")] //~ "a:{idd}" => no argument is named `idd`; did you mean `id`?
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:{}")] //~ "a:{}" => `{}` is not an expression; name an argument, as in `{id}` or `{id.0}`
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:{id")] //~ "a:{id" => a `{` without a `}`; type `{{` for the character itself
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:id}")] //~ "a:id}" => a `}` without a `{`; type `}}` for the character itself
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:{id name}")] //~ "a:{id name}" => `{id name}` is not an expression; name an argument, as in `{id}` or `{id.0}`
async fn h10(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a:{5}")] //~ "a:{5}" => `{5}` mentions no argument; the arguments are `id`
async fn h11(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group("a"))] //~ ("a") => `group` takes its value after `=`; type `group = "a"`
async fn h12(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, groups = ["a"])] //~ groups => `groups` is not an argument of `#[cached]`; did you mean `group`?
async fn h13(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")] //~ "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" => a name in `group` has at most 256 bytes; shorten it
async fn h14(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"])] //~ "16" => `group` takes at most 16 names; remove some
async fn h15(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "a", group = "b")] //~ group => `group` is given twice; type both in one, `group = ["a", "b"]`
async fn h16(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "file:{*rest}")] //~ "file:{*rest}" => `{*…}` keeps the slashes of a value in a path; in `group` type `{…}`, which keeps everything
async fn h17(axum::extract::Path(rest): axum::extract::Path<String>) { let _ = rest; }

fn main() {}
