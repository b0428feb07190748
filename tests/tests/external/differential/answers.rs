//! Handlers by what they answer: statuses, fields, streams, lifetimes, tags, groups.

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use bytes::Bytes;
use cached_handler::{CacheGroups, DoNotStore, ETag, FreshFor, Policy, cached, secs};
use http_body::Frame;

use super::{
    model::{CELLS, Model, date},
    plan::{Shape, shape},
    site::{Frames, with_fields},
};

const STATUSES: [u16; 12] = [200, 203, 301, 308, 404, 410, 204, 201, 302, 307, 500, 503];
const NAMED: Policy = Policy::new().status(404, secs(60)).status(204, secs(60)).status(302, secs(5));

fn by_its_value(model: &Model, id: u32) -> Response {
    let status = StatusCode::from_u16(STATUSES[model.value(id) as usize % STATUSES.len()]).expect("a status");
    let mut response = (status, [("location", "/new"), ("x-own", "1")], model.shown(id)).into_response();
    if status == 204 {
        *response.body_mut() = Body::empty();
    }
    response
}

#[cached(ttl = 60, group = "cell:{id}", uncached = statuses_bare)]
async fn statuses(State(model): State<Model>, Path(id): Path<u32>) -> Response {
    by_its_value(&model, id)
}

#[cached(ttl = 60, group = "cell:{id}", policy = NAMED, uncached = named_statuses_bare)]
async fn named_statuses(State(model): State<Model>, Path(id): Path<u32>) -> Response {
    by_its_value(&model, id)
}

#[cached(ttl = 60, group = "cell:{id}", uncached = streamed_bare)]
async fn streamed(State(model): State<Model>, Path(id): Path<u32>) -> Response {
    let shown = model.shown(id);
    let (first, second) = shown.split_at(shown.len() / 2);
    with_fields([("content-type", &b"text/plain"[..])], Frames::of(&[first, "", second]))
}

#[cached(ttl = 60, uncached = with_trailers_bare)]
async fn with_trailers() -> Frames {
    let trailers = HeaderMap::from_iter([(HeaderName::from_static("x-checksum"), HeaderValue::from_static("5"))]);
    Frames([Frame::data(Bytes::from_static(b"hello")), Frame::trailers(trailers)].into_iter().collect())
}

#[cached(ttl = 60, group = "cell:{id}", uncached = own_tag_bare)]
async fn own_tag(State(model): State<Model>, Path(id): Path<u32>) -> impl IntoResponse {
    ([("etag", format!("\"{}\"", model.value(id)))], model.shown(id))
}

#[cached(ttl = 60, group = "cell:{id}", uncached = own_weak_tag_bare)]
async fn own_weak_tag(State(model): State<Model>, Path(id): Path<u32>) -> impl IntoResponse {
    ([("etag", format!("W/\"{}\"", model.value(id)))], model.shown(id))
}

#[cached(ttl = 60, group = "cell:{id}", uncached = own_date_bare)]
async fn own_date(State(model): State<Model>, Path(id): Path<u32>) -> impl IntoResponse {
    ([("last-modified", date(model.value(id)))], model.shown(id))
}

#[cached(ttl = 60, group = "cell:{id}", uncached = own_lifetime_bare)]
async fn own_lifetime(State(model): State<Model>, Path(id): Path<u32>) -> Response {
    const SAID: [&str; 7] = ["max-age=60", "no-store", "private", "public, max-age=5", "no-cache", "s-maxage=9, max-age=1", "max-age=0"];
    let said = SAID[model.value(id) as usize % SAID.len()];
    let status = if model.value(id) % 5 == 4 { StatusCode::NOT_FOUND } else { StatusCode::OK };
    (status, [("cache-control", said)], model.shown(id)).into_response()
}

#[cached(ttl = 60, group = "cell:{id}", uncached = with_a_cookie_bare)]
async fn with_a_cookie(State(model): State<Model>, Path(id): Path<u32>) -> impl IntoResponse {
    ([("set-cookie", "sid=1")], model.shown(id))
}

#[cached(ttl = 60, group = "cell:{id}", vary = "accept-language", uncached = own_vary_bare)]
async fn own_vary(State(model): State<Model>, Path(id): Path<u32>, fields: HeaderMap) -> impl IntoResponse {
    let language = if fields.get("accept-language").is_some_and(|value| value == "de") { "de" } else { "en" };
    ([("vary", "Accept-Language"), ("content-language", language)], format!("{} {language}", model.shown(id)))
}

#[cached(ttl = 60, uncached = undeclared_vary_bare)]
async fn undeclared_vary() -> impl IntoResponse {
    ([("vary", "x-other")], "hello")
}

#[cached(ttl = 60, group = "cell:{id}", cache_control = "public, max-age=60", uncached = told_bare)]
async fn told(State(model): State<Model>, Path(id): Path<u32>) -> String {
    model.shown(id)
}

const OFF: Policy = Policy::new().etag(ETag::Off);
const WEAK: Policy = Policy::new().etag(ETag::Weak);

#[cached(ttl = 60, group = "cell:{id}", policy = OFF, uncached = without_a_tag_bare)]
async fn without_a_tag(State(model): State<Model>, Path(id): Path<u32>) -> String {
    model.shown(id)
}

#[cached(ttl = 60, group = "cell:{id}", policy = WEAK, uncached = weakly_tagged_bare)]
async fn weakly_tagged(State(model): State<Model>, Path(id): Path<u32>) -> String {
    model.shown(id)
}

#[cached(ttl = 10, group = "cell:{id}", stale_while_revalidate = "1m", stale_if_error = "1h", uncached = stale_bare)]
async fn stale(State(model): State<Model>, Path(id): Path<u32>) -> String {
    model.shown(id)
}

