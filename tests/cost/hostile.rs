//! `cost hostile FIELD,FIELD… SIZE,SIZE…`: requests whose field, or whose response's field, is SIZE bytes of what parsers stumble
//! over. `tests/tests/cost/hostile.rs` counts the instructions of [`measured`] in each [`part`].

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::{
    Extension, Router,
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, Method},
    response::{IntoResponse, Response},
};
use cached_handler::{Cache, Collapse, Policy, cached};
use tokio::runtime::{self, Runtime};
use tower::ServiceExt;

const SHARED: Policy = Policy::new().heuristic().honor_request_directives().cookies_by_vary().collapse(Collapse::Inline);

/// What the next response says beside what it always does.
static SAYS: Mutex<Option<(HeaderName, usize)>> = Mutex::new(None);

fn says() -> MutexGuard<'static, Option<(HeaderName, usize)>> {
    SAYS.lock().unwrap_or_else(PoisonError::into_inner)
}

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
    if let (Some((name, size)), Some(which)) = (&*says(), which.filter(|which| *which < PIECES.len())) {
        response.headers_mut().insert(name.clone(), value(which, *size));
    }
    response
}

fn value(which: usize, size: usize) -> HeaderValue {
    let text: String = PIECES[which].chars().cycle().take(size).collect();
    HeaderValue::from_str(&text).expect("visible text")
}

/// A part for each field and size, in this order.
pub fn answer(fields: &str, sizes: &str) -> Result<(), Box<dyn std::error::Error>> {
    for field in fields.split(',') {
        for size in sizes.split(',') {
            part(field, size.parse()?)?;
            ends(field);
        }
    }
    Ok(())
}

/// After each call callgrind writes down what it has counted since the last.
#[inline(never)]
fn ends(field: &str) {
    std::hint::black_box(field);
}

/// Asks once with each of the pieces.
fn part(field: &str, size: usize) -> Result<(), Box<dyn std::error::Error>> {
    let (of_response, name) = field.strip_prefix("response:").map_or((false, field), |name| (true, name));
    let name: HeaderName = name.parse()?;
    *says() = of_response.then(|| (name.clone(), size));
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let cache = runtime.block_on(Cache::builder().build())?;
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
        drop(send(&runtime, &router, request(which, false)));
    }
    for which in 0..PIECES.len() {
        drop(measured(&runtime, &router, request(which, true)));
    }
    Ok(())
}

/// To the end of the answer. No `async fn`: what is counted is the call of a function, and where that is a future, only how
/// it is made.
#[inline(never)]
fn measured(runtime: &Runtime, router: &Router, request: Request) -> Response {
    send(runtime, router, request)
}

fn send(runtime: &Runtime, router: &Router, request: Request) -> Response {
    match runtime.block_on(router.clone().oneshot(request)) {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
