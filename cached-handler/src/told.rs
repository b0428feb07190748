//! So that what one request changes is invalidated once, however many caches the request goes through.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use crate::{cache::Cache, invalidate::Target, sync::lock};

/// What has been invalidated inside, and in which caches. A layer puts it into the request; whoever invalidates inside notes
/// it there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<(Cache, Target)>>>);

impl Told {
    pub(crate) fn note(&self, cache: &Cache, target: &Target) {
        lock(&self.0).push((cache.clone(), target.clone()));
    }

    pub(crate) fn has(&self, cache: &Cache, target: &Target) -> bool {
        lock(&self.0).iter().any(|(told, known)| told.is(cache) && known == target)
    }

    /// Runs what is inside. What that has invalidated counts where its answer came in the same moment: a middleware between
    /// that waits for something meanwhile may be committing what was written, and has to be followed by an invalidation.
    pub(crate) fn watch<F: Future>(&self, inside: F) -> Watched<F> {
        Watched { told: self.clone(), inside: Box::pin(inside) }
    }
}

/// A future, and what is invalidated in the poll that ends it.
pub(crate) struct Watched<F> {
    told: Told,
    inside: Pin<Box<F>>,
}

impl<F: Future> Future for Watched<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        lock(&self.told.0).clear();
        self.inside.as_mut().poll(cx)
    }
}
