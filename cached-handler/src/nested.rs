//! Caches inside of a cache: whether a cached handler was asked during a layer's run.
//!
//! Such a handler has groups, arguments and an age that the layer knows nothing of. A copy of its answer would outlive
//! what invalidates it (law L4), and would be given to requests that its extractors refuse (law L2).

use std::{
    cell::Cell,
    pin::Pin,
    task::{Context, Poll},
};

thread_local! {
    /// How many cached handlers this thread has asked. A handler is asked in the task of its request, also where it then
    /// runs in another.
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

/// A response that a cache inside answers for; a mark for the gate of the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CachedInside;

/// A cached handler is asked.
#[inline]
pub(crate) fn note() {
    ASKED.set(ASKED.get().wrapping_add(1));
}

/// Its cache turned out to be off: what it answers is as if there were none.
#[cold]
pub(crate) fn take_back() {
    ASKED.set(ASKED.get().wrapping_sub(1));
}

/// A future, and whether a cached handler was asked in it.
pub(crate) struct Watched<F> {
    future: Pin<Box<F>>,
    asked: bool,
}

impl<F: Future> Watched<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { future: Box::pin(future), asked: false }
    }
}

impl<F: Future> Future for Watched<F> {
    type Output = (F::Output, bool);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let before = ASKED.get();
        let polled = self.future.as_mut().poll(cx);
        self.asked |= ASKED.get() != before;
        polled.map(|output| (output, self.asked))
    }
}
