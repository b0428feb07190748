//! Look-up and storing where the backend holds bytes and has to be waited for.

use std::{sync::Arc, time::Duration};

use axum::response::Response;
use bytes::Bytes;

use super::{
    Rest, Run, answer,
    lookup::{Found, UseStale, judged, may_answer_unless_invalidated, use_stale},
    make::remake,
    parts::{Parts, parts, read_with_parts, scopes_with_parts},
};
use crate::{
    epoch::{Reading, group, target::Target},
    error::Error,
    key::{primary::variant_at_rest, storage_key::StoreKey},
    observe,
    outcome::{Bypass, Forward},
    storage::remote::Backend,
    stored::{
        Slot, Stored,
        codec::{AtRest, SlotAtRest, decode_in_turns},
        shared::Shared,
    },
    util::clock::millis,
};

impl Run {
    /// Looks up and answers, or notes why not. A failure is a miss.
    pub(super) async fn look_up_in_backend(&mut self) -> Option<Response> {
        let Some(backend) = self.cache.backend(self.handler).cloned() else {
            self.stand_aside(Bypass::UnknownBackend);
            return None;
        };
        self.fills_before = self.cache.inner().flights.fills(self.hash());
        let now = self.now();
        match self.find_in(&*backend).await {
            Ok(Found::Usable(slot)) => match &*slot {
                Slot::Response(stored) => return Some(answer::hit(stored, self.handler, &self.facts, &self.cache, now)),
                Slot::Variants(_) => self.key.forward = Forward::VaryMiss,
            },
            Ok(Found::Held(slot, forward)) => {
                match use_stale(&slot, forward, &self.key.primary.as_ref(), self.may_share(), &self.cache, now) {
                    UseStale::Answer(stored, why) => return Some(answer::stale(stored, why, self.handler, &self.facts, &self.cache, now)),
                    UseStale::Refresh(claim) => self.key.claim = Some(claim),
                    UseStale::No => {}
                }
                self.key.forward = forward;
                self.key.held = Some(slot);
                self.held_at = self.reading().map(|reading| reading.stamp());
            }
            Ok(Found::Nothing(forward)) => self.key.forward = forward,
            Err(error) => {
                observe::call_failed(&self.handler.subject, "read", &error);
                self.stand_aside(Bypass::Backend);
                // The invalidations of this process at least are known, so that runs may be shared in it.
                self.read_epochs_in_memory();
            }
        }
        None
    }

    /// Whether a response has come to rest since the look-up, which did not find it.
    pub(super) fn may_be_at_rest_by_now(&self) -> bool {
        !self.handler.in_memory && self.cache.inner().flights.fills(self.hash()) != self.fills_before
    }

    /// What the backend has that is fresh. A failure is nothing.
    pub(crate) async fn fresh_in_backend(&mut self) -> Option<Arc<Slot>> {
        let backend = self.cache.backend(self.handler)?.clone();
        match self.find_in(&*backend).await {
            Ok(Found::Usable(slot)) => Some(slot),
            _ => None,
        }
    }

    /// Takes what is stored out of memory or the backend. That it cannot answer any more, the epochs see to.
    pub(crate) async fn remove(&self) {
        if self.handler.in_memory {
            self.cache.inner().memory.remove(&self.key.primary);
        } else if let Some(removing) = self.removing(self.key_at_rest()) {
            removing.await;
        }
    }

    /// What is fresh by now where the look-up found nothing that was. Where there is nothing still, the request goes on with
    /// what it has read before: what it holds is no younger.
    pub(super) async fn made_at_rest_since(&mut self) -> Option<Arc<Slot>> {
        if self.handler.in_memory {
            return None;
        }
        let epochs = self.epochs.clone();
        self.fills_before = self.cache.inner().flights.fills(self.hash());
        let found = self.fresh_in_backend().await;
        if found.is_none() {
            self.epochs = epochs;
        }
        found
    }

