//! All header fields at once.

use axum::{extract::Request, http::{HeaderMap, request::Parts}};
use cached_handler::cached;

#[cached(ttl = 60)]
async fn fields(headers: HeaderMap) { //~ HeaderMap => has to name the fields that it reads
    let _ = headers;
}

#[cached(ttl = 60)]
async fn request(request: Request) { //~ Request => sees all of the request
    let _ = request;
}

#[cached(ttl = 60)]
async fn parts(parts: Parts) { //~ Parts => sees all of the request
    let _ = parts;
}

#[cached(ttl = 60, vary = "accept-language")]
async fn named_request(request: Request) { //~ Request => sees all of the request
    let _ = request;
}

#[cached(ttl = 60, vary = "accept-language")]
async fn named_parts(parts: Parts) { //~ Parts => sees all of the request
    let _ = parts;
}

#[cached(ttl = 60)]
async fn optional(headers: Option<HeaderMap>) { //~ Option<HeaderMap> => has to name the fields that it reads
    let _ = headers;
}

fn main() {}
