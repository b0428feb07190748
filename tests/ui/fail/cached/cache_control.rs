//! `cache_control`.

use cached_handler::cached;

#[cached(ttl = 60, cache_control)] //~ cache_control => `cache_control` has no value; type `cache_control = "public, max-age=60"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = public)] //~ public => `cache_control` is text; type `cache_control = "public, max-age=60"`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "")] //~ "" => nothing is not a directive of `Cache-Control`; type `cache_control = "public, max-age=60"`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "max age=5")] //~ "max age=5" => `max age=5` is not a directive of `Cache-Control`; type `cache_control = "public, max-age=60"`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "public,, max-age=5")] //~ "public,, max-age=5" => nothing is not a directive of `Cache-Control`; type `cache_control = "public, max-age=60"`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control = "max-age=")] //~ "max-age=" => `max-age=` is not a directive of `Cache-Control`; type `cache_control = "public, max-age=60"`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, cache_control("public"))] //~ ("public") => `cache_control` takes its value after `=`; type `cache_control = "public, max-age=60"`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