    /// Reads all epochs that concern a response, in place of what was read before, if that can be done. The handler has not
    /// run yet, so its run begins no earlier than this.
    pub(super) async fn read_epochs_of(&mut self, stored: &Stored) -> bool {
        if let (Some(marks), Some(own)) = (&stored.marks, self.marks().cloned()) {
            let epochs = &self.cache.inner().memory.epochs;
            // The clock first: what is invalidated in between is then later than the stamp.
            let clock = epochs.now();
            let reading = epochs.reading(marks, clock);
            self.set_marked_reading(reading, own);
            return true;
        }
        let Some(backend) = self.cache.backend(self.handler).cloned() else { return false };
        let scopes = scopes_with_parts(self.scopes_of(stored), stored);
        match read_with_parts(&*backend, &scopes, stored).await {
            Ok((reading, Parts::Current)) => self.set_reading(reading),
            // It is made of something outdated: whenever it was made, it is no answer.
            Ok((reading, _)) => self.set_reading(Reading { expired: u64::MAX, ..reading }),
            Err(_) => return false,
        }
        true
    }

    /// Where a stored response that this request selects lies: under its key, or under that of its variant.
    fn place_of(&self, stored: &Stored) -> StoreKey {
        let key = self.key_at_rest();
        match &stored.selecting {
            None => key,
            Some((variants, _)) => self.variant_at_rest(&key, &self.selecting_values(variants)),
        }
    }

    /// What the backend has under the key, fresh or not, that nothing has invalidated. The epochs of this request stay as
    /// they were read: what it stores is no younger.
    pub(super) async fn left_in_backend(&mut self) -> Option<Arc<Slot>> {
        let backend = self.cache.backend(self.handler)?.clone();
        let epochs = self.epochs.clone();
        let found = self.find_in(&*backend).await;
        self.epochs = epochs;
        match found {
            Ok(Found::Usable(slot) | Found::Held(slot, _)) => Some(slot),
            _ => None,
        }
    }

    /// Takes it out of the backend.
    pub(super) async fn remove_from_backend(&self, stored: &Stored) {
        if let Some(removing) = self.removing(self.place_of(stored)) {
            removing.await;
        }
    }

    async fn find_in(&mut self, backend: &dyn Backend) -> Result<Found, Error> {
        let key = self.key_at_rest();
        let (bytes, reading) = backend.look_up(&key, &self.scopes()).await?;
        self.set_reading(reading);
        let slot = match self.decoded(backend, bytes, &key).await? {
            Ok(slot) => slot,
            Err(forward) => return Ok(Found::Nothing(forward)),
        };
        let Slot::Response(stored) = &*slot else { return Ok(Found::Nothing(Forward::UriMiss)) };
        self.cache.inner().reputations.found_at_rest(self.handler, self.key.instance, self.now());
        // Groups that only the response knows of were not in the first reading, nor were its parts.
        let (reading, parts) = if self.knows_less_groups_than_its_own(stored) {
            let scopes = scopes_with_parts(self.scopes_of(stored), stored);
            read_with_parts(backend, &scopes, stored).await?
        } else {
            (reading, parts(backend, stored).await?)
        };
        if !reading.allows(stored.stamp) || parts == Parts::Invalidated {
            return Ok(Found::Nothing(Forward::Invalidated));
        }
        let (is_expired, now) = (reading.expires(stored.stamp) || parts == Parts::Expired, self.now());
        Ok(judged(slot, |stored| may_answer_unless_invalidated(stored, is_expired, self.handler, &self.facts, &self.key.traits, now)))
    }

