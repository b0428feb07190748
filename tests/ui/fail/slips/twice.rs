//! The same argument twice: what takes several values says how.

use axum::extract::{Path, RawQuery};
use cached_handler::{cached, invalidates};

#[cached(ttl = 60, group = "a", group = "b")] //~ group => `group` is given twice; type both in one, `group = ["a", "b"]`
async fn group() {}

#[cached(ttl = 60, group = ["a", "b"], group = "c")] //~ group => `group` is given twice; type both in one, `group = ["a", "b", "c"]`
async fn group_and_list() {}

#[cached(ttl = 60, key(id), key(page.0))] //~ key => `key` is given twice; type both in one, `key(id, page.0)`
async fn key(Path(id): Path<u64>, page: RawQuery) { let _ = (id, page); }

#[cached(ttl = 60, skip(id), skip(page))] //~ skip => `skip` is given twice; type both in one, `skip(id, page)`
async fn skip(Path(id): Path<u64>, page: RawQuery) { let _ = (id, page); }

#[cached(ttl = 60, vary = "accept", vary = "accept-language")] //~ vary => `vary` is given twice; type both in one, `vary = ["accept", "accept-language"]`
async fn vary() {}

#[invalidates(handler = list, handler = show)] //~ handler => `handler` is given twice; type both in one, `handler = [list, show]`
async fn handler() {}

#[invalidates(path = "/a", path = "/b")] //~ path => `path` is given twice; type both in one, `path = ["/a", "/b"]`
async fn path() {}

#[cached(ttl = 60, backend = "memory", backend = "redis")] //~ backend => `backend` is given twice; remove one
async fn backend() {}

fn main() {}
