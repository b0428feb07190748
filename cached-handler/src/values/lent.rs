//! A computation that a task works on, and that its caller can take over if that task is gone.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use axum::response::Response;
use http::Extensions;

use crate::util::lock::lock;

/// A computation that is shared: clones are the same one. A runtime that ends drops its tasks, but the caller, which that runtime may
/// not drive (`Handle::block_on`), still has the computation and continues where the task stopped.
#[derive(Clone)]
pub(super) struct Lent(Arc<Mutex<State>>);

enum State {
    Running(Pin<Box<dyn Future<Output = Response> + Send>>),
    /// The value or the error is in these extensions.
    Done(Extensions),
}

impl Lent {
    pub(super) fn new(computation: impl Future<Output = Response> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(State::Running(Box::pin(computation)))))
    }
}

impl Future for Lent {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let mut state = lock(&self.0);
        let response = match &mut *state {
            State::Running(computation) => match computation.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(response) => response,
            },
            State::Done(said) => {
                let mut response = Response::default();
                response.extensions_mut().clone_from(said);
                return Poll::Ready(response);
            }
        };
        *state = State::Done(response.extensions().clone());
        Poll::Ready(response)
    }
}
