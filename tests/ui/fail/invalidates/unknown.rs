//! `unknown`.

use cached_handler::invalidates;

#[invalidates(ttl = 60)] //~ ttl => `ttl` is an argument of `#[cached]`; remove it here, and name what the write changes, `group = "articles"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "a", vary = "accept")] //~ vary => `vary` is an argument of `#[cached]`; remove it here, and name what the write changes, `group = "articles"`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates("a")] //~ "a" => an argument begins with its name; type `group = "a"`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handlers = list)] //~ handlers => `handlers` is not an argument of `#[invalidates]`; did you mean `handler`?
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(grop = "a")] //~ grop => `grop` is not an argument of `#[invalidates]`; did you mean `group`?
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(tag = "a")] //~ tag => `tag` is called `group` here; type `group = "a"`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
