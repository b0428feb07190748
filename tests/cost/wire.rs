//! One program for what a hit costs on the wire: a server on a free port, which ends with its standard input.
//!
//! `wire ready|hit|layer` prints its address. All three answer the same lines and content through a router: a handler that has
//! them ready, the attribute, and the layer around the router.

use std::{future::Future, io::Read, sync::Arc};

use axum::{
    Router, ServiceExt,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, HeaderValue},
    response::Response,
    routing::get,
};
use bytes::Bytes;
use cached_handler::{CacheLayer, cached, secs};
use tokio::net::TcpListener;

#[derive(Clone)]
struct Db;

#[derive(serde::Deserialize)]
struct Page {
    page: u32,
    sort: Option<String>,
}

fn page_of(id: u64, page: &Page) -> Response {
    let mut response = Response::new(format!("{id} {} {:?} {:x>1000}", page.page, page.sort, "").into());
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cached(ttl = 600, group = ["articles", "article:{id}", "pages"])]
async fn hit(State(_db): State<Db>, Path(id): Path<u64>, Query(page): Query<Page>) -> Response {
    page_of(id, &page)
}

async fn page(Path(id): Path<u64>, Query(page): Query<Page>) -> Response {
    page_of(id, &page)
}

/// What a hit answers, to be cloned once for each request.
struct Answer {
    fields: HeaderMap,
    content: Bytes,
}

async fn ready(State(answer): State<Arc<Answer>>, Path(_id): Path<u64>, Query(_page): Query<Page>) -> Response {
    let mut response = Response::new(answer.content.clone().into());
    *response.headers_mut() = answer.fields.clone();
    response
}

fn answer() -> Answer {
    let lines = [
        ("content-type", "text/plain; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("date", "Tue, 24 Nov 2026 01:00:00 GMT"),
        ("etag", "\"0123456789abcdef0123456789abcdef\""),
        ("age", "0"),
    ];
    let fields = lines.map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_bytes(value.as_bytes()).expect("a value")));
    Answer { fields: fields.into_iter().collect(), content: format!("{:x>1016}", "").into() }
}

#[tokio::main]
async fn main() {
    let case = std::env::args().nth(1).unwrap_or_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    let server: std::pin::Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>> = match case.as_str() {
        "ready" => Box::pin(axum::serve(listener, Router::new().route("/{id}", get(ready)).with_state(Arc::new(answer()))).into_future()),
        "hit" => Box::pin(axum::serve(listener, Router::new().route("/{id}", get(hit)).with_state(Db)).into_future()),
        "layer" => {
            let layer = CacheLayer::new("layer", secs(600)).group("articles").group("article:42").group("pages");
            let app = layer.around(Router::new().route("/{id}", get(page)));
            Box::pin(axum::serve(listener, ServiceExt::<Request>::into_make_service(app)).into_future())
        }
        _ => panic!("usage: wire ready|hit|layer"),
    };
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    tokio::select! {
        outcome = server => outcome.expect("a server"),
        _ = ended => {}
    }
}
