//! `unknown`.

use cached_handler::invalidates;

#[invalidates(ttl = 60)] //~ ttl => `ttl` is not an argument of `#[invalidates]`; there are `group`, `path`, `path_prefix`, `handler`, `uncached`, `crate`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "a", vary = "accept")] //~ vary => `vary` is not an argument of `#[invalidates]`; there are `group`, `path`, `path_prefix`, `handler`, `uncached`, `crate`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates("a")] //~ "a" => an argument begins with its name; type `group = "articles"`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(handlers = list)] //~ handlers => `handlers` is not an argument of `#[invalidates]`; did you mean `handler`?
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(grop = "a")] //~ grop => `grop` is not an argument of `#[invalidates]`; did you mean `group`?
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(tag = "a")] //~ tag => `tag` is called `group` here; type `group = "articles"`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
