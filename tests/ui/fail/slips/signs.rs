//! What stands before a value, and between arguments.

use axum::extract::Path;
use cached_handler::{cached, invalidates};

#[cached(ttl 60)] //~ 60 => `=` is missing behind `ttl`; type `ttl = 60`
async fn no_sign() {}

#[cached(ttl: 60)] //~ : => `:` is not how a value is given; type `ttl = 60`
async fn colon() {}

#[cached(ttl := 60)] //~ := => `:=` is not how a value is given; type `ttl = 60`
async fn colon_and_equals() {}

#[cached(ttl = 60, key: id)] //~ : => `:` is not how a value is given; type `key(id)`
async fn colon_before_a_list(Path(id): Path<u64>) { let _ = id; }

#[cached(ttl = 60, skip id)] //~ id => parentheses are missing behind `skip`; type `skip(id)`
async fn list_without_parentheses(Path(id): Path<u64>) { let _ = id; }

#[cached(ttl = 60; group = "x")] //~ ; => arguments are separated by commas; type `,` in place of `;`
async fn semicolon() {}

#[cached(ttl = "soon"; group = "x")] //~ ; => arguments are separated by commas; type `,` in place of `;` //~ "soon" => `ttl` is a duration; type seconds (`60`)
async fn semicolon_and_another_mistake() {}

#[invalidates(group = "a"; path = "/a")] //~ ; => arguments are separated by commas; type `,` in place of `;`
async fn semicolon_of_invalidates() {}

#[cached(ttl = 60, skip = [id, page])] //~ [id, page] => `skip` takes its values in parentheses; type `skip(id, page)`
async fn list_in_brackets(Path(id): Path<u64>, page: axum::extract::RawQuery) { let _ = (id, page); }

#[cached(ttl = 60, skip = "id")] //~ "id" => `skip` takes its values in parentheses; type `skip(id)`
async fn name_as_text(Path(id): Path<u64>) { let _ = id; }

#[cached(ttl = 60, group("a", "b"))] //~ ("a", "b") => `group` takes its value after `=`; type `group = ["a", "b"]`
async fn list_in_parentheses() {}

#[cached(ttl = 60, group = ("a", "b"))] //~ ("a", "b") => a list stands in brackets; type `group = ["a", "b"]`
async fn tuple() {}

#[cached("5m")] //~ "5m" => an argument begins with its name; type `ttl = "5m"`
async fn no_name_of_a_duration() {}

#[cached(ttl = 60, "redis")] //~ "redis" => an argument begins with its name; type `backend = "redis"`
async fn no_name_of_a_backend() {}

#[cached(ttl = 60, "articles")] //~ "articles" => an argument begins with its name; type `group = "articles"`
async fn no_name_of_a_group() {}

#[invalidates("/articles")] //~ "/articles" => an argument begins with its name; type `path = "/articles"`
async fn no_name_of_a_path() {}

fn main() {}
