//! The parameter that the attributes add to a handler's signature, to capture the request before the handler's own extractors run.
//! It wraps the first argument, so that the number of arguments stays the same. Its name is advice: rustc shows it to an author who
//! calls the handler directly, which only axum can.

use std::convert::Infallible;

use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;

/// What an attribute captures of each request, before the handler's own extractors run.
pub trait Capture<S>: Sized {
    /// Captures it from a request.
    fn of(parts: &mut Parts) -> Self;
}

/// What is captured, together with the handler's first argument.
#[derive(Debug)]
pub struct PassedByAxum<C, E>(pub C, pub E);

/// What is captured, for a handler without arguments. A direct call of such a handler lacks this argument: a call by its author,
/// or by the code of a `#[debug_handler]` above the attribute.
#[expect(non_camel_case_types, reason = "advice to be read in an error of rustc, which shows nothing but this name")]
#[derive(Debug)]
pub struct PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow<C>(pub C);

impl<S: Send + Sync, C: Capture<S> + Send, E: FromRequestParts<S> + Send> FromRequestParts<S> for PassedByAxum<C, E> {
    type Rejection = E::Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, E::Rejection> {
        let captured = C::of(parts);
        Ok(Self(captured, E::from_request_parts(parts, state).await?))
    }
}

impl<S: Send + Sync, C: Capture<S> + Send, E: FromRequest<S>> FromRequest<S> for PassedByAxum<C, E> {
    type Rejection = E::Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, E::Rejection> {
        let (mut parts, body) = request.into_parts();
        let captured = C::of(&mut parts);
        Ok(Self(captured, E::from_request(Request::from_parts(parts, body), state).await?))
    }
}

impl<S: Sync, C: Capture<S> + Send> FromRequestParts<S> for PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow<C> {
    type Rejection = Infallible;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, Infallible>> + Send {
        std::future::ready(Ok(Self(C::of(parts))))
    }
}
