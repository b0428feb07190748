//! What is wrong in the body is told there, as it is without the attribute.

use axum::extract::Path;
use cached_handler::{cached, invalidates};

#[cached(ttl = 60)]
async fn unknown_name() -> String {
    missing
}

#[cached(ttl = 60)]
async fn mismatched() -> String {
    5
}

#[cached(ttl = 60)]
async fn not_a_method(Path(id): Path<u64>) -> String {
    id.nothing()
}

#[cached(ttl = 60)]
async fn wrong_return() -> Result<String, u8> {
    return Ok(5);
}

#[cached(ttl = 60)]
async fn wrong_question_mark() -> Result<String, std::num::ParseIntError> {
    let text = std::fs::read_to_string("x")?;
    Ok(text)
}

#[cached(ttl = 60)]
async fn no_mut(Path(id): Path<u64>) -> String {
    id += 1;
    id.to_string()
}

#[cached(ttl = 60)]
async fn no_response() -> u8 {
    5
}

#[cached(ttl = 60)]
async fn no_opaque_response() -> impl std::fmt::Debug {
    5
}

#[cached(ttl = 60)]
async fn unknown_trait() -> impl Missing {
    "text"
}

#[cached(ttl = 60)]
async fn unknown_type(Path(id): Path<Missing>) -> String {
    id
}

#[invalidates(group = "a")]
async fn of_invalidates() -> String {
    5
}

fn main() {}
