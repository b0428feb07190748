//! The routes of the attribute and of the layer, and the handlers behind them.

use std::{sync::Arc, time::Duration};

use super::{
    super::source::{LONGEST, Source},
    Inside,
};
use axum::{
    Extension, Router,
    body::Body,
    extract::{FromRequestParts, Path, State},
    http::{HeaderMap, Request, StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{Cache, CacheKey, CacheLayer, Policy, cached, secs};
use http_body_util::BodyExt;
use tower::ServiceExt;

const POLICY: Policy = Policy::new().jitter(0).max_body(LONGEST);
const PLAIN: Policy = POLICY.name("plain");
const BEHIND: Policy = POLICY.name("behind");
const INSTEAD: Policy = POLICY.name("instead");
const HASTY: Policy = POLICY.name("hasty").max_wait(Duration::ZERO);

#[cached(ttl = 60, group = ["pages", "page:{id}"], policy = PLAIN)]
async fn plain(State(source): State<Arc<Source>>, Path(id): Path<String>) -> Response {
    source.answer().await
}

#[cached(ttl = 60, group = ["pages", "page:{id}"], stale_while_revalidate = 60, policy = BEHIND)]
async fn behind(State(source): State<Arc<Source>>, Path(id): Path<String>) -> Response {
    source.answer().await
}

#[cached(ttl = 60, group = ["pages", "page:{id}"], stale_if_error = 60, policy = INSTEAD)]
async fn instead(State(source): State<Arc<Source>>, Path(id): Path<String>) -> Response {
    source.answer().await
}

#[cached(ttl = 60, group = ["pages", "page:{id}"], policy = HASTY)]
async fn hasty(State(source): State<Arc<Source>>, Path(id): Path<String>) -> Response {
    source.answer().await
}

#[cached(ttl = 60, group = "wholes", policy = POLICY)]
async fn whole(Extension(inside): Extension<Inside>, State(source): State<Arc<Source>>, Path(id): Path<String>) -> Response {
    let part = inside.0.oneshot(Request::get(format!("/plain/{id}")).body(Body::empty()).unwrap()).await.unwrap();
    let part = part.into_body().collect().await.unwrap().to_bytes();
    let own = source.run().await.unwrap();
    format!("{own} of {}", String::from_utf8_lossy(&part)).into_response()
}

#[cached(ttl = 60, group = "pages", vary = "accept-language")]
async fn by_language(State(source): State<Arc<Source>>, Path(_): Path<String>, _fields: HeaderMap) -> Response {
    source.answer().await
}

async fn uncached(State(source): State<Arc<Source>>, Path(_): Path<String>) -> Response {
    source.answer().await
}

/// Refuses whoever says that he is refused, and shows nothing else.
#[derive(CacheKey)]
struct Allowed;

impl<S: Sync> FromRequestParts<S> for Allowed {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        if parts.headers.contains_key("x-refused") { Err(StatusCode::FORBIDDEN) } else { Ok(Self) }
    }
}

#[cached(ttl = 60, group = "pages", stale_while_revalidate = 60, policy = POLICY)]
async fn guarded(_allowed: Allowed, State(source): State<Arc<Source>>, Path(_): Path<String>) -> Response {
    source.answer().await
}

pub(super) fn attribute() -> Router<Arc<Source>> {
    Router::new()
        .route("/guarded/{id}", get(guarded))
        .route("/plain/{id}", get(plain))
        .route("/behind/{id}", get(behind))
        .route("/instead/{id}", get(instead))
        .route("/hasty/{id}", get(hasty))
        .route("/whole/{id}", get(whole))
        .route("/language/{id}", get(by_language))
}

pub(super) fn layered(cache: &Cache) -> Router<Arc<Source>> {
    let layer = |name| {
        let policy = if name == "hasty" { HASTY } else { POLICY };
        let layer = CacheLayer::new(name, secs(60)).cache(cache.clone()).policy(policy);
        let page = |path: &str| format!("page:{}", path.rsplit('/').next().unwrap_or(path));
        layer.group("pages").groups(move |request| vec![page(request.uri.path())])
    };
    let route = |path, layer| Router::new().route(path, get(uncached)).layer(layer);
    route("/plain/{id}", layer("plain"))
        .merge(route("/behind/{id}", layer("behind").stale_while_revalidate(secs(60))))
        .merge(route("/instead/{id}", layer("instead").stale_if_error(secs(60))))
        .merge(route("/hasty/{id}", layer("hasty")))
        .merge(route("/language/{id}", layer("language").vary(["accept-language"])))
}
