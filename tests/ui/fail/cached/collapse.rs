//! `collapse`.

use cached_handler::cached;

#[cached(ttl = 60, collapse)] //~ collapse => `collapse` has no value; type `collapse = "inline"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = inline)] //~ inline => `collapse` is text; type `collapse = "inline"`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = "Inline")] //~ "Inline" => `collapse` takes `"inline"` and nothing else; to switch it off, type `policy = POLICY` with `const POLICY: Policy = Policy::new().collapse(Collapse::Off);`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = "off")] //~ "off" => only a policy switches it off; type `policy = POLICY` with `const POLICY: Policy = Policy::new().collapse(Collapse::Off);`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse("inline"))] //~ ("inline") => `collapse` takes its value after `=`; type `collapse = "inline"`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = false)] //~ false => only a policy switches it off; type `policy = POLICY` with `const POLICY: Policy = Policy::new().collapse(Collapse::Off);`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = off)] //~ off => only a policy switches it off; type `policy = POLICY` with `const POLICY: Policy = Policy::new().collapse(Collapse::Off);`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, collapse = "detached")] //~ "detached" => this is the default: the handler runs in a task of its own, and concurrent requests wait for it; remove `collapse`
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
