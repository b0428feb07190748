//! `only_ok`.

use cached_handler::cached;

#[cached(ttl = 60, only_ok = true)] //~ true => `only_ok` takes no value; type `only_ok`
async fn h0() -> Result<(), axum::http::StatusCode> { Ok(()) }

#[cached(ttl = 60, only_ok())] //~ () => `only_ok` takes no value; type `only_ok`
async fn h1() -> Result<(), axum::http::StatusCode> { Ok(()) }

#[cached(ttl = 60, only_ok)] //~ only_ok => `only_ok` is for a handler that returns a `Result`, and this one returns `&str`
async fn h2() -> &'static str { "" }

#[cached(ttl = 60, only_ok)] //~ only_ok => `only_ok` is for a handler that returns a `Result`
async fn h3() -> impl axum::response::IntoResponse { "" }

#[cached(ttl = 60, result = true)] //~ result => `result` is called `only_ok` here; type `only_ok`
async fn h4() -> Result<(), axum::http::StatusCode> { Ok(()) }

fn main() {}
