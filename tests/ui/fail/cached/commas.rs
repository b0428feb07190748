//! Arguments without a comma between them.

use cached_handler::{cached, invalidates};

#[cached(ttl = 60 group = "x")] //~ group => a comma is missing before `group`; type `, group`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60 key(id))] //~ key => a comma is missing before `key`; type `, key`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, key(id) group = "x")] //~ group => a comma is missing before `group`; type `, group`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = from_response vary = from_response)] //~ vary => a comma is missing before `vary`; type `, vary`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = ["a"] grop = "b")] //~ grop => a comma is missing before `grop`; type `, grop`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 5 minutes)] //~ 5 minutes => `ttl` is a duration; type seconds (`60`), text (`"250ms"`, `"5m"`, `"1h"`, `"1d"`), the path of a `Duration` constant, or `from_response`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "a" path = "/a")] //~ path => a comma is missing before `path`; type `, path`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
