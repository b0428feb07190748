//! `unknown`.

use cached_handler::cached;

#[cached(ttl = 60, zzzzzzz = 1)] //~ zzzzzzz => `zzzzzzz` is not an argument of `#[cached]`; there are `ttl`, `backend`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, "a")] //~ "a" => an argument begins with its name; type `group = "a"`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, 5)] //~ 5 => an argument begins with its name; type `ttl = 5`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, ttl 5)] //~ 5 => `=` is missing behind `ttl`; type `ttl = 5`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group: "a")] //~ : => `:` is not how a value is given; type `group = "a"`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(60)] //~ 60 => an argument begins with its name; type `ttl = 60`
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60; group = "a")] //~ ; => arguments are separated by commas; type `,` in place of `;`
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cachecontrol = "public")] //~ cachecontrol => `cachecontrol` is not an argument of `#[cached]`; did you mean `cache_control`?
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl == 60)] //~ == => `==` is not how a value is given; type `ttl = 60`
async fn h10(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(time = 60)] //~ time => `time` is called `ttl` here; type `ttl = 60`
async fn h11(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, tags = ["a"])] //~ tags => `tags` is called `group` here; type `group = "a"`
async fn h12(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, swr = 60)] //~ swr => `swr` is called `stale_while_revalidate` here; type `stale_while_revalidate = 60`
async fn h13(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(expires = 60)] //~ expires => `expires` is called `ttl` here; type `ttl = 60`
async fn h14(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, key_prefix = "a")] //~ key_prefix => `key_prefix` belongs to the whole cache; type `Cache::builder().namespace("my-app")` where the program starts
async fn h15(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, sync_writes = true)] //~ sync_writes => concurrent requests for one key share a run already; remove `sync_writes`
async fn h17(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
