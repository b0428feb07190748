//! The layers that authors put around their handlers, all at once: added to a router, or standing around it.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode},
    middleware::map_response,
    response::Response,
};
use tower::{Layer, ServiceBuilder, util::BoxCloneSyncService};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
    decompression::RequestDecompressionLayer,
    limit::RequestBodyLimitLayer,
    normalize_path::NormalizePathLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};

/// Whatever answers requests.
pub type App = BoxCloneSyncService<Request, Response, Infallible>;

/// Where the layers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// None of them.
    Bare,
    /// `Router::layer`, one after another.
    Within,
    /// A `ServiceBuilder` around the router, as it is documented for those that have to see each request.
    Around,
}

const LONG: Duration = Duration::from_secs(120);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub fn app(router: Router, order: Order) -> App {
    match order {
        Order::Bare => App::new(router),
        Order::Within => App::new(NormalizePathLayer::trim_trailing_slash().layer(within(router))),
        Order::Around => around(router),
    }
}

/// The innermost first.
fn within(router: Router) -> Router {
    router
        .layer(map_response(appends))
        .layer(RequestBodyLimitLayer::new(1 << 20))
        .layer(RequestDecompressionLayer::new())
        .layer(SetResponseHeaderLayer::if_not_present(SET, HeaderValue::from_static("1")))
        .layer(CompressionLayer::new())
        .layer(cors())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONG))
        .layer(CatchPanicLayer::new())
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(TraceLayer::new_for_http())
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
}

fn around(router: Router) -> App {
    let stack = ServiceBuilder::new()
        .map_response(|response: axum::http::Response<_>| response.map(Body::new))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(TraceLayer::new_for_http())
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONG))
        .map_response(|response: axum::http::Response<_>| response.map(Body::new))
        .layer(cors())
        .layer(CompressionLayer::new())
        .layer(SetResponseHeaderLayer::if_not_present(SET, HeaderValue::from_static("1")))
        .layer(NormalizePathLayer::trim_trailing_slash())
        .map_response(|response: axum::http::Response<_>| response.map(Body::new))
        .layer(RequestDecompressionLayer::new())
        .map_response(|response: axum::http::Response<_>| response.map(Body::new))
        .layer(RequestBodyLimitLayer::new(1 << 20))
        .map_request(|request: axum::http::Request<_>| request.map(Body::new));
    App::new(stack.service(router.layer(map_response(appends))))
}

pub const SET: HeaderName = HeaderName::from_static("x-set");

fn cors() -> CorsLayer {
    CorsLayer::new().allow_origin(AllowOrigin::any()).vary([])
}

/// A line at the end of each page, as a middleware adds it that injects a script.
pub const LINE: &str = "<script src=\"/injected.js\"></script>";

async fn appends(response: Response) -> Response {
    let is_page = response.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if response.status() != StatusCode::OK || !is_page {
        return response;
    }
    let (parts, body) = response.into_parts();
    let content = to_bytes(body, usize::MAX).await.expect("content");
    // A HEAD's.
    if content.is_empty() {
        return Response::from_parts(parts, Body::from(content));
    }
    Response::from_parts(parts, Body::from([&content, LINE.as_bytes()].concat()))
}

/// What the layers add to a response, which its handler does not know of.
#[allow(dead_code, reason = "each of the programs that share this asks for something else")]
pub const ADDED: [&str; 3] = ["x-request-id", "x-set", "access-control-allow-origin"];