    /// The response that this request selects among what lies under its key, or why there is none.
    async fn decoded(&self, backend: &dyn Backend, bytes: Option<Bytes>, key: &StoreKey) -> Result<Result<Arc<Slot>, Forward>, Error> {
        // Values of other types may have the same name.
        let shared = bytes.as_ref().filter(|bytes| self.opens.is_none() && Shared::may_be(bytes)).cloned();
        if let Some(slot) = shared.as_ref().and_then(|bytes| self.cache.inner().shared.find(bytes, key.digest())) {
            return Ok(Ok(slot));
        }
        let (at_rest, selecting) = match self.open(bytes, key).await {
            Some(SlotAtRest::Variants(variants)) => {
                let values = self.selecting_values(&variants);
                let variant = self.variant_at_rest(key, &values);
                match self.open(backend.get(&variant).await?, &variant).await {
                    Some(SlotAtRest::Response(response)) => (response, Some((variants, values.into()))),
                    _ => return Ok(Err(Forward::VaryMiss)),
                }
            }
            Some(SlotAtRest::Response(response)) => (response, None),
            None => return Ok(Err(Forward::UriMiss)),
        };
        let mut stored = self.at_hand(backend, at_rest);
        stored.selecting = selecting;
        if let Some(opens) = self.opens {
            stored.value = opens(&stored.content);
            if stored.value.is_none() {
                self.cache.inner().observer.damaged(&self.handler.subject, "other-type");
                return Ok(Err(Forward::UriMiss));
            }
        }
        let is_for_all = stored.selecting.is_none();
        let slot = Arc::new(Slot::Response(stored));
        if let Some(bytes) = shared.filter(|_| is_for_all) {
            self.cache.inner().shared.note(bytes, key.digest(), &slot);
        }
        Ok(Ok(slot))
    }

    /// Bytes as a stored response; whatever is wrong with them is an event and a miss.
    pub(super) async fn open(&self, bytes: Option<Bytes>, key: &StoreKey) -> Option<SlotAtRest> {
        let longest = self.handler.policy.max_body.saturating_add(MOST_BESIDE_CONTENT);
        match decode_in_turns(&bytes?, key.digest(), longest).await {
            Ok(slot) => Some(slot),
            Err(damage) => {
                self.cache.inner().observer.damaged(&self.handler.subject, damage.word());
                None
            }
        }
    }

    /// For a typed value, which has no path: a group that no other key has.
    pub(crate) fn belongs_to_its_key(&mut self) {
        let own = group::of_key(self.key_at_rest().digest());
        self.groups = vec![own];
    }

    /// The same group as a target.
    pub(crate) fn target_of_its_key(&self) -> Target {
        Target::group(group::of_key(self.key_at_rest().digest()))
    }

    pub(super) fn key_at_rest(&self) -> StoreKey {
        self.key.primary.at_rest(self.handler, self.key.instance, (self.facts.state)(), &self.cache.inner().namespace, self.shape)
    }

    pub(super) fn variant_at_rest(&self, of: &StoreKey, values: &[u8]) -> StoreKey {
        variant_at_rest(self.handler, self.key.instance, of, values)
    }

    /// Whether it has a reading of the backend's clock. Without one there is no stamp that could be compared with it.
    pub(crate) fn has_read_its_backend(&self) -> bool {
        self.stamp().is_some() && self.marks().is_none()
    }

    /// Takes what was held out of the backend, which its handler has said something else about.
    pub(super) fn removing_held(&self) -> Option<Rest> {
        self.removing(self.place_of(self.held()?))
    }

    fn removing(&self, key: StoreKey) -> Option<Rest> {
        let (backend, handler) = (Arc::clone(self.cache.backend(self.handler)?), self.handler);
        Some(Box::pin(async move {
            if let Err(error) = backend.remove(&key).await {
                observe::call_failed(&handler.subject, "remove", &error);
            }
        }))
    }

    /// A response at rest, in this process's time. One from the future is taken for stale, unless clocks that are read
    /// from afar explain it.
    fn at_hand(&self, backend: &dyn Backend, at_rest: AtRest) -> Stored {
        let clock = &self.cache.inner().clock;
        let now = clock.now();
        let lifetime = millis(at_rest.lifetime);
        let born = match backend.wall(clock).duration_since(at_rest.born) {
            Ok(age) => now.saturating_sub(millis(age)),
            Err(ahead) if ahead.duration() <= MOST_SKEW => now,
            Err(_) => now.saturating_sub(lifetime),
        };
        let initial_age = Duration::ZERO;
        remake(self, at_rest, born, born.saturating_add(lifetime), initial_age)
    }
}

/// More than fields, groups, parts and variants come to within their limits.
const MOST_BESIDE_CONTENT: usize = 128 << 10;

/// How far two processes' notions of a backend's time may lie apart.
pub(super) const MOST_SKEW: Duration = Duration::from_secs(1);
