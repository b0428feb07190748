//! `hostile FIELD SIZE`: requests whose field, or whose response's field, is SIZE bytes of what parsers stumble over.
//! `tests/hostile.rs` counts the instructions of [`measured`].

use std::sync::OnceLock;

use axum::{
    Extension, Router,
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, Method},
    response::{IntoResponse, Response},
};
use cached_handler::{Cache, Collapse, Policy, cached};
use tower::ServiceExt;

const SHARED: Policy = Policy::new().heuristic().honor_request_directives().cookies_by_vary().collapse(Collapse::Inline);

/// What the next response says beside what it always does.
static SAYS: OnceLock<(HeaderName, usize)> = OnceLock::new();

/// The pieces that a field is made of, over and over.
const PIECES: [&str; 16] = [
    ",",
    "a,",
    "\"",
    "\\",
    "\"\\\"",
    "\"a\", ",
    "W/\"a\",",
    "max-age=1, ",
    "no-cache=\"a\",",
    "bytes=0-1,",
    "-",
    "9",
    " ",
    "a;b=(1 2);",
    "/../%2e",
    ":",
];

#[cached(ttl = from_response, vary = from_response, policy = SHARED)]
async fn handler(request: Request) -> Response {
    let mut response = "hello".into_response();
    for (name, value) in [("vary", "accept-language"), ("etag", "\"1\""), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let which = request.uri().query().and_then(|query| query.parse::<usize>().ok());
    if let (Some((name, size)), Some(which)) = (SAYS.get(), which.filter(|which| *which < PIECES.len())) {
        response.headers_mut().insert(name.clone(), value(which, *size));
    }
    response
}

fn value(which: usize, size: usize) -> HeaderValue {
    let text: String = PIECES[which].chars().cycle().take(size).collect();
    HeaderValue::from_str(&text).expect("visible text")
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (field, size) = (arguments.next().expect("a field"), arguments.next().expect("a size"));
    let size: usize = size.parse().expect("a number");
    let (of_response, name) = field.strip_prefix("response:").map_or((false, field.as_str()), |name| (true, name));
    let name: HeaderName = name.parse().expect("a name");
    if of_response {
        SAYS.set((name.clone(), size)).expect("set once");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let cache = Cache::builder().build().await.expect("a cache");
        let router = Router::new().fallback(handler).layer(Extension(cache));
        let request = |which: usize, with: bool| {
            let mut request = Request::builder().uri(format!("/{which}?{}", if of_response && with { which } else { 99 }));
            if name == "location" || name == "content-location" {
                request = request.method(Method::POST);
            }
            let mut request = request.body(Body::empty()).expect("a request");
            if with && !of_response {
                request.headers_mut().insert(name.clone(), value(which, size));
            }
            request
        };
        // What is made once is made, and for each request there is something stored.
        for which in 0..PIECES.len() {
            let request = request(which, false);
            drop(router.clone().oneshot(request).await);
        }
        for which in 0..PIECES.len() {
            let request = request(which, true);
            drop(measured(&router, request).await);
        }
    });
}

#[inline(never)]
async fn measured(router: &Router, request: Request) -> Response {
    let service = router.clone();
    match service.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
