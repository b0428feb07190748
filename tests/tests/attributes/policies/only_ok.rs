//! `only_ok`: what a handler returns as `Err` is not stored.

use super::{caches, not_stored};
use axum::{
    Json, Router,
    body::Body,
    extract::Path,
    http::{Method, Request, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{any, get},
};
use cached_handler::{
    Cache, NotStored, Policy, cached, secs,
    testing::{assert_hit, assert_miss},
};
use cached_handler_tests::harness::{ask, text};
use tower::ServiceExt;

#[derive(serde::Serialize)]
struct Answer {
    id: u32,
}

/// As GraphQL: a failure has the status 200, too.
#[cached(ttl = 60, only_ok)]
async fn only_ok(Path(id): Path<u32>) -> Result<Json<Answer>, Json<&'static str>> {
    if id < 9 { Ok(Json(Answer { id })) } else { Err(Json("no such thing")) }
}

#[cached(ttl = 60, only_ok, collapse = "inline")]
async fn only_ok_inline(Path(id): Path<u32>) -> axum::response::Result<Html<String>> {
    if id < 9 { Ok(Html(id.to_string())) } else { Err((StatusCode::OK, Html("none")).into()) }
}

/// Without the word, it is the status that counts.
#[cached(ttl = 60)]
async fn all_alike(Path(id): Path<u32>) -> Result<String, &'static str> {
    if id < 9 { Ok(id.to_string()) } else { Err("none") }
}

const ONLY_OK: Policy = Policy::new().only_ok().status(404, secs(60));

#[cached(ttl = 60, policy = ONLY_OK)]
async fn by_policy(Path(id): Path<u32>) -> Result<(StatusCode, String), StatusCode> {
    if id < 9 { Ok((StatusCode::NOT_FOUND, id.to_string())) } else { Err(StatusCode::NOT_FOUND) }
}

/// A generic result, and one that is hidden.
#[cached(ttl = 60, policy = ONLY_OK)]
async fn hidden(Path(id): Path<u32>) -> Result<impl IntoResponse, impl IntoResponse> {
    if id < 9 { Ok(id.to_string()) } else { Err("none") }
}

fn failing() -> Router {
    Router::new()
        .route("/only-ok/{id}", get(only_ok))
        .route("/inline/{id}", get(only_ok_inline))
        .route("/all-alike/{id}", get(all_alike))
        .route("/by-policy/{id}", get(by_policy))
        .route("/hidden/{id}", get(hidden))
}

async fn stores_no_err(app: &Router, path: &str) {
    assert_miss!(ask(app, &format!("{path}/1")).await);
    assert_hit!(ask(app, &format!("{path}/1")).await);
    for _ in 0..2 {
        assert_eq!(not_stored(&ask(app, &format!("{path}/9")).await), Some(&NotStored::Err), "{path}");
    }
}

#[tokio::test]
async fn no_err_is_stored_whatever_its_status() {
    for cache in caches(|builder| builder) {
        let app = failing().layer(cache.layer());
        for path in ["/only-ok", "/inline", "/by-policy", "/hidden"] {
            stores_no_err(&app, path).await;
        }
        assert_miss!(ask(&app, "/all-alike/9").await);
        assert_hit!(ask(&app, "/all-alike/9").await);
    }
}

#[cached(ttl = from_response, vary = from_response, only_ok)]
async fn forwards(request: Request<Body>) -> Result<Response, Response> {
    let fresh = (header::CACHE_CONTROL, "max-age=60");
    if request.uri().path() == "/busy" {
        return Err((StatusCode::SERVICE_UNAVAILABLE, [fresh]).into_response());
    }
    if *request.method() == Method::POST {
        return Err(([fresh, (header::CONTENT_LOCATION, "/posted")], "an error").into_response());
    }
    Ok(([fresh], "well").into_response())
}

/// Neither for itself, of whatever status, nor in the place of what GET would be given.
#[tokio::test]
async fn no_err_is_stored_whatever_it_states() {
    for cache in caches(|builder| builder) {
        let app = Router::new().route("/posted", any(forwards)).route("/busy", get(forwards)).layer(cache.layer());
        let post = Request::post("/posted").header(header::HOST, "site").body(Body::empty()).unwrap();
        assert_eq!(text(app.clone().oneshot(post).await.unwrap()).await, "an error");
        let asked = Request::get("/posted").header(header::HOST, "site").body(Body::empty()).unwrap();
        assert_eq!(text(app.clone().oneshot(asked).await.unwrap()).await, "well");
        for _ in 0..2 {
            assert_eq!(not_stored(&ask(&app, "/busy").await), Some(&NotStored::Err));
        }
    }
}

#[tokio::test]
async fn no_err_of_any_handler_is_stored_where_the_cache_says_so() {
    for cache in caches(|builder| builder.policy(Policy::new().only_ok())) {
        stores_no_err(&failing().layer(cache.layer()), "/all-alike").await;
    }
}

#[tokio::test]
async fn nothing_lies_beside_an_err_that_is_sent() {
    let off = Cache::builder().off().build().await.unwrap();
    let [cache, _] = caches(|builder| builder);
    let plain = failing().layer(axum::Extension(off));
    let app = failing().layer(cache.layer());
    for path in ["/only-ok/9", "/all-alike/9"] {
        // The outcome, and no more.
        assert_eq!((ask(&plain, path).await.extensions().len(), ask(&app, path).await.extensions().len()), (1, 1), "{path}");
    }
}
