//! Step 2: whether a stored response may answer, wherever it is stored.

use std::sync::Arc;

use axum::response::Response;

use super::{Miss, Run, answer};
use crate::{
    cache::{Cache, refresh_backoff::RefreshPermit},
    epoch::Stamp,
    error::Error,
    handler::Handler,
    key::{primary::KeyRef, writer::Traits},
    observe,
    outcome::{Bypass, Forward, StaleUse, Tier},
    request::facts::RequestFacts,
    rules::{credentials::Credentials, request::Wish, stale::may_be_stale},
    storage::{self, KnownEpochs, LookUp},
    stored::{Slot, Stored, place::StorageId},
    util::clock::{Millis, span},
};

/// The result of a look-up for a request.
pub(super) enum LookedUp {
    /// The stored response may answer.
    Hit(Arc<Slot>, Tier),
    /// The stored response may answer only in a stale window, or once the handler has confirmed it.
    Stale(Arc<Slot>, Forward),
    Miss(Forward),
}

/// Judges the response that a storage has found.
pub(super) fn judged(found: storage::Found, handler: &Handler, facts: &RequestFacts, traits: &Traits, now: Millis) -> LookedUp {
    let (slot, is_expired, tier) = match found {
        storage::Found::Response { slot, is_expired, tier, .. } => (slot, is_expired, tier),
        storage::Found::Nothing(forward) => return LookedUp::Miss(forward),
    };
    let Slot::Response(stored) = &*slot else { return LookedUp::Miss(Forward::VaryMiss) };
    match may_answer(stored, is_expired, handler, facts, traits, now) {
        Ok(()) => LookedUp::Hit(slot, tier),
        Err(forward @ (Forward::Stale | Forward::Request)) => LookedUp::Stale(slot, forward),
        Err(forward) => LookedUp::Miss(forward),
    }
}

/// How a stale response may be used before the handler has run (RFC 5861).
pub(super) enum UseStale<'a> {
    Answer(&'a Stored, StaleUse),
    /// It answers, and this request refreshes it in the background.
    Refresh(RefreshPermit),
    No,
}

/// Decides how a stale response may be used. `looked`: when it was looked up. `may_share`: whether other requests may use a run of this
/// one.
pub(super) fn use_stale<'a>(
    slot: &'a Slot,
    forward: Forward,
    key: &KeyRef<'_>,
    may_share: bool,
    cache: &Cache,
    looked: Millis,
) -> UseStale<'a> {
    let Slot::Response(stored) = slot else { return UseStale::No };
    // A request that asks for validation does not accept a stale response.
    if forward != Forward::Stale || !stored.windows.any() {
        return UseStale::No;
    }
    let inner = cache.inner();
    let (hash, now) = (inner.hit_for_miss.hash_ref(key), inner.clock.now());
    if stored.is_within(stored.windows.while_revalidate, now) {
        let permit = if may_share { inner.refresh_backoff.permit(hash, looked, now) } else { None };
        return permit.map_or(UseStale::Answer(stored, StaleUse::WhileRevalidate), UseStale::Refresh);
    }
    if stored.is_within(stored.windows.if_error, now) && inner.refresh_backoff.is_pausing(hash, now) {
        return UseStale::Answer(stored, StaleUse::AfterError);
    }
    UseStale::No
}

/// Whether a stored response may answer, or why not (RFC 9111 §4; the epochs take the place of §4.4).
#[expect(clippy::inline_always, reason = "a call on the way of every hit")]
#[inline(always)]
pub(super) fn may_answer(
    stored: &Stored,
    is_expired: bool,
    handler: &Handler,
    facts: &RequestFacts,
    traits: &Traits,
    now: Millis,
) -> Result<(), Forward> {
    if !facts.credentials(&handler.policy, traits.credentials).may_share(stored.shareable) {
        return Err(Forward::Bypass(Bypass::Credentials));
    }
    if facts.directives().is_some() && handler.policy.honor_request_directives {
        match facts.wish(stored.age(now), stored.remaining(now)) {
            Wish::Use => {}
            Wish::Forward => return Err(Forward::Request),
        }
    }
    let may = !is_expired && (stored.is_fresh(now) || is_wanted_stale(stored, handler, facts, now));
    if may { Ok(()) } else { Err(Forward::Stale) }
}

/// Whether the request itself accepts this stale response (`max-stale`), and nothing forbids it.
fn is_wanted_stale(stored: &Stored, handler: &Handler, facts: &RequestFacts, now: Millis) -> bool {
    handler.policy.honor_request_directives
        && !stored.ends
        && facts.accepts_stale(span(now.saturating_sub(stored.fresh_until)))
        && may_be_stale(&stored.fields.map(), handler.policy.targeted_fields)
}

/// What a look-up that could not answer has learned.
#[derive(Debug, Default)]
pub(crate) struct Look {
    pub(super) epochs: Option<KnownEpochs>,
    /// The number of responses that had been stored before the look-up in a remote backend; see
    /// [`CollapseMap::fills`](crate::cache::collapse::CollapseMap::fills).
    fills_before: Option<u64>,
    /// The time of the backend's clock when the stored response was found there.
    pub(super) held_at: Option<Stamp>,
}

/// How a look-up ends.
pub(super) enum LookUpEnds {
    Answered(Response),
    Unanswered(Look),
}

