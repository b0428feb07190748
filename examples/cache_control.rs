//! `Cache-Control`: the directives for browsers, and the lifetime in this cache, are set separately.
//!
//! ```console
//! # By default, browsers store the answer and revalidate each time, as an invalidation cannot reach them.
//! $ curl -i localhost:3000/news
//! HTTP/1.1 200 OK
//! cache-control: no-cache
//! etag: "…"
//! # Browsers need not ask for a minute, by `cache_control` in the attribute.
//! $ curl -i localhost:3000/catalogue
//! HTTP/1.1 200 OK
//! cache-control: public, max-age=60
//! # The handler's own field is sent as it is. `s-maxage` is for shared caches, so it takes precedence over the `ttl` here.
//! $ curl -i localhost:3000/weather
//! HTTP/1.1 200 OK
//! cache-control: max-age=60, s-maxage=600
//! $ sleep 3
//! $ curl -i localhost:3000/weather
//! HTTP/1.1 200 OK
//! age: …
//! cache-status: demo; hit; ttl=…
//! # `CDN-Cache-Control` counts above both; browsers do not read it.
//! $ curl -i localhost:3000/stock
//! HTTP/1.1 200 OK
//! cache-control: max-age=60
//! cdn-cache-control: max-age=2
//! $ sleep 3
//! $ curl -i localhost:3000/stock
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=stale; stored
//! # What a handler forbids is not stored, whatever its attribute says.
//! $ curl -i localhost:3000/lottery
//! HTTP/1.1 200 OK
//! cache-control: no-store
//! cache-status: demo; fwd=uri-miss; detail=no-store
//! # A file whose name changes with its content is never asked for again.
//! $ curl -i localhost:3000/app.4f2a.js
//! HTTP/1.1 200 OK
//! cache-control: public, max-age=31536000, immutable
//! ```

use std::error::Error;

use axum::{
    Router,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use cached_handler::{Cache, cached};
use cached_handler_serving::serve;

/// The default for clients: `no-cache`, and an entity tag, so that most of their questions are answered 304.
#[cached(ttl = 60)]
async fn news() -> &'static str {
    "nothing new\n"
}

/// `max-age` counts from each answer, not from when the response was made.
#[cached(ttl = "1h", cache_control = "public, max-age=60")]
async fn catalogue() -> &'static str {
    "one of everything\n"
}

#[cached(ttl = 2)]
async fn weather() -> impl IntoResponse {
    ([(CACHE_CONTROL, "max-age=60, s-maxage=600")], "fair\n")
}

/// With `ttl = from_response`, what states no freshness of its own is not stored.
#[cached(ttl = from_response)]
async fn stock() -> impl IntoResponse {
    ([("cache-control", "max-age=60"), ("cdn-cache-control", "max-age=2")], "7 left\n")
}

#[cached(ttl = 60)]
async fn lottery() -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], "4 8 15 16 23 42\n")
}

#[cached(ttl = "1d", cache_control = "public, max-age=31536000, immutable")]
async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript")], "console.log('hello')\n")
}

/// The application.
pub fn app() -> Router {
    Router::new()
        .route("/news", get(news))
        .route("/catalogue", get(catalogue))
        .route("/weather", get(weather))
        .route("/stock", get(stock))
        .route("/lottery", get(lottery))
        .route("/app.4f2a.js", get(script))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("cache_control.rs")).await?)
}
