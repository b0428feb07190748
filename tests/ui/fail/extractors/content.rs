//! Content is not in the key.

use axum::{Json, body::{Body, Bytes}, extract::{Multipart, State}};
use axum_extra::extract::JsonDeserializer;
use cached_handler::cached;

#[cached(ttl = 60)]
async fn json(Json(edit): Json<u64>) {
    let _ = edit;
}

#[cached(ttl = 60)]
async fn text(text: String) {
    let _ = text;
}

#[cached(ttl = 60)]
async fn bytes(bytes: Bytes) {
    let _ = bytes;
}

#[cached(ttl = 60)]
async fn bytes_mut(bytes: axum::body::BytesMut) {
    let _ = bytes;
}

#[cached(ttl = 60)]
async fn body(body: Body) {
    let _ = body;
}

#[cached(ttl = 60)]
async fn multipart(multipart: Multipart) {
    let _ = multipart;
}

#[cached(ttl = 60)]
async fn deserializer(State(()): State<()>, json: JsonDeserializer<u64>) {
    let _ = json;
}

#[cached(ttl = 60)]
async fn in_the_middle_of_two(State(()): State<()>, Json(edit): Json<u64>) {
    let _ = edit;
}

fn main() {}
