//! `vary`.

use cached_handler::cached;

#[cached(ttl = 60, vary)] //~ vary => `vary` has no value; type `vary = "accept-language"`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, vary = "")] //~ "" => a name in `vary` is empty; type `vary = "accept-language"`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, vary = "*")] //~ "*" => with `*` no response could be reused; name the fields that the handler reads, or type `vary = from_response`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, vary = "Accept-Language")] //~ "Accept-Language" => names of header fields are written in lower case here; type `"accept-language"`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, vary = "accept language")] //~ "accept language" => `accept language` is not the name of a header field; type `vary = "accept-language"`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, vary = ["accept", "accept"])] //~ "accept" => `accept` is named twice; remove one
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, vary = [])] //~ [] => `vary` is an empty list; name something, or remove it
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, vary = accept)] //~ accept => `vary` is text or a list of texts; type `vary = "accept"`
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, vary = 5)] //~ 5 => `vary` is text or a list of texts; type `vary = "accept-language"` or `vary = ["accept-language", …]`
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, vary("accept"))] //~ ("accept") => `vary` takes its value after `=`; type `vary = "accept"`
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, vary = from_respone)] //~ from_respone => `from_respone` is not known here; did you mean `from_response`?
async fn h20(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