#[cached(ttl = 60, uncached = own_groups_bare)]
async fn own_groups(State(model): State<Model>, Path(id): Path<u32>) -> impl IntoResponse {
    (CacheGroups::of([format!("cell:{id}")]), model.shown(id))
}

#[cached(ttl = 60, group = "cell:{id}", uncached = fresh_for_bare)]
async fn fresh_for(State(model): State<Model>, Path(id): Path<u32>) -> impl IntoResponse {
    (FreshFor(secs(u64::from(model.value(id) % 4) * 10)), model.shown(id))
}

#[cached(ttl = 60, group = "cell:{id}", uncached = not_stored_bare)]
async fn not_stored(State(model): State<Model>, Path(id): Path<u32>) -> impl IntoResponse {
    (DoNotStore, [("etag", format!("\"{}\"", model.value(id)))], model.shown(id))
}

#[cached(ttl = 60, group = "cell:{id}", uncached = large_bare)]
async fn large(State(model): State<Model>, Path(id): Path<u32>) -> String {
    model.shown(id).repeat(200)
}

#[cached(ttl = 60, group = "cell:{id}", uncached = coded_bare)]
async fn coded(State(model): State<Model>, Path(id): Path<u32>) -> impl IntoResponse {
    ([("content-encoding", "x-own"), ("content-language", "de")], model.shown(id))
}

#[cached(ttl = 60, group = "cell:{id}", uncached = many_fields_bare)]
async fn many_fields(State(model): State<Model>, Path(id): Path<u32>) -> Response {
    let fields: [(&str, &[u8]); 8] = [
        ("x-latin", b"caf\xe9"),
        ("x-empty", b""),
        ("link", b"</b>; rel=next"),
        ("link", b"</a>; rel=prev"),
        ("link", b"</b>; rel=next"),
        ("content-type", b"application/octet-stream"),
        ("content-location", b"/elsewhere"),
        ("expires", b"Fri, 01 Jan 2100 00:00:00 GMT"),
    ];
    with_fields(fields, model.shown(id))
}

#[cached(ttl = from_response, vary = from_response, group = "cell:{id}", uncached = forwarded_bare)]
async fn forwarded(State(model): State<Model>, Path(id): Path<u32>, request: Request) -> Response {
    let language = request.headers().get("accept-language").map_or("none", |value| value.to_str().unwrap_or_default()).to_owned();
    let fields = [("cache-control", "max-age=20".to_owned()), ("vary", "accept-language".to_owned()), ("x-language", language)];
    (fields, model.shown(id)).into_response()
}

/// A resource as another server has it: every method on one path, and it answers conditions itself.
#[cached(ttl = from_response, vary = from_response, uncached = resource_bare)]
async fn resource(State(model): State<Model>, Path(id): Path<u32>, request: Request) -> Response {
    let id = 3 * CELLS + id;
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_safe {
        model.write(id);
    }
    let tag = format!("\"{}\"", model.value(id));
    let own = request.uri().path().to_owned();
    let fields = [("cache-control", "max-age=20".to_owned()), ("etag", tag.clone())];
    let is_known = request.headers().get("if-none-match").is_some_and(|known| known.as_bytes() == tag.as_bytes());
    match request.method().as_str() {
        "GET" | "HEAD" if is_known => (StatusCode::NOT_MODIFIED, fields).into_response(),
        "GET" | "HEAD" => (fields, model.shown(id)).into_response(),
        "POST" => (fields, [("content-location", own)], model.shown(id)).into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

pub fn shapes() -> Vec<Shape> {
    vec![
        shape("statuses", "/{id}", || get(statuses), || get(statuses_bare)),
        shape("named_statuses", "/{id}", || get(named_statuses), || get(named_statuses_bare)),
        shape("streamed", "/{id}", || get(streamed), || get(streamed_bare)),
        shape("with_trailers", "/{id}", || get(with_trailers), || get(with_trailers_bare)),
        shape("own_tag", "/{id}", || get(own_tag), || get(own_tag_bare)),
        shape("own_weak_tag", "/{id}", || get(own_weak_tag), || get(own_weak_tag_bare)),
        shape("own_date", "/{id}", || get(own_date), || get(own_date_bare)),
        shape("own_lifetime", "/{id}", || get(own_lifetime), || get(own_lifetime_bare)),
        shape("with_a_cookie", "/{id}", || get(with_a_cookie), || get(with_a_cookie_bare)),
        shape("own_vary", "/{id}", || get(own_vary), || get(own_vary_bare)),
        shape("undeclared_vary", "/{id}", || get(undeclared_vary), || get(undeclared_vary_bare)),
        shape("told", "/{id}", || get(told), || get(told_bare)),
        shape("without_a_tag", "/{id}", || get(without_a_tag), || get(without_a_tag_bare)),
        shape("weakly_tagged", "/{id}", || get(weakly_tagged), || get(weakly_tagged_bare)),
        shape("stale", "/{id}", || get(stale), || get(stale_bare)),
        shape("own_groups", "/{id}", || get(own_groups), || get(own_groups_bare)),
        shape("fresh_for", "/{id}", || get(fresh_for), || get(fresh_for_bare)),
        shape("not_stored", "/{id}", || get(not_stored), || get(not_stored_bare)),
        shape("large", "/{id}", || get(large), || get(large_bare)),
        shape("coded", "/{id}", || get(coded), || get(coded_bare)),
        shape("many_fields", "/{id}", || get(many_fields), || get(many_fields_bare)),
        shape("forwarded", "/{id}", || get(forwarded), || get(forwarded_bare)),
    ]
}

/// At the top of the router, as it names its own path.
pub fn at_the_top() -> Shape {
    shape("resource", "/{id}", || any(resource), || any(resource_bare))
}