impl Miss {
    /// Looks up a response that [`hit`](super::hit()) could not peek at, and reads the epochs.
    pub(super) async fn look_up(&mut self) -> LookUpEnds {
        if matches!(self.key.forward, Forward::Method | Forward::Bypass(_)) {
            return LookUpEnds::Unanswered(Look::default());
        }
        let look = if self.storage().peeks() {
            Look { epochs: Some(self.read_epochs_here(None)), ..Look::default() }
        } else {
            match self.find_and_answer().await {
                LookUpEnds::Unanswered(look) => look,
                answered @ LookUpEnds::Answered(_) => return answered,
            }
        };
        // If the handler gets the whole request, or all of its fields, it can see `Range`.
        self.could_send_parts |= self.key.traits.can_ask && self.key.traits.credentials == Credentials::Forwarded;
        if self.could_send_parts {
            self.forward_part();
        }
        LookUpEnds::Unanswered(look)
    }

    /// Looks up and answers, or notes why not. A failure of the backend is a miss.
    async fn find_and_answer(&mut self) -> LookUpEnds {
        let mut look = Look { fills_before: Some(self.fills()), ..Look::default() };
        let now = self.now();
        let found = match self.storage().find(&self.entry()).await {
            Ok(LookUp { epochs, found }) => {
                look.epochs = epochs;
                found
            }
            Err(error) => {
                look.epochs = Some(self.stand_aside_of_a_failed(&error));
                return LookUpEnds::Unanswered(look);
            }
        };
        match self.judged(found) {
            LookedUp::Hit(slot, tier) => match &*slot {
                Slot::Response(stored) => {
                    return LookUpEnds::Answered(answer::hit(stored, tier, self.handler, &self.facts, &self.cache, now));
                }
                Slot::Variants(_) => self.key.forward = Forward::VaryMiss,
            },
            LookedUp::Stale(slot, forward) => {
                match use_stale(&slot, forward, &self.key.primary.as_ref(), self.may_share(), &self.cache, now) {
                    UseStale::Answer(stored, why) => {
                        return LookUpEnds::Answered(answer::stale(stored, why, self.handler, &self.facts, &self.cache, now));
                    }
                    UseStale::Refresh(permit) => self.key.permit = Some(permit),
                    UseStale::No => {}
                }
                self.key.forward = forward;
                self.key.held = Some(slot);
                look.held_at = look.epochs.as_ref().map(|epochs| epochs.reading.stamp());
            }
            LookedUp::Miss(forward) => self.key.forward = forward,
        }
        LookUpEnds::Unanswered(look)
    }

    /// Bypasses a backend that could not be read. The epochs of this process are read instead, so that at least its own requests can share
    /// runs.
    fn stand_aside_of_a_failed(&mut self, error: &Error) -> KnownEpochs {
        observe::call_failed(&self.handler.subject, "read", error);
        self.stand_aside(Bypass::Backend);
        self.read_epochs_here(None)
    }

    /// Reads the epochs without a look-up, for a value that is stored without a run.
    pub(crate) async fn read_epochs(&mut self) -> Look {
        if self.storage_id() == StorageId::Missing {
            self.stand_aside(Bypass::UnknownBackend);
            return Look::default();
        }
        let read = match self.storage() {
            storage if storage.holds_epochs() => Ok(self.read_epochs_here(None)),
            storage => storage.read_epochs(&[self.entry().scopes()]).await.and_then(|readings| match readings[..] {
                [reading] => Ok(KnownEpochs { reading, marks: None }),
                _ => Err(Error::backend("it gave no reading")),
            }),
        };
        let epochs = read.unwrap_or_else(|error| self.stand_aside_of_a_failed(&error));
        Look { epochs: Some(epochs), ..Look::default() }
    }

    /// The stored response if it is fresh, and the epochs if they were read with it. `None` also if the backend fails.
    pub(crate) async fn find_fresh(&self) -> Option<(Arc<Slot>, Tier, Option<KnownEpochs>)> {
        let LookUp { epochs, found } = self.storage().find(&self.entry()).await.ok()?;
        let LookedUp::Hit(slot, tier) = self.judged(found) else { return None };
        Some((slot, tier, epochs))
    }

    fn judged(&self, found: storage::Found) -> LookedUp {
        let is_there = matches!(found, storage::Found::Response { .. } | storage::Found::Nothing(Forward::Invalidated));
        if is_there && !self.storage().peeks() {
            self.cache.inner().hit_for_miss.found_at_rest(self.handler, self.key.instance, self.now());
        }
        judged(found, self.handler, &self.facts, &self.key.traits, self.now())
    }

    /// How many responses have been stored that a look-up would have to wait for.
    fn fills(&self) -> u64 {
        self.cache.inner().collapse.fills(self.hash())
    }
}

impl Run {
    /// Looks again: what was missing a moment ago may have been stored since. `waits`: also if that has to be waited for. A
    /// request that finds nothing goes on with the epochs that it has read before: what it holds is no younger.
    pub(super) async fn look_again(&mut self, waits: bool) -> Option<Arc<Slot>> {
        if !self.storage().peeks() {
            if !waits {
                return None;
            }
            self.look.fills_before = Some(self.fills());
        }
        let (slot, _, epochs) = self.find_fresh().await?;
        if epochs.is_some() {
            self.look.epochs = epochs;
        }
        Some(slot)
    }

    /// Whether a response has been stored since the look-up, which did not find it.
    pub(super) fn is_filled_since(&self) -> bool {
        self.look.fills_before.is_some_and(|before| before != self.fills())
    }
}
