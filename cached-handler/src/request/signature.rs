//! What the attributes write into a handler's signature: what is captured of a request, and the argument that it travels
//! with. The names are what rustc shows to whoever calls a handler, which only axum can.

use std::convert::Infallible;

use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;

/// What an attribute wants of each request. It is captured before the handler's own arguments are made.
pub trait Capture<S>: Sized {
    /// As the request is.
    fn of(parts: &mut Parts) -> Self;
}

/// What is captured, and the argument that it travels with: their number stays as the author wrote it.
#[derive(Debug)]
pub struct PassedByAxum<C, E>(pub C, pub E);

/// Stands alone where a handler has no argument to travel with. It is missing where such a handler is called: by its
/// author, or by the code of a `#[debug_handler]` that stands above the attribute.
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
