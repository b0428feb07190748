//! Values in templates that are no text.

use axum::extract::{Path, Query};
use cached_handler::{cached, invalidates};

#[derive(serde::Deserialize)]
struct Page {
    number: Option<u64>,
}

#[cached(ttl = 60, group = "article:{id}")] //~ "article:{id}" => type a field of it, `{id.0}` or `{user.id}`, or take the argument apart: `Path(id): Path<u64>`
async fn not_taken_apart(id: Path<u64>) -> String {
    id.to_string()
}

#[cached(ttl = 60, group = ["page:{page.0.number}", "{page.number}"])] //~ "page:{page.0.number}" => `std::option::Option<u64>` cannot stand in a template: it has no `Display` //~ "{page.number}" => `std::option::Option<u64>` cannot stand in a template: it has no `Display`
async fn a_field_that_has_none(page: Query<Page>) -> String {
    format!("{:?}", page.number)
}

#[invalidates(group = "article:{id}")] //~ "article:{id}" => `axum::extract::Path<u64>` cannot stand in a template: it has no `Display`
async fn group(id: Path<u64>) -> String {
    id.to_string()
}

#[invalidates(path = "/articles/{id}")] //~ "/articles/{id}" => `axum::extract::Path<u64>` cannot stand in a template: it has no `Display`
async fn path(id: Path<u64>) -> String {
    id.to_string()
}

#[cached(ttl = 60, group = "article:{id:?}")] //~ "article:{id:?}" => `:?` is a format, and values are written as they are displayed; type `{id}`
async fn a_way_of_writing(id: Path<u64>) -> String {
    id.to_string()
}

fn main() {}
