//! `collapse`.

use cached_handler::cached;

#[cached(ttl = 60, collapse)] //~ collapse => `collapse` has no value; type `collapse = "inline"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = inline)] //~ inline => `collapse` is text; type `collapse = "inline"`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = "Inline")] //~ "Inline" => `collapse` is `"inline"` or `"detached"`; type one of these, or take it away
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = "off")] //~ "off" => `off` belongs into a policy; type `policy = POLICY` with `const POLICY: Policy = Policy::new().collapse(Collapse::Off);`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse("inline"))] //~ ("inline") => `collapse` takes its value after `=`; type `collapse = "inline"`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
