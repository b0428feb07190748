//! `cache_control`.

use cached_handler::cached;

#[cached(ttl = 60, cache_control)] //~ cache_control => `cache_control` has no value; type `cache_control = "public, max-age=60"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = public)] //~ public => `cache_control` is text; type `cache_control = "public"`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = non)] //~ non => `non` is not known here; did you mean `none`?
async fn none0() {}

#[cached(ttl = 60, cache_control = None)] //~ None => `None` is not known here; did you mean `none`?
async fn none1() {}

#[cached(ttl = 60, cache_control = "none")] //~ "none" => to add no `Cache-Control`, type `cache_control = none`
async fn none2() {}

#[cached(ttl = 60, cache_control = "")] //~ "" => `cache_control` is empty, or has an empty directive; type `cache_control = "public, max-age=60"`, or remove it
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "max age=5")] //~ "max age=5" => `max age=5` is not a directive of `Cache-Control`; type `cache_control = "public, max-age=60"`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "public,, max-age=5")] //~ "public,, max-age=5" => `cache_control` is empty, or has an empty directive; type `cache_control = "public, max-age=60"`, or remove it
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "max-age=")] //~ "max-age=" => `max-age=` is not a directive of `Cache-Control`; type `cache_control = "public, max-age=60"`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control("public"))] //~ ("public") => `cache_control` takes its value after `=`; type `cache_control = "public"`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "maxage=60")] //~ "maxage=60" => `maxage` is not a directive that clients know; did you mean `max-age`?
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "max-age=abc")] //~ "max-age=abc" => `max-age=abc` needs a number of seconds; type `max-age=60`
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "public, max-age")] //~ "public, max-age" => `max-age` needs a number of seconds; type `max-age=60`
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "stale-while-revalidate=5m")] //~ "stale-while-revalidate=5m" => `stale-while-revalidate=5m` needs a number of seconds; type `stale-while-revalidate=60`
async fn h10(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "no-store=1")] //~ "no-store=1" => `no-store` takes no value; type `no-store`
async fn h11(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "pubic, s-max-age=60")] //~ "pubic, s-max-age=60" => `pubic` is not a directive that clients know; did you mean `public`? //~ "pubic, s-max-age=60" => `s-max-age` is not a directive that clients know; did you mean `s-maxage`?
async fn h12(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
