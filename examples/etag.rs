//! Entity tags: `ETag`, `If-None-Match` and the answer 304, which spares the content.
//!
//! ```console
//! # A cached handler has nothing to do: its content is the tag.
//! $ curl -i --etag-save tag localhost:3000/pages/1
//! HTTP/1.1 200 OK
//! etag: "…"
//! $ curl -i --etag-compare tag localhost:3000/pages/1
//! HTTP/1.1 304 Not Modified
//! # A handler that knows the version of its answer makes a tag from it. When the response is stale, the handler is asked whether
//! # the tag is still current; it says so without doing its work, and the stored response is fresh again.
//! $ curl -i localhost:3000/reports/1
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=uri-miss; stored
//!
//! a long report on version 1
//! $ sleep 6
//! $ curl -i localhost:3000/reports/1
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=stale; fwd-status=304; stored
//!
//! a long report on version 1
//! # Another version is another tag, so that the work has to be done.
//! $ curl -X POST localhost:3000/edit
//! $ sleep 6
//! $ curl -i localhost:3000/reports/1
//! HTTP/1.1 200 OK
//! cache-status: demo; fwd=stale; stored
//!
//! a long report on version 2
//! # Without a cache: the tag is compared by hand.
//! $ curl -i --etag-save tag localhost:3000/drafts/1
//! HTTP/1.1 200 OK
//! etag: "…"
//! $ curl -i --etag-compare tag localhost:3000/drafts/1
//! HTTP/1.1 304 Not Modified
//! etag: "…"
//! $ curl -X POST localhost:3000/edit
//! $ curl -i --etag-compare tag localhost:3000/drafts/1
//! HTTP/1.1 200 OK
//!
//! a draft of version 3
//! ```

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::ETAG},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use cached_handler::{Cache, EntityTag, Preconditions, Revalidate, cached, invalidates};
use cached_handler_serving::serve;

/// The version that everything here is at.
type Version = Arc<AtomicU64>;

#[cached(ttl = "1h")]
async fn page(State(version): State<Version>, Path(id): Path<u64>) -> String {
    format!("page {id} of version {}\n", version.load(Ordering::SeqCst))
}

#[cached(ttl = 5)]
async fn report(State(version): State<Version>, Path(id): Path<u64>, held: Revalidate) -> Response {
    let version = version.load(Ordering::SeqCst);
    let tag = tag_of(id, version);
    if held.has(&tag) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([(ETAG, tag.to_header_value())], format!("a long report on version {version}\n")).into_response()
}

/// No `#[cached]`: `Preconditions` says whether the client has the tag. A 304 names it, too.
async fn draft(State(version): State<Version>, Path(id): Path<u64>, headers: HeaderMap) -> Response {
    let version = version.load(Ordering::SeqCst);
    let tag = tag_of(id, version);
    let fields = [(ETAG, tag.to_header_value())];
    if Preconditions::of(&headers).not_modified(Some(&tag), None) {
        return (StatusCode::NOT_MODIFIED, fields).into_response();
    }
    (fields, format!("a draft of version {version}\n")).into_response()
}

#[invalidates(handler = page)]
async fn edit(State(version): State<Version>) {
    version.fetch_add(1, Ordering::SeqCst);
}

/// A tag that is the same in every process, so that a client may be served by another one next time.
fn tag_of(id: u64, version: u64) -> EntityTag {
    EntityTag::of(format!("{id} {version}").as_bytes())
}

/// The application.
pub fn app() -> Router {
    Router::new()
        .route("/pages/{id}", get(page))
        .route("/reports/{id}", get(report))
        .route("/drafts/{id}", get(draft))
        .route("/edit", post(edit))
        .with_state(Version::new(1.into()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("etag.rs")).await?)
}
