//! Methods, content on GET, and requests for a part or on a condition.

use axum::{
    Form, Router,
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::{any, get as on_get},
};
use cached_handler::{OnMiss, Rejected, cached};
use serde::Deserialize;
use tower::Layer;

use super::{
    case::{Attack, Runs, attack},
    wire::{App, Ask, app, ask, get},
};

#[cached(ttl = 60)]
async fn page() -> &'static str {
    "the whole page"
}

/// Saves itself work on HEAD.
#[cached(ttl = 60)]
async fn by_method(method: Method) -> Response {
    if method == Method::HEAD { ([("x-method", "HEAD")], "").into_response() } else { format!("by {method}").into_response() }
}

#[cached(ttl = 60, skip(method))]
async fn skipped_method(method: Method) -> String {
    if method == Method::HEAD { String::new() } else { "the whole page".to_owned() }
}

#[cached(ttl = 60)]
async fn late_method(method: OnMiss<Method>) -> Result<String, Rejected> {
    let method = method.extract().await?;
    Ok(if method == Method::HEAD { String::new() } else { format!("by {method}") })
}

#[cached(ttl = 60, vary = from_response)]
async fn by_request(request: Request) -> String {
    if request.method() == Method::HEAD { String::new() } else { format!("by {}", request.method()) }
}

#[cached(ttl = 60, skip(request))]
async fn skipped_request(request: Request) -> String {
    if request.method() == Method::HEAD { String::new() } else { format!("by {}", request.method()) }
}

#[derive(Debug, Deserialize)]
struct Name {
    name: Option<String>,
}

/// Does what a form says; on GET that is the query.
#[cached(ttl = 60)]
async fn form(Form(form): Form<Name>) -> String {
    format!("hello, {:?}", form.name)
}

#[cached(ttl = 60)]
async fn query(Query(query): Query<Name>) -> String {
    format!("hello, {:?}", query.name)
}

/// Forwards the content, too.
#[cached(ttl = 60, vary = from_response)]
async fn with_content(request: Request) -> String {
    let content = axum::body::to_bytes(request.into_body(), 1000).await.unwrap_or_default();
    format!("you said {:?}", String::from_utf8_lossy(&content))
}

/// A counter that a POST moves on.
#[cached(ttl = 60)]
async fn counter(method: Method, State(runs): State<Runs>) -> String {
    if method == Method::POST { format!("moved on by {}", runs.next()) } else { "the whole page".to_owned() }
}

const WHOLE: &str = "0123456789";

/// Answers ranges and conditions itself.
fn partly(headers: &HeaderMap) -> Response {
    if headers.contains_key("if-none-match") || headers.contains_key("if-modified-since") {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    if headers.contains_key("if-match") || headers.contains_key("if-unmodified-since") {
        return StatusCode::PRECONDITION_FAILED.into_response();
    }
    match headers.get("range").map(HeaderValue::as_bytes) {
        Some(b"bytes=0-1") => (StatusCode::PARTIAL_CONTENT, [("content-range", "bytes 0-1/10")], "01").into_response(),
        // Careless: a part, and the status of the whole.
        Some(b"bytes=2-3") => ([("content-range", "bytes 2-3/10")], "23").into_response(),
        Some(b"bytes=4-5") => (StatusCode::PARTIAL_CONTENT, [("cache-control", "public, max-age=60")], "45").into_response(),
        Some(_) => (StatusCode::RANGE_NOT_SATISFIABLE, [("content-range", "bytes */10")], "").into_response(),
        None => WHOLE.into_response(),
    }
}

#[cached(ttl = 60, vary = ["range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since"])]
async fn ranges_named(headers: HeaderMap) -> Response {
    partly(&headers)
}

#[cached(ttl = 60, skip(headers))]
async fn ranges_skipped(headers: HeaderMap) -> Response {
    partly(&headers)
}

#[cached(ttl = 60, vary = from_response)]
async fn ranges_forwarded(headers: HeaderMap) -> Response {
    partly(&headers)
}

fn serve<H: axum::handler::Handler<T, Runs>, T: 'static>(handler: H) -> Router {
    Router::new().route("/", any(handler)).with_state(Runs::default())
}

/// What some frameworks do: a field of the request decides the method.
fn overridden() -> App {
    let by_field = |mut request: Request| {
        let method = request.headers().get("x-http-method-override").and_then(|method| Method::from_bytes(method.as_bytes()).ok());
        if let Some(method) = method {
            *request.method_mut() = method;
        }
        request
    };
    app(tower::util::MapRequestLayer::new(by_field).layer(serve(by_method)))
}

/// The same inside of the router, where the method has been chosen already.
fn overridden_inside() -> Router {
    let by_field = |mut request: Request| {
        let method = request.headers().get("x-http-method-override").and_then(|method| Method::from_bytes(method.as_bytes()).ok());
        if let Some(method) = method {
            *request.method_mut() = method;
        }
        request
    };
    serve(by_method).layer(tower::util::MapRequestLayer::new(by_field))
}

fn of(method: &'static str) -> Ask {
    ask(method, "/")
}

