//! An error on its way through a run, whose outcome is a response.

use std::sync::{Arc, Mutex};

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::util::lock::lock;

/// Lies in the extensions of the response that stands for it. A response that is given to several requests is none of
/// these, so the error reaches the one that began the run.
struct Failed<E>(Arc<Mutex<Option<E>>>);

/// Beside it, whatever the error's type.
#[derive(Clone)]
struct NoAnswer;

/// Whether it stands for an error: then nobody has answered.
pub(crate) fn is_no_answer(response: &Response) -> bool {
    response.extensions().get::<NoAnswer>().is_some()
}

impl<E> Clone for Failed<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A response that is not stored, and that something stale may stand in for.
pub(crate) fn failed<E: Send + 'static>(error: E) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Failed(Arc::new(Mutex::new(Some(error)))));
    response.extensions_mut().insert(NoAnswer);
    response
}

/// The error again, where the response stands for one.
pub(crate) fn response_or_error<E: Send + 'static>(mut response: Response) -> Result<Response, E> {
    let error = response.extensions_mut().remove::<Failed<E>>().and_then(|failed| lock(&failed.0).take());
    error.map_or(Ok(response), Err)
}
