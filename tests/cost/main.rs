//! One program for the figures of a hit: a ready response and a cached one through the same router.
//!
//! `cost CASE COUNT` answers COUNT requests of a case. What is to be counted happens inside [`measured`], so that
//! callgrind can be told to collect there and nowhere else; `tests/tests/cost` does so.

#[cfg(unix)]
mod files;
mod hostile;
mod layer;
#[cfg(feature = "metrics")]
#[path = "../recorder.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the package `tests`")]
mod recorder;
mod rest;
mod stale;
mod values;

use std::{
    convert::Infallible,
    pin::pin,
    sync::LazyLock,
    task::{Context, Waker},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode},
    response::Response,
    routing::get,
};
use cached_handler::cached;
use http_body_util::BodyExt;
use tower::{Service, ServiceExt};

#[derive(Clone)]
struct Db;

#[derive(serde::Deserialize)]
struct Page {
    page: u32,
    sort: Option<String>,
}

#[cached(ttl = 600, group = ["articles", "article:{id}", "pages"])]
async fn cached_small(State(_db): State<Db>, Path(id): Path<u64>, Query(page): Query<Page>) -> Response {
    page_of(id, &page, 1 << 10)
}

#[cached(ttl = 600, group = ["articles", "article:{id}", "pages"])]
async fn cached_large(State(_db): State<Db>, Path(id): Path<u64>, Query(page): Query<Page>) -> Response {
    page_of(id, &page, 1 << 20)
}

fn page_of(id: u64, page: &Page, size: usize) -> Response {
    let mut text = format!("{id} {} {:?} ", page.page, page.sort).into_bytes();
    text.resize(size, b'x');
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The lines that a hit has, in a map that is cloned; the least that a handler can do for the same answer. The router adds
/// the length of the content to either.
static LINES: LazyLock<HeaderMap> = LazyLock::new(|| {
    [
        ("content-type", "text/plain; charset=utf-8"),
        ("date", "Tue, 24 Nov 2026 01:00:00 GMT"),
        ("cache-control", "no-cache"),
        ("etag", "\"0123456789abcdef0123456789abcdef\""),
        ("age", "0"),
    ]
    .into_iter()
    // As those of a handler that has made them once: its entity tag and date are no literals.
    .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap_or(HeaderValue::from_static(""))))
    .collect()
});
static CONTENT: LazyLock<Bytes> = LazyLock::new(|| vec![b'x'; 1 << 10].into());

async fn ready(State(_db): State<Db>, Path(_id): Path<u64>, Query(_page): Query<Page>) -> Response {
    let mut response = Response::new(Body::from(CONTENT.clone()));
    *response.headers_mut() = LINES.clone();
    response
}

/// One request, from the service to the end of the content.
#[inline(never)]
fn measured<S>(app: &S, request: Request<Body>) -> StatusCode
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone,
{
    let mut answer = pin!(async {
        let response = app.clone().oneshot(request).await.unwrap_or_default();
        let status = response.status();
        let content = response.into_body().collect().await;
        std::hint::black_box(content.is_ok());
        status
    });
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(status) => status,
        std::task::Poll::Pending => StatusCode::REQUEST_TIMEOUT,
    }
}

fn request(path: &str, etag: Option<&HeaderValue>) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = format!("{path}/42?page=2&sort=date").parse().unwrap_or_default();
    let lines = [
        ("host", "localhost"),
        ("accept", "*/*"),
        ("accept-encoding", "gzip, br"),
        ("accept-language", "en"),
        ("user-agent", "cost/1.0"),
        ("referer", "http://localhost/"),
    ];
    for (name, value) in lines {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let (name, value) = etag.map_or(("dnt", HeaderValue::from_static("1")), |etag| ("if-none-match", etag.clone()));
    request.headers_mut().insert(name, value);
    request
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(case), Some(count)) = (args.next(), args.next()) else {
        return Err(
            "usage: cost ready|hit|hit-large|not-modified|stale|at-rest|file|near-file|near|beside|layer|value|moka COUNT [timed], or cost hostile FIELDS SIZES"
                .into(),
        );
    };
    if case == "hostile" {
        return hostile::answer(&count, &args.next().ok_or("no sizes")?);
    }
    let count: usize = count.parse()?;
    // As a program that exports them.
    #[cfg(feature = "metrics")]
    recorder::installed();
    match case.as_str() {
        "stale" => return stale::answer(count),
        "at-rest" => return rest::answer("/rest", count),
        "near" => return rest::answer("/near", count),
        "beside" => return rest::answer("/beside", count),
        #[cfg(unix)]
        "file" => return files::answer("/file", count),
        "near-file" => return files::answer("/near", count),
        "layer" => return layer::answer(count),
        "value" => return values::get(count),
        "moka" => return values::get_from_moka(count),
        _ => {}
    }
    let (path, conditional) = match case.as_str() {
        "ready" => ("/ready", false),
        "hit" => ("/saved", false),
        "hit-large" => ("/large", false),
        "not-modified" => ("/saved", true),
        _ => return Err("no such case".into()),
    };
    let app = Router::new()
        .route("/ready/{id}", get(ready))
        .route("/saved/{id}", get(cached_small))
        .route("/large/{id}", get(cached_large))
        .with_state(Db);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // The miss, and some answers of all kinds until everything that is made once is there, and the heap looks alike.
        let mut etag = None;
        for _ in 0..300 {
            for warm in ["/ready", "/saved", "/large"] {
                let response = app.clone().oneshot(request(warm, None)).await?;
                if warm == path {
                    etag = response.headers().get("etag").cloned();
                }
                response.into_body().collect().await?;
            }
        }
        let etag = etag.filter(|_| conditional);
        let expected = if conditional { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        if args.next().as_deref() == Some("timed") {
            // Without what it takes to make a request.
            let requests: Vec<_> = (0..count).map(|_| request(path, etag.as_ref())).collect();
            #[expect(clippy::disallowed_methods, reason = "this measures")]
            let began = std::time::Instant::now();
            let answered = requests.into_iter().filter_map(|request| (measured(&app, request) == expected).then_some(())).count();
            println!("{}", began.elapsed().as_nanos() / count as u128);
            return if answered == count { Ok(()) } else { Err("an unexpected answer".into()) };
        }
        for _ in 0..count {
            if measured(&app, request(path, etag.as_ref())) != expected {
                return Err("an unexpected answer".into());
            }
        }
        Ok(())
    })
}
