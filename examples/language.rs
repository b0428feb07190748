//! By language: one answer for each value of a request field, and no more of them than there are languages.
//!
//! ```console
//! # The field as it was sent is in the key, and `Vary` tells other caches so.
//! $ curl -i -H 'accept-language: de' localhost:3000/echo
//! HTTP/1.1 200 OK
//! vary: accept-language
//! cache-status: demo; fwd=uri-miss; stored
//!
//! you read de
//! $ curl -i -H 'accept-language: de' localhost:3000/echo
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…
//! # Another value has another stored response, even if it means the same: browsers send hundreds of values.
//! $ curl -i -H 'accept-language: de, en;q=0.5' localhost:3000/echo
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored
//! # An extractor that reads the field and shows one of three languages: three stored responses.
//! $ curl -i -H 'accept-language: de-AT, en;q=0.5' localhost:3000/
//! HTTP/1.1 200 OK
//! content-language: de
//! vary: accept-language
//! cache-status: demo; fwd=uri-miss; stored
//!
//! Guten Tag
//! $ curl -i -H 'accept-language: de-DE,de;q=0.9' localhost:3000/
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…
//!
//! Guten Tag
//! $ curl -H 'accept-language: fr' localhost:3000/
//! Bonjour
//! $ curl localhost:3000/
//! Hello
//! ```

use std::{convert::Infallible, error::Error};

use axum::{
    Router,
    extract::FromRequestParts,
    http::{HeaderMap, header::ACCEPT_LANGUAGE, request::Parts},
    response::IntoResponse,
    routing::get,
};
use cached_handler::{Cache, CacheKey, cached};
use cached_handler_serving::serve;

/// `headers` arrives with the fields of `vary` and no others, so that nothing else can get into the answer.
#[cached(ttl = "1h", vary = "accept-language")]
async fn echo(headers: HeaderMap) -> String {
    let sent = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    format!("you read {}\n", sent.unwrap_or("anything"))
}

#[cached(ttl = "1h")]
async fn greet(language: Language) -> impl IntoResponse {
    let (code, greeting) = match language {
        Language::English => ("en", "Hello\n"),
        Language::French => ("fr", "Bonjour\n"),
        Language::German => ("de", "Guten Tag\n"),
    };
    ([("content-language", code)], greeting)
}

/// What the key holds is the language; `vary` says which field it was read from.
#[derive(Clone, Copy, CacheKey)]
#[cache_key(vary = "accept-language")]
enum Language {
    English,
    French,
    German,
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    /// The first language that the application has. (A thorough extractor would honour the weights, `q`.)
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let sent = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let spoken = sent.split(',').find_map(|range| match range.trim().get(..2) {
            Some("en") => Some(Self::English),
            Some("fr") => Some(Self::French),
            Some("de") => Some(Self::German),
            _ => None,
        });
        Ok(spoken.unwrap_or(Self::English))
    }
}

/// The application.
pub fn app() -> Router {
    Router::new().route("/", get(greet)).route("/echo", get(echo))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("language.rs")).await?)
}
