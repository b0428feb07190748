//! Whatever a handler of axum may return, one with `#[cached]` and one with `#[invalidates]` may.

#![deny(warnings)]

use std::{borrow::Cow, convert::Infallible, fmt::Debug, pin::Pin, time::Duration};

use axum::{
    Form, Json, Router,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header},
    response::{AppendHeaders, ErrorResponse, Html, IntoResponse, IntoResponseParts, NoContent, Redirect, Response, Sse, sse::Event},
    routing::{get, post},
};
use axum_extra::{
    TypedHeader,
    either::Either,
    extract::CookieJar,
    headers::ContentType,
    response::{Css, JavaScript},
};
use cached_handler::{CacheGroups, DoNotStore, FreshFor, cached, invalidates, testing::TestCache};
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use tower::ServiceExt;

/// The same handler under each attribute, in a router with `/cached/NAME` and `/invalidates/NAME`; and as it is, which shows that
/// axum takes it.
macro_rules! handlers {
    ($($name:ident $(<$($generic:ident $(: $bound:path)?),*> of $($with:ty),+)? $(where $($clause:ty: [$($on:tt)+]),*)?: $returned:ty = $body:block)*) => {
        mod plain {
            use super::*;
            $(pub(super) async fn $name $(<$($generic $(: $bound)?),*>)?() -> $returned $(where $($clause: $($on)+),*)? $body)*
        }
        mod with_cache {
            use super::*;
            $(#[cached(ttl = 60)] pub(super) async fn $name $(<$($generic $(: $bound)?),*>)?() -> $returned $(where $($clause: $($on)+),*)? $body)*
        }
        mod invalidating {
            use super::*;
            $(#[invalidates(group = "g")] pub(super) async fn $name $(<$($generic $(: $bound)?),*>)?() -> $returned $(where $($clause: $($on)+),*)? $body)*
        }
        fn router() -> (Router, Vec<&'static str>) {
            let mut router = Router::new();
            $(router = router
                .route(concat!("/plain/", stringify!($name)), get(plain::$name $(::<$($with),+>)?))
                .route(concat!("/cached/", stringify!($name)), get(with_cache::$name $(::<$($with),+>)?))
                .route(concat!("/invalidates/", stringify!($name)), post(invalidating::$name $(::<$($with),+>)?));)*
            (router, vec![$(stringify!($name)),*])
        }
    };
}

handlers! {
    nothing: () = {}
    text: &'static str = { "a" }
    owned: String = { "a".to_owned() }
    either_text: Cow<'static, str> = { "a".into() }
    boxed_text: Box<str> = { "a".into() }
    bytes: Vec<u8> = { vec![1] }
    fixed: [u8; 2] = { [1, 2] }
    shared: Bytes = { Bytes::from_static(b"a") }
    body: Body = { Body::from("a") }
    never: Infallible = { if true { std::future::pending::<()>().await } unreachable!() }
    status: StatusCode = { StatusCode::CREATED }
    no_content: NoContent = { NoContent }
    fields: HeaderMap = { HeaderMap::new() }
    some_fields: [(HeaderName, &'static str); 1] = { [(header::ALLOW, "GET")] }
    more_fields: AppendHeaders<[(&'static str, String); 1]> = { AppendHeaders([("x-a", "b".into())]) }
    html: Html<String> = { Html("a".into()) }
    json: Json<Vec<u8>> = { Json(vec![1]) }
    form: Form<[(&'static str, u8); 1]> = { Form([("a", 1)]) }
    redirect: Redirect = { Redirect::permanent("/") }
    response: Response = { "a".into_response() }
    response_of_text: Response<String> = { Response::new("a".into()) }
    pair: (StatusCode, &'static str) = { (StatusCode::OK, "a") }
    parts: (StatusCode, HeaderMap, [(&'static str, HeaderValue); 1], Json<u8>) = {
        (StatusCode::OK, HeaderMap::new(), [("x-a", HeaderValue::from_static("b"))], Json(1))
    }
    whole_parts: (axum::http::response::Parts, &'static str) = { (Response::new(()).into_parts().0, "a") }
    said: (CacheGroups, FreshFor, DoNotStore, String) = { (CacheGroups::of(["a"]), FreshFor(Duration::from_secs(1)), DoNotStore, "a".into()) }
    optional_parts: (Option<TypedHeader<ContentType>>, &'static str) = { (Some(TypedHeader(ContentType::text())), "a") }
    with_cookies: (CookieJar, &'static str) = { (CookieJar::new(), "a") }
    result: Result<Json<u8>, StatusCode> = { let number = "7".parse().map_err(|_| StatusCode::BAD_REQUEST)?; Ok(Json(number)) }
    result_in_result: Result<Result<&'static str, StatusCode>, (StatusCode, String)> = { Ok(Err(StatusCode::OK)) }
    of_axum: axum::response::Result<&'static str> = { Err(ErrorResponse::from(StatusCode::ACCEPTED)) }
    asked: axum::response::Result<String> = { let n: u8 = "7".parse().map_err(|_| StatusCode::BAD_REQUEST)?; Ok(n.to_string()) }
    either: Either<Css<&'static str>, JavaScript<String>> = { Either::E1(Css("a")) }
    opaque: impl IntoResponse = { ([(header::ALLOW, "GET")], "a") }
    opaque_and_send: impl IntoResponse + Send + 'static = { "a" }
    opaque_of_nothing: impl IntoResponse + use<> = { "a" }
    opaque_that_prints: impl IntoResponse + Into<String> + Debug = { "a" }
    opaque_or: Result<impl IntoResponse, (StatusCode, String)> = {
        let number: u8 = "7".parse().map_err(|_| (StatusCode::BAD_REQUEST, "no number".to_owned()))?;
        if number == 0 {
            return Err((StatusCode::NOT_FOUND, String::new()));
        }
        Ok(([("x-a", "b")], Json(number)))
    }
    opaque_error: Result<&'static str, impl IntoResponse> = { if true { Ok("a") } else { Err(StatusCode::NOT_FOUND) } }
    opaque_both: Result<impl IntoResponse, impl IntoResponse + Debug> = { if true { Ok("a") } else { Err(StatusCode::NOT_FOUND) } }
    opaque_in_tuple: (StatusCode, impl IntoResponseParts, impl IntoResponse) = { (StatusCode::OK, [("x-a", "b")], "a") }
    opaque_in_result_in_tuple: Result<(StatusCode, [(&'static str, impl TryInto<HeaderValue, Error: std::fmt::Display>); 1], impl IntoResponse), Infallible> = {
        Ok((StatusCode::OK, [("x-a", "b")], "a"))
    }
    opaque_in_either: Either<impl IntoResponse, Json<impl serde::Serialize>> = {
        if true { Either::E1("a") } else { Either::E2(Json(vec![Some(1), None])) }
    }
    json_of_opaque: Json<impl serde::Serialize> = { Json([("a", 1)].into_iter().collect::<std::collections::BTreeMap<_, _>>()) }
    events: Sse<impl Stream<Item = Result<Event, Infallible>>> = {
        Sse::new(stream::repeat_with(|| Event::default().data("a")).map(Ok).take(3))
    }
    events_or: Result<Sse<impl Stream<Item = Result<Event, Infallible>> + Send>, StatusCode> = {
        let count: usize = "2".parse().map_err(|_| StatusCode::BAD_REQUEST)?;
        Ok(Sse::new(stream::iter((0..count).map(|n| Ok(Event::default().data(n.to_string()))))))
    }
    events_that_fail: Sse<impl Stream<Item = Result<Event, impl Into<axum::BoxError>>>> = {
        Sse::new(stream::iter([Ok(Event::default()), Err("broken")]))
    }
    events_kept_alive: Sse<axum::response::sse::KeepAliveStream<impl Stream<Item = Result<Event, axum::BoxError>>>> = {
        Sse::new(stream::iter([Event::default().json_data(1).map_err(Into::into)])).keep_alive(axum::response::sse::KeepAlive::new())
    }
    events_boxed: Sse<Pin<Box<dyn Stream<Item = Result<Event, Infallible>> + Send>>> = { Sse::new(stream::empty().boxed()) }
    called: Json<impl serde::Serialize> = {
        fn applied(twice: impl Fn(u8) -> u8) -> u8 { twice(twice(1)) }
        Json(applied(|n| n + 1))
    }
    generic<T, E> of String, StatusCode where T: [IntoResponse + Send + Default], E: [IntoResponse + Send]: Result<T, E> = { Ok(T::default()) }
}

/// What the macro above has no words for.
mod others {
    use super::*;

    #[cached(ttl = 60)]
    pub(super) async fn of_argument<T: Send + Default + serde::Serialize + 'static>() -> Json<impl Iterator<Item = T> + serde::Serialize> {
        #[derive(serde::Serialize)]
        #[serde(transparent)]
        struct Shown<T> {
            list: Option<T>,
        }
        impl<T> Iterator for Shown<T> {
            type Item = T;
            fn next(&mut self) -> Option<T> {
                self.list.take()
            }
        }
        Json(Shown { list: Some(T::default()) })
    }

    #[invalidates(group = "g")]
    pub(super) async fn of_constant<const N: usize>(Path(id): Path<u8>) -> impl IntoResponse + AsRef<[u8]> {
        vec![id; N]
    }

    pub(super) struct Page;

    pub(super) trait Shows {
        type Error;
    }

    impl Shows for Page {
        type Error = StatusCode;
    }

    impl IntoResponse for Page {
        fn into_response(self) -> Response {
            "page".into_response()
        }
    }

    impl Page {
        #[cached(ttl = 60)]
        pub(super) async fn itself() -> Self {
            Self
        }

        #[cached(ttl = 60)]
        pub(super) async fn or_error() -> Result<impl IntoResponse, <Self as Shows>::Error> {
            if false {
                Err(StatusCode::NOT_FOUND)?;
            }
            Ok(Self)
        }

        #[invalidates(group = "g")]
        pub(super) async fn either() -> Either<Self, impl IntoResponse + Into<Option<Self>>> {
            let _: Either<_, Option<Self>> = Either::E1::<(), _>(());
            if true { Either::E1(Self) } else { Either::E2(Never(None)) }
        }
    }

    pub(super) struct Never(Option<Page>);

    impl From<Never> for Option<Page> {
        fn from(never: Never) -> Self {
            never.0
        }
    }

    impl IntoResponse for Never {
        fn into_response(self) -> Response {
            "never".into_response()
        }
    }
}

/// A handler with an attribute and the same without answer alike.
#[tokio::test]
async fn whatever_axum_lets_a_handler_return_both_attributes_let_it_return() {
    let (router, names) = router();
    let router = router.layer(TestCache::new().layer());
    let mut seen = 0;
    for name in names.into_iter().filter(|name| *name != "never") {
        let mut answers = Vec::new();
        for (method, folder) in [("GET", "plain"), ("GET", "cached"), ("POST", "invalidates")] {
            let request = Request::builder().method(method).uri(format!("/{folder}/{name}")).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            let content = axum::body::to_bytes(response.into_body(), 1 << 20).await.map_err(|error| error.to_string());
            answers.push((status, content));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{name}: {answers:?}");
        seen += 1;
    }
    assert!(seen > 45, "{seen}");
}

#[tokio::test]
async fn an_opaque_type_of_a_generic_or_of_an_impl_compiles() {
    let router = Router::new()
        .route("/list", get(others::of_argument::<u8>))
        .route("/{id}", post(others::of_constant::<3>))
        .route("/page", get(others::Page::itself).post(others::Page::either))
        .route("/or", get(others::Page::or_error))
        .layer(TestCache::new().layer());
    for (method, path, expected) in [
        ("GET", "/list", "0"),
        ("POST", "/7", "\u{7}\u{7}\u{7}"),
        ("GET", "/page", "page"),
        ("POST", "/page", "page"),
        ("GET", "/or", "page"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(axum::body::to_bytes(response.into_body(), 100).await.unwrap(), expected, "{path}");
    }
}