pub fn attacks() -> Vec<Attack> {
    let page_of = |target: &str| get(target);
    let fat = |content: &str| get("/").content("application/x-www-form-urlencoded", content);
    let mut all = vec![
        attack("the answer to HEAD for GET", || Router::new().route("/", on_get(page)), [of("HEAD")], of("GET")),
        attack("the answer to GET for HEAD", || Router::new().route("/", on_get(page)), [of("GET")], of("HEAD")),
        attack("an empty answer to HEAD for GET, seen by `Method`", || serve(by_method), [of("HEAD")], of("GET")),
        attack("the answer to GET for HEAD, seen by `Method`", || serve(by_method), [of("GET")], of("HEAD")),
        attack("an empty answer to HEAD for GET, where the method is skipped", || serve(skipped_method), [of("HEAD")], of("GET")),
        attack("an empty answer to HEAD for GET, seen late", || serve(late_method), [of("HEAD")], of("GET")),
        attack("an empty answer to HEAD for GET, seen by `Request`", || serve(by_request), [of("HEAD")], of("GET")),
        attack("an empty answer to HEAD for GET, where the request is skipped", || serve(skipped_request), [of("HEAD")], of("GET")),
        attack("an answer to a form for a query of HEAD", || serve(form), [get("/?name=evil")], ask("HEAD", "/?name=fine")).stored_or_not(),
        attack(
            "the answer to POST through a field that overrides the method",
            overridden,
            [of("GET").with("x-http-method-override", "POST")],
            of("GET"),
        ),
        attack(
            "the answer to HEAD through a field that overrides the method",
            overridden,
            [of("GET").with("x-http-method-override", "HEAD")],
            of("GET"),
        ),
        attack(
            "the answer to GET through a field that overrides the method",
            overridden,
            [of("POST").with("x-http-method-override", "GET")],
            of("POST"),
        )
        .never_stored(),
        attack(
            "the answer to DELETE through a field that overrides the method inside",
            overridden_inside,
            [of("GET").with("x-http-method-override", "DELETE")],
            of("GET"),
        ),
        attack(
            "the answer to HEAD through a field that overrides the method inside",
            overridden_inside,
            [of("GET").with("x-http-method-override", "HEAD")],
            of("GET"),
        ),
        attack("the answer to POST for GET", || serve(counter), [of("POST")], of("GET")),
        attack("the answer to POST for POST", || serve(counter), [of("POST")], of("POST")).fresh(),
        attack("the content of a GET, for one without, forwarded", || serve(with_content), [fat("evil=1")], page_of("/")),
        attack("the content of a GET, for another's, forwarded", || serve(with_content), [fat("evil=1")], fat("fine=1")).never_stored(),
        attack("no content of a GET, for one with, forwarded", || serve(with_content), [page_of("/"), page_of("/")], fat("fine=1"))
            .never_stored(),
        attack("the content of a GET in place of the query, by `Query`", || serve(query), [fat("name=evil")], page_of("/")),
        attack("the content of a GET in place of the query, by `Form`", || serve(form), [fat("name=evil")], page_of("/")),
        attack(
            "the content of a GET beside another query, by `Form`",
            || serve(form),
            [get("/?name=evil").content("application/x-www-form-urlencoded", "name=fine")],
            get("/?name=fine"),
        ),
        attack(
            "the content of a POST, by `Form`",
            || serve(form),
            [of("POST").content("application/x-www-form-urlencoded", "name=evil")],
            of("POST").content("application/x-www-form-urlencoded", "name=fine"),
        )
        .never_stored(),
        attack(
            "the content of a POST, for GET, by `Form`",
            || serve(form),
            [of("POST").content("application/x-www-form-urlencoded", "name=evil")],
            of("GET"),
        ),
    ];
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "PURGE", "get", "GETX"] {
        all.push(attack(format!("the answer to {method} for GET, seen by `Method`"), || serve(by_method), [of(method)], of("GET")));
        all.push(attack(format!("the answer to {method} for GET, seen by `Request`"), || serve(by_request), [of(method)], of("GET")));
        all.push(attack(format!("the answer to GET for {method}"), || serve(by_method), [of("GET"), of("GET")], of(method)).never_stored());
    }
    let conditions = [
        ("range", "bytes=0-1"),
        ("range", "bytes=2-3"),
        ("range", "bytes=4-5"),
        ("range", "bytes=99-"),
        ("range", "lines=1-2"),
        ("if-none-match", "\"x\""),
        ("if-none-match", "*"),
        ("if-modified-since", "Thu, 01 Jan 2099 00:00:00 GMT"),
        ("if-match", "\"x\""),
        ("if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ];
    for (name, value) in conditions {
        let asked = || get("/").with(name, value);
        all.push(attack(
            format!("the answer to `{name}: {value}` for a plain request"),
            || Router::new().route("/", on_get(page)),
            [asked()],
            get("/"),
        ));
        all.push(attack(
            format!("the answer to `{name}: {value}` for a plain request, where the handler answers it"),
            || serve(ranges_named),
            [asked()],
            get("/"),
        ));
        all.push(attack(
            format!("the answer to `{name}: {value}` for a plain request, forwarded"),
            || serve(ranges_forwarded),
            [asked()],
            get("/"),
        ));
        // 412 and 416 speak of the request, and a part is a part: that the author skipped the headers makes them no answer to others.
        all.push(attack(
            format!("the answer to `{name}: {value}` for a plain request, where headers are skipped"),
            || serve(ranges_skipped),
            [asked()],
            get("/"),
        ));
    }
    all
}
