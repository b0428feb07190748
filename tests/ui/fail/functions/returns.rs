//! Return types that are no responses: told on the type.

use axum::{Json, extract::Path, response::IntoResponse};
use cached_handler::{cached, invalidates};

struct Page;

#[cached(ttl = 60)]
async fn opaque() -> impl IntoResponse { //~ impl => the trait bound `Page: IntoResponse` is not satisfied
    Page
}

#[invalidates(group = "a")]
async fn opaque_of_invalidates() -> impl IntoResponse { //~ impl => the trait bound `Page: IntoResponse` is not satisfied
    Page
}

#[cached(ttl = 60)]
async fn in_a_result() -> Result<Page, String> { //~ Result<Page, String> => the trait bound `Page: IntoResponse` is not satisfied
    Ok(Page)
}

#[cached(ttl = 60)]
async fn opaque_beside_it() -> Result<impl IntoResponse, Page> { //~ Result => the trait bound `Page: IntoResponse` is not satisfied
    Ok("")
}

#[cached(ttl = 60)]
async fn two_types(Path(id): Path<u64>) -> impl IntoResponse {
    if id == 1 {
        return "one";
    }
    Json(id) //~ Json(id) => mismatched types
}

#[invalidates(group = "a")]
async fn named() -> Page { //~ Page => the trait bound `Page: IntoResponse` is not satisfied
    Page
}

fn main() {}
