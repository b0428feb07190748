//! Invalidations and expirations in one cache: in its memory and on all of its backends.

use super::Cache;
use crate::{
    epoch::{Effect, own_invalidation::OwnInvalidation, target::Target},
    error::Error,
    storage::Storage,
    util::join::together,
};

impl Cache {
    /// Invalidates or expires a target, and does so again later if the builder asks for it.
    pub(crate) async fn change(&self, target: &Target, effect: Effect, own: Option<&OwnInvalidation>) -> Result<(), Error> {
        // Ignored, and not kept for a retry or a reinvalidation, as clients may choose the length of the name (law L7).
        if !target.may_be_named() {
            return Ok(());
        }
        let complaint = target.check_in(self.0.switches.path_prefixes);
        let Some(target) = target.meant(self.0.switches.path_prefixes) else {
            // Reported here, as the caller may be an attribute, which has no one to return the error to.
            self.0.observer.advanced(target, effect, &complaint);
            return complaint;
        };
        // Before the await, so that it is scheduled even if the caller is dropped there.
        self.reinvalidate_later(target, effect);
        let outcome = self.advance(target, effect, own).await;
        complaint.and(outcome)
    }

    /// Schedules the reinvalidation, if the builder asks for it.
    pub(crate) fn reinvalidate_later(&self, target: &Target, effect: Effect) {
        if let Some(reinvalidate) = &self.0.reinvalidate {
            reinvalidate.again(self, target, effect);
        }
    }

    pub(crate) async fn advance(&self, target: &Target, effect: Effect, own: Option<&OwnInvalidation>) -> Result<(), Error> {
        let moved = self.0.memory.epochs.advance_now(target.mark(), effect);
        if let Some(own) = own.filter(|own| own.is_of(None)) {
            own.note(target, Some(moved));
        }
        let calls = self.0.backends.iter().enumerate().map(|(at, (_, backend))| match own.filter(|own| own.is_of(Some(at))) {
            None => backend.advance(target, effect),
            Some(own) => Box::pin(async move { backend.advance_and_tell(target, effect).await.map(|moved| own.note(target, moved)) }),
        });
        let outcome = together(calls.collect()).await.into_iter().fold(Ok(()), Result::and);
        self.0.observer.advanced(target, effect, &outcome);
        outcome
    }

    /// Invalidates a target whose responses are all in one storage. Memory's epochs are advanced too, as they order the responses that a
    /// process shares while a backend cannot be read.
    pub(crate) async fn invalidate_in(&self, storage: Storage<'_>, target: &Target) -> Result<(), Error> {
        if !storage.holds_epochs() {
            self.0.memory.epochs.advance_now(target.mark(), Effect::Invalidate);
        }
        let outcome = storage.advance(target, Effect::Invalidate).await;
        self.0.observer.advanced(target, Effect::Invalidate, &outcome);
        outcome
    }

    /// The part of an invalidation that needs no await. For the memory backend that is all of it.
    pub(crate) fn invalidate_in_process(&self, target: &Target) {
        self.reinvalidate_later(target, Effect::Invalidate);
        self.0.memory.epochs.advance_now(target.mark(), Effect::Invalidate);
        // With backends, the caller invalidates again with an await, and that is counted.
        if !self.has_backends() {
            self.0.observer.advanced(target, Effect::Invalidate, &Ok(()));
        }
    }
}
