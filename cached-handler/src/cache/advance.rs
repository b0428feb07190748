//! Invalidations and expirations in one cache: in its memory and on all of its backends.

use super::Cache;
use crate::{
    epoch::{Effect, own_invalidation::Trace, target::Target},
    error::Error,
    storage::Storage,
    util::join::together,
};

impl Cache {
    /// Advances, and once more later where the builder says so.
    pub(crate) async fn change(&self, target: &Target, effect: Effect, trace: Option<&Trace>) -> Result<(), Error> {
        // It is kept nowhere, neither to be tried again nor to be made once more: clients may choose its length (law L7).
        if !target.may_be_named() {
            return Ok(());
        }
        let complaint = target.check_in(self.0.words.path_prefixes);
        let Some(target) = target.meant(self.0.words.path_prefixes) else {
            // Of an attribute nobody else would hear of it.
            self.0.observer.advanced(target, effect, &complaint);
            return complaint;
        };
        // First: a caller that leaves at the await has begun it.
        self.reinvalidate_later(target, effect);
        let outcome = self.advance(target, effect, trace).await;
        complaint.and(outcome)
    }

    /// Has it made once more, if the builder says so.
    pub(crate) fn reinvalidate_later(&self, target: &Target, effect: Effect) {
        if let Some(reinvalidate) = &self.0.reinvalidate {
            reinvalidate.again(self, target, effect);
        }
    }

    pub(crate) async fn advance(&self, target: &Target, effect: Effect, trace: Option<&Trace>) -> Result<(), Error> {
        let moved = self.0.memory.epochs.advance_now(target.mark(), effect);
        if let Some(trace) = trace.filter(|trace| trace.is_of(None)) {
            trace.moved(target, Some(moved));
        }
        let told = self.0.backends.iter().enumerate().map(|(at, (_, backend))| match trace.filter(|trace| trace.is_of(Some(at))) {
            None => backend.advance(target, effect),
            Some(trace) => Box::pin(async move { backend.advance_and_tell(target, effect).await.map(|moved| trace.moved(target, moved)) }),
        });
        let outcome = together(told.collect()).await.into_iter().fold(Ok(()), Result::and);
        self.0.observer.advanced(target, effect, &outcome);
        outcome
    }

    /// Invalidates in one storage: what has all of its responses there. The memory knows of it too, as what a process shares
    /// while a backend cannot be read is ordered by its epochs.
    pub(crate) async fn invalidate_in(&self, storage: Storage<'_>, target: &Target) -> Result<(), Error> {
        if !storage.holds_epochs() {
            self.0.memory.epochs.advance_now(target.mark(), Effect::Invalidate);
        }
        let outcome = storage.advance(target, Effect::Invalidate).await;
        self.0.observer.advanced(target, Effect::Invalidate, &outcome);
        outcome
    }

    /// The part of an invalidation that needs no await: all of it, for the memory backend.
    pub(crate) fn invalidate_in_process(&self, target: &Target) {
        self.reinvalidate_later(target, Effect::Invalidate);
        self.0.memory.epochs.advance_now(target.mark(), Effect::Invalidate);
        // With backends it is done once more, by whoever waits for them, and counted there.
        if !self.has_backends() {
            self.0.observer.advanced(target, Effect::Invalidate, &Ok(()));
        }
    }
}
