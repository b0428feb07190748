//! Content is not in the key.

use axum::{Json, body::{Body, Bytes}, extract::{Multipart, State}};
use axum_extra::extract::JsonDeserializer;
use bytes::BytesMut;
use cached_handler::cached;

#[cached(ttl = 60)]
async fn json(Json(edit): Json<u64>) { //~ Json<u64> => takes the content of the request, which is not in the key of a cached handler
    let _ = edit;
}

#[cached(ttl = 60)]
async fn text(text: String) { //~ String => takes the content of the request, which is not in the key of a cached handler
    let _ = text;
}

#[cached(ttl = 60)]
async fn bytes(bytes: Bytes) { //~ Bytes => takes the content of the request, which is not in the key of a cached handler
    let _ = bytes;
}

#[cached(ttl = 60)]
async fn bytes_mut(bytes: BytesMut) { //~ BytesMut => takes the content of the request, which is not in the key of a cached handler
    let _ = bytes;
}

#[cached(ttl = 60)]
async fn body(body: Body) { //~ Body => takes the content of the request, which is not in the key of a cached handler
    let _ = body;
}

#[cached(ttl = 60)]
async fn multipart(multipart: Multipart) { //~ Multipart => takes the content of the request, which is not in the key of a cached handler
    let _ = multipart;
}

#[cached(ttl = 60)]
async fn deserializer(State(()): State<()>, json: JsonDeserializer<u64>) { //~ JsonDeserializer<u64> => takes the content of the request, which is not in the key of a cached handler
    let _ = json;
}

#[cached(ttl = 60)]
async fn in_the_middle_of_two(State(()): State<()>, Json(edit): Json<u64>) { //~ Json<u64> => takes the content of the request, which is not in the key of a cached handler
    let _ = edit;
}

fn main() {}
