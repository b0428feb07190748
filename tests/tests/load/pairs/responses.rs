//! Handlers whose responses say what others must not get.

use std::collections::HashMap;

use super::{
    arguments::{A, B, generic, shows_where, tenant},
    run,
};
use axum::{
    Router,
    extract::{Path, Query, Request},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use axum_extra::{TypedHeader, headers};
use cached_handler::{DoNotStore, FreshFor, Policy, cached, secs};

#[cached(ttl = 60)]
pub(super) async fn sets_cookie() -> Response {
    ([(header::SET_COOKIE, format!("sid={}", run()))], "welcome").into_response()
}

#[cached(ttl = 60)]
pub(super) async fn adds_cookie_twice() -> Response {
    let mut response = "welcome".into_response();
    response.headers_mut().append(header::SET_COOKIE, format!("a={}", run()).parse().unwrap());
    response.headers_mut().append(header::SET_COOKIE, "b=1".parse().unwrap());
    response
}

#[cached(ttl = 60, cache_control = "public, max-age=60")]
pub(super) async fn sets_cookie_though_public() -> Response {
    ([(header::SET_COOKIE, format!("sid={}", run()))], "welcome").into_response()
}

#[cached(ttl = from_response, vary = from_response)]
pub(super) async fn forwards(request: Request) -> Response {
    let field = |name: &str| {
        request.headers().get(name).map_or_else(|| "nobody".to_owned(), |value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let body = format!("{} {} {}", field("authorization"), field("cookie"), request.uri());
    ([(header::CACHE_CONTROL, "max-age=60")], body).into_response()
}

#[cached(ttl = from_response, vary = from_response)]
pub(super) async fn forwards_by_language(headers: HeaderMap) -> Response {
    let language = headers.get("accept-language").map_or("none", |value| value.to_str().unwrap_or("junk")).to_owned();
    ([(header::CACHE_CONTROL, "max-age=60"), (header::VARY, "Accept-Language")], language).into_response()
}

#[cached(ttl = 60)]
pub(super) async fn varies_unasked() -> Response {
    ([(header::VARY, "authorization"), (header::CACHE_CONTROL, "public, max-age=60")], run().to_string()).into_response()
}

#[cached(ttl = 60, vary = "accept")]
pub(super) async fn varies_on_two_lines() -> Response {
    let mut response = run().to_string().into_response();
    response.headers_mut().append(header::VARY, "accept".parse().unwrap());
    response.headers_mut().append(header::VARY, "Cookie".parse().unwrap());
    response
}

macro_rules! says {
    ($($name:ident: $line:literal;)*) => { $(
        #[cached(ttl = 60)]
        pub(super) async fn $name() -> Response {
            ([(header::CACHE_CONTROL, $line)], run().to_string()).into_response()
        }
    )* };
}
says! {
    private: "private";
    private_cased: "Private, Max-Age=60";
    private_named: "max-age=60, private=\"x-user\"";
    no_store: "NO-STORE";
    no_cache: "no-cache";
    no_store_after_quotes: "x=\"a,b\", no-store";
    no_store_past_junk: "max-age=60;; no-store";
}

#[cached(ttl = 60)]
pub(super) async fn varies_on_anything() -> Response {
    ([(header::VARY, "*")], run().to_string()).into_response()
}

#[cached(ttl = 60, skip(request))]
pub(super) async fn answers_head_with_nothing(request: Request) -> String {
    if request.method() == Method::HEAD { String::new() } else { "the page".to_owned() }
}

macro_rules! status {
    ($($name:ident: $status:expr;)*) => { $(
        #[cached(ttl = 60)]
        pub(super) async fn $name(Query(asked): Query<HashMap<String, String>>) -> Response {
            let _ = asked;
            let run = run();
            let number = [("x-run", run.to_string())];
            if run % 2 == 0 { ($status, number, "bad").into_response() } else { (number, "good").into_response() }
        }
    )* };
}
status! {
    fails: StatusCode::INTERNAL_SERVER_ERROR;
    refuses: StatusCode::BAD_REQUEST;
    is_missing: StatusCode::NOT_FOUND;
    has_nothing: StatusCode::NO_CONTENT;
    is_limited: StatusCode::TOO_MANY_REQUESTS;
    is_partial: StatusCode::PARTIAL_CONTENT;
    is_unchanged: StatusCode::NOT_MODIFIED;
}

const SHORT_404: Policy = Policy::new().status(404, secs(5));

#[cached(ttl = 60, policy = SHORT_404)]
pub(super) async fn by_policy(Path(id): Path<u64>) -> Response {
    if id == 1 { (StatusCode::NOT_FOUND, "no such page").into_response() } else { id.to_string().into_response() }
}

#[cached(ttl = 60)]
pub(super) async fn not_to_be_stored() -> (DoNotStore, FreshFor, String) {
    (DoNotStore, FreshFor(secs(60)), run().to_string())
}

mod one {
    #[super::cached(ttl = 60)]
    pub async fn list() -> &'static str {
        "one"
    }
}

mod two {
    #[super::cached(ttl = 60)]
    pub async fn list() -> &'static str {
        "two"
    }
}

/// Dispatches one path to different handlers by a field: what a router by version would do.
pub(super) async fn by_version(request: Request) -> Response {
    use tower::ServiceExt;
    let inner = if request.headers().contains_key("x-two") {
        Router::new().route("/list", get(two::list)).route("/of", get(B::list)).route("/generic", get(generic::<2>))
    } else {
        Router::new().route("/list", get(one::list)).route("/of", get(A::list)).route("/generic", get(generic::<1>))
    };
    inner.oneshot(request).await.into_response()
}

/// Rewrites `/fr/page` and `/de/page` to `/page`, outside of the router that has the handler.
pub(super) async fn by_language(mut request: Request) -> Response {
    use tower::ServiceExt;
    let inner = Router::new().route("/page", get(tenant));
    *request.uri_mut() = "/page".parse().unwrap();
    inner.oneshot(request).await.into_response()
}

/// Takes the query away, outside of the router that has the handler.
pub(super) async fn without_query(mut request: Request) -> Response {
    use tower::ServiceExt;
    let inner = Router::new().route("/where", get(shows_where));
    *request.uri_mut() = "/where".parse().unwrap();
    inner.oneshot(request).await.into_response()
}

#[cached(ttl = 60)]
pub(super) async fn reflects_forwarded_host(forwarded: Option<TypedHeader<headers::Host>>) -> String {
    format!("{:?}", forwarded.map(|host| host.0.to_string()))
}
