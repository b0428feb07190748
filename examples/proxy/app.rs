//! A caching reverse proxy: one handler, which sends a request on to another server, and whose answers say themselves how
//! long they are fresh and what they depend on.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, Version, header,
        uri::{Authority, PathAndQuery, Scheme},
    },
    response::{IntoResponse, Response},
};
use cached_handler::{ETag, Policy, cached};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// The proxy for a server. Any method and any path is sent on.
pub fn app(upstream: Upstream) -> Router {
    Router::new().fallback(forward).with_state(upstream)
}

/// The server that requests are sent on to.
#[derive(Debug, Clone)]
pub struct Upstream {
    client: Client<HttpConnector, Body>,
    authority: Authority,
}

/// What makes it a shared cache by the letter of RFC 9111: a response that says nothing of its freshness is fresh for a tenth
/// of the time since it was modified, requests may say how fresh an answer they want, responses say in `Vary` whether
/// cookies matter; lifetimes and entity tags are the server's own. Servers speak to caches before them by
/// `CDN-Cache-Control`, and older ones by `Surrogate-Control`: either counts in place of `Cache-Control` (RFC 9213).
pub const PROXY: Policy = Policy::new()
    .heuristic()
    .honor_request_directives()
    .cookies_by_vary()
    .targeted_fields(&["surrogate-control", "cdn-cache-control"])
    .vary_by_meaning(&["accept", "accept-charset", "accept-encoding", "accept-language"])
    .jitter(0)
    .etag(ETag::Off);

/// Forwards a request. This is all that the cache needs: a stored response answers later requests, a stale one is revalidated with its own
/// validator, and a request with an unsafe method invalidates the stored responses of its path. If the server fails, a response that was
/// fresh within the last hour stands in for its answer.
#[cached(ttl = from_response, vary = from_response, stale_if_error = "1h", policy = PROXY)]
async fn forward(State(upstream): State<Upstream>, request: Request) -> Response {
    upstream.answer(request).await
}

impl Upstream {
    /// A server at `authority`, such as `localhost:8080`, by HTTP/1.1.
    #[must_use]
    pub fn at(authority: Authority) -> Self {
        Self::with(authority, Client::builder(TokioExecutor::new()))
    }

    /// A proxy that opens a connection for each request: for servers that close idle ones without notice.
    #[must_use]
    pub fn without_idle_connections(authority: Authority) -> Self {
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_max_idle_per_host(0);
        Self::with(authority, client)
    }

    fn with(authority: Authority, mut client: hyper_util::client::legacy::Builder) -> Self {
        // The cache asked for one run of the handler; the server is to see one request.
        client.retry_canceled_requests(false);
        Self { client: client.build_http(), authority }
    }

    /// The server's answer; 502 if it cannot be reached.
    pub async fn answer(&self, request: Request) -> Response {
        match self.send(request).await {
            Ok(response) => response,
            Err(error) => (StatusCode::BAD_GATEWAY, format!("{}\n", Failure(&error))).into_response(),
        }
    }

    async fn send(&self, mut request: Request) -> Result<Response, hyper_util::client::legacy::Error> {
        let target = self.target(request.uri());
        if let Some(asked) = request.uri().authority()
            && let Ok(host) = HeaderValue::from_str(asked.as_str())
        {
            // HTTP/2 names the host in the target alone.
            request.headers_mut().insert(header::HOST, host);
        }
        *request.uri_mut() = target;
        *request.version_mut() = Version::HTTP_11;
        drop_hop_by_hop(request.headers_mut());
        request.headers_mut().append(header::VIA, HeaderValue::from_static("1.1 cached-handler"));

        let mut response = self.client.request(request).await?.map(Body::new);
        // The version is this hop's own (RFC 9110 §2.5).
        *response.version_mut() = Version::default();
        drop_hop_by_hop(response.headers_mut());
        Ok(response)
    }

    fn target(&self, asked: &Uri) -> Uri {
        let mut parts = axum::http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(asked.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")));
        Uri::from_parts(parts).unwrap_or_default()
    }
}

/// Fields that concern one connection, and those that `Connection` names (RFC 9110 §7.6.1), are not sent on; every other
/// line is.
fn drop_hop_by_hop(fields: &mut HeaderMap) {
    let lines = fields.get_all(header::CONNECTION).iter().filter_map(|line| line.to_str().ok());
    let named: Vec<HeaderName> = lines.flat_map(|line| line.split(',')).filter_map(|name| name.trim().parse().ok()).collect();
    for name in named {
        fields.remove(name);
    }
    for name in [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ] {
        fields.remove(name);
    }
}

/// An error with everything that led to it.
struct Failure<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
