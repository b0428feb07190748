//! Arguments and return types that are wrong with and without the attribute.

use axum::{Json, extract::{Path, Query}, response::IntoResponse};
use cached_handler::{cached, invalidates};

struct Page;

#[cached(ttl = 60)]
async fn bound_twice(Path(id): Path<u64>, Query(id): Query<u64>) -> String { //~ id => identifier `id` is bound more than once in this parameter list
    id.to_string()
}

#[invalidates(group = "a:{id}")]
async fn bound_twice_of_invalidates(Path(id): Path<u64>, Query(id): Query<u64>) -> String { //~ id => identifier `id` is bound more than once in this parameter list
    id.to_string()
}

#[cached(ttl = 60)]
async fn borrowed(Path(name): Path<&str>) -> String { //~ &str => an argument cannot borrow from the request; type `String`
    name.to_owned()
}

#[cached(ttl = 60)]
async fn borrowed_inside(Path((_, parts)): Path<(u64, &[u8])>) -> String { //~ &[u8] => type `Vec<u8>`
    format!("{parts:?}")
}

#[invalidates(group = "a")]
async fn borrowed_of_invalidates<'a>(Json(name): Json<&'a str>) -> String { //~ &'a str => type `String`
    name.to_owned()
}

fn main() {}
