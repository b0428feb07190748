//! What is wrong in the body is told there, as it is without the attribute.

use axum::extract::Path;
use cached_handler::{cached, invalidates};

#[cached(ttl = 60)]
async fn mismatched() -> String {
    5 //~ 5 => mismatched types
}

#[cached(ttl = 60)]
async fn not_a_method(Path(id): Path<u64>) -> String {
    id.nothing() //~ nothing => no method named `nothing` found for type `u64`
}

#[cached(ttl = 60)]
async fn wrong_return() -> Result<String, u8> { //~ Result<String, u8> => the trait bound `u8: IntoResponse` is not satisfied
    return Ok(5); //~ 5 => mismatched types
}

#[cached(ttl = 60)]
async fn wrong_question_mark() -> Result<String, std::num::ParseIntError> { //~ Result<String, std::num::ParseIntError> => the trait bound `ParseIntError: IntoResponse` is not satisfied
    let text = std::fs::read_to_string("x")?; //~ ? => `?` couldn't convert the error to `ParseIntError`
    Ok(text)
}

#[cached(ttl = 60)]
async fn no_mut(Path(id): Path<u64>) -> String {
    id += 1; //~ id += 1 => cannot assign twice to immutable variable `id`
    id.to_string()
}

#[cached(ttl = 60)]
async fn no_response() -> u8 { //~ u8 => the trait bound `u8: IntoResponse` is not satisfied
    5
}

#[cached(ttl = 60)]
async fn no_opaque_response() -> impl std::fmt::Debug { //~ impl => the trait bound `{integer}: IntoResponse` is not satisfied
    5
}

#[invalidates(group = "a")]
async fn of_invalidates() -> String {
    5 //~ 5 => mismatched types
}

fn main() {}
