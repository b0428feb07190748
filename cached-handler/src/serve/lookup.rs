//! Steps 1 and 2: the key, and whether a stored response may answer.

use std::sync::Arc;

use super::{Run, answer};
use crate::{
    cache::{Cache, refresh_backoff::Claim},
    handler::{Handler, Instance},
    key::{
        primary::{Key, KeyRef},
        writer::{Buffer, KeyWriter, Tag, Traits},
    },
    observe::{self, Sample},
    outcome::{Bypass, Forward, StaleUse},
    request::facts::{Facts, Seen, Upgrade},
    rules::{credentials::Credentials, request::Wish, stale::may_be_stale},
    storage::{self, LookUp, Validity},
    stored::{Slot, Stored},
    util::clock::{Millis, span},
};
use axum::response::Response;

/// An empty key. `inside` is any closure written inside the handler: its type tells the handler, and the instance of a
/// generic one, from every other.
#[must_use]
#[inline]
pub fn key<'a, T: 'static, const FIELDS: bool, const PARAMETERS: bool>(
    handler: &'static Handler,
    seen: &'a Seen<FIELDS, PARAMETERS>,
    inside: &T,
) -> KeyWriter<'a> {
    // And no more than that: what is made in one expression is made in its place, and not moved there.
    KeyWriter {
        handler,
        instance: Instance::of(inside),
        bytes: Buffer::new(),
        facts: &seen.facts,
        fields: seen.fields.as_deref(),
        traits: Traits::default(),
    }
}

/// Starts a request's key with what is always in it.
pub fn begin(key: &mut KeyWriter<'_>) {
    let facts = key.facts;
    key.tagged(Tag::Path, facts.original.path().as_bytes());
    if let Some(inner) = facts.inner()
        && inner.path() != facts.original.path()
    {
        key.tagged(Tag::InnerPath, inner.path().as_bytes());
    }
    begin_fields(key);
}

/// The fields that `vary` names.
pub(super) fn begin_fields(key: &mut KeyWriter<'_>) {
    for name in key.handler.fields() {
        key.field(name);
    }
}

/// Answers from memory, without an await; or gives the finished key for a run.
pub fn hit(key: &mut KeyWriter<'_>) -> Result<Response, Box<Key>> {
    let cache = key.facts.cache();
    key.handler = key.handler.with(cache.inner().defaults);
    look(key, cache)
}

/// The key of a request with which a condition of `bypass(…)` leaves the cache alone. Nothing is in it.
pub fn bypassed(key: &mut KeyWriter<'_>) -> Box<Key> {
    let why = if key.facts.cache().inner().off { Bypass::Off } else { Bypass::Condition };
    missed(key, Forward::Bypass(why))
}

/// The same in a cache that the facts do not name.
#[inline]
pub(crate) fn look(key: &mut KeyWriter<'_>, cache: &Cache) -> Result<Response, Box<Key>> {
    let sample = Sample::begin(&cache.inner().clock);
    if let Some(forward) = stands_aside(key, cache) {
        return Err(missed(key, forward));
    }
    let (now, storage) = (cache.inner().clock.now(), cache.storage(key.handler));
    let found = storage.peek(&key.as_ref());
    // The way of almost all hits, and nothing else on it.
    if let Some(Slot::Response(stored)) = found.as_deref()
        && let validity = cache.inner().memory.validity(stored)
        && validity != Validity::Invalidated
        && may_answer(stored, validity == Validity::Expired, key.handler, key.facts, &key.traits, now).is_ok()
    {
        let response = answer::hit(stored, key.handler, key.facts, cache, now);
        sample.hit(&cache.inner().clock, &key.handler.subject);
        return Ok(response);
    }
    look_closer(found, key, cache, now, sample)
}

/// Where there is no response under the key itself which simply answers.
#[cold]
fn look_closer(
    found: Option<Arc<Slot>>,
    key: &mut KeyWriter<'_>,
    cache: &Cache,
    now: Millis,
    sample: Sample,
) -> Result<Response, Box<Key>> {
    let storage = cache.storage(key.handler);
    let nothing = storage::Found::Nothing(Forward::UriMiss);
    let found = found.map_or(nothing, |slot| storage.selected(slot, &key.as_ref(), key.handler, key.fields));
    match judged(found, key.handler, key.facts, &key.traits, now) {
        LookedUp::Hit(slot) => {
            let Slot::Response(stored) = &*slot else { return Err(missed(key, Forward::VaryMiss)) };
            let response = answer::hit_of_variant(stored, key.handler, key.facts, cache, now);
            sample.hit(&cache.inner().clock, &key.handler.subject);
            Ok(response)
        }
        LookedUp::Stale(slot, forward) => match use_stale(&slot, forward, &key.as_ref(), key.may_share(), cache, now) {
            UseStale::Answer(stored, why) => Ok(answer::stale(stored, why, key.handler, key.facts, cache, now)),
            UseStale::Refresh(claim) => Err(Box::new(Key { held: Some(slot), claim: Some(claim), ..key.finish(forward) })),
            UseStale::No => Err(Box::new(Key { held: Some(slot), ..key.finish(forward) })),
        },
        LookedUp::Miss(forward) => Err(missed(key, forward)),
    }
}

#[cold]
fn missed(key: &mut KeyWriter<'_>, forward: Forward) -> Box<Key> {
    Box::new(key.finish(forward))
}

/// Whether this request is none of the memory's business.
fn stands_aside(key: &KeyWriter<'_>, cache: &Cache) -> Option<Forward> {
    if cache.inner().off {
        return Some(Forward::Bypass(Bypass::Off));
    }
    if !key.facts.is_safe() {
        return Some(Forward::Method);
    }
    if let Some(reason) = key.traits.bypass {
        return Some(Forward::Bypass(reason));
    }
    let upgrades = key.facts.flags.upgrade == Upgrade::WebSocket && key.handler.may_upgrade();
    upgrades.then_some(Forward::Bypass(Bypass::Upgrade))
}

/// What can be peeked at and is fresh; for what is asked for without a request, which could say more to it.
#[inline]
pub(crate) fn peek_fresh(key: &KeyRef<'_>, handler: &Handler, cache: &Cache) -> Option<Arc<Slot>> {
    let inner = cache.inner();
    let slot = cache.storage(handler).peek(key)?;
    let Slot::Response(stored) = &*slot else { return None };
    let is_current = stored.marks.as_ref().is_some_and(|marks| inner.memory.epochs.expired(marks) <= stored.stamp.clock);
    if is_current && stored.is_fresh(inner.clock.now()) { Some(slot) } else { None }
}

/// What a stored response is to a request.
pub(super) enum LookedUp {
    /// It may answer.
    Hit(Arc<Slot>),
    /// It may not, except in a stale window, or once the handler has said that it still holds.
    Stale(Arc<Slot>, Forward),
    Miss(Forward),
}

/// Judges what a storage has found.
fn judged(found: storage::Found, handler: &Handler, facts: &Facts, traits: &Traits, now: Millis) -> LookedUp {
    let (slot, is_expired) = match found {
        storage::Found::Response { slot, is_expired, .. } => (slot, is_expired),
        storage::Found::Nothing(forward) => return LookedUp::Miss(forward),
    };
    let Slot::Response(stored) = &*slot else { return LookedUp::Miss(Forward::VaryMiss) };
    match may_answer(stored, is_expired, handler, facts, traits, now) {
        Ok(()) => LookedUp::Hit(slot),
        Err(forward @ (Forward::Stale | Forward::Request)) => LookedUp::Stale(slot, forward),
        Err(forward) => LookedUp::Miss(forward),
    }
}

/// What a stale response is good for before the handler has run (RFC 5861).
pub(super) enum UseStale<'a> {
    Answer(&'a Stored, StaleUse),
    /// It answers, and this request is the one that makes it anew.
    Refresh(Claim),
    No,
}

/// `looked`: when it was looked up. `may_share`: whether a run of this request could be anybody else's.
pub(super) fn use_stale<'a>(
    slot: &'a Slot,
    forward: Forward,
    key: &KeyRef<'_>,
    may_share: bool,
    cache: &Cache,
    looked: Millis,
) -> UseStale<'a> {
    let Slot::Response(stored) = slot else { return UseStale::No };
    // A request that asks for validation is not content with less.
    if forward != Forward::Stale || !stored.windows.any() {
        return UseStale::No;
    }
    let inner = cache.inner();
    let (hash, now) = (inner.reputations.hash_ref(key), inner.clock.now());
    if stored.is_within(stored.windows.while_revalidate, now) {
        let claim = if may_share { inner.attempts.claim(hash, looked, now) } else { None };
        return claim.map_or(UseStale::Answer(stored, StaleUse::WhileRevalidate), UseStale::Refresh);
    }
    if stored.is_within(stored.windows.if_error, now) && inner.attempts.is_pausing(hash, now) {
        return UseStale::Answer(stored, StaleUse::AfterError);
    }
    UseStale::No
}

/// RFC 9111 §4, with what the epochs say in the place of §4.4.
#[expect(clippy::inline_always, reason = "a call on the way of every hit")]
#[inline(always)]
pub(super) fn may_answer(
    stored: &Stored,
    is_expired: bool,
    handler: &Handler,
    facts: &Facts,
    traits: &Traits,
    now: Millis,
) -> Result<(), Forward> {
    if !facts.credentials(&handler.policy, traits).may_share(stored.shareable) {
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

/// Whether the request itself accepts a stored response of this staleness, and nothing forbids it.
fn is_wanted_stale(stored: &Stored, handler: &Handler, facts: &Facts, now: Millis) -> bool {
    handler.policy.honor_request_directives
        && !stored.ends
        && facts.accepts_stale(span(now.saturating_sub(stored.fresh_until)))
        && may_be_stale(&stored.whole.headers, stored.targeted)
}

impl Run {
    /// Looks again: what was missing a moment ago may have been stored since. `waits`: also if that has to be waited for. A
    /// request that finds nothing goes on with the epochs that it has read before: what it holds is no younger.
    pub(super) async fn look_again(&mut self, waits: bool) -> Option<Arc<Slot>> {
        if !self.storage().peeks() {
            if !waits {
                return None;
            }
            self.fills_before = Some(self.fills());
        }
        self.find_fresh().await
    }

    /// What is stored and fresh. A failure is nothing.
    pub(crate) async fn find_fresh(&mut self) -> Option<Arc<Slot>> {
        let LookUp { epochs, found } = self.storage().find(&self.entry()).await.ok()?;
        let LookedUp::Hit(slot) = self.judged(found) else { return None };
        self.epochs = epochs.or(self.epochs.take());
        Some(slot)
    }

    fn judged(&self, found: storage::Found) -> LookedUp {
        if let storage::Found::Response { .. } | storage::Found::Nothing(Forward::Invalidated) = found
            && !self.storage().peeks()
        {
            self.cache.inner().reputations.found_at_rest(self.handler, self.key.instance, self.now());
        }
        judged(found, self.handler, &self.facts, &self.key.traits, self.now())
    }

    /// How many responses have been stored that a look-up would have to wait for.
    fn fills(&self) -> u64 {
        self.cache.inner().flights.fills(self.hash())
    }

    /// Whether a response has been stored since the look-up, which did not find it.
    pub(super) fn is_filled_since(&self) -> bool {
        self.fills_before.is_some_and(|before| before != self.fills())
    }

    /// Whether its handler is given the whole request, or all of its fields.
    fn shows_ranges(&self) -> bool {
        self.key.traits.can_ask && self.key.traits.credentials == Credentials::Forwarded
    }

    /// Looks up what [`hit`] could not peek at, and reads the epochs.
    pub async fn look_up(&mut self) -> Option<Response> {
        if matches!(self.key.forward, Forward::Method | Forward::Bypass(_)) {
            return None;
        }
        if self.storage().peeks() {
            self.read_epochs_here();
        } else if let Some(answer) = Box::pin(self.find_and_answer()).await {
            return Some(answer);
        }
        if self.shows_ranges() {
            self.forward_part();
        }
        None
    }

    /// Looks up and answers, or notes why not. A failure is a miss.
    async fn find_and_answer(&mut self) -> Option<Response> {
        self.fills_before = Some(self.fills());
        let now = self.now();
        let found = match self.storage().find(&self.entry()).await {
            Ok(LookUp { epochs, found }) => {
                self.epochs = epochs;
                found
            }
            Err(error) => {
                observe::call_failed(&self.handler.subject, "read", &error);
                self.stand_aside(Bypass::Backend);
                // The invalidations of this process at least are known, so that runs may be shared in it.
                self.read_epochs_here();
                return None;
            }
        };
        match self.judged(found) {
            LookedUp::Hit(slot) => match &*slot {
                Slot::Response(stored) => return Some(answer::hit(stored, self.handler, &self.facts, &self.cache, now)),
                Slot::Variants(_) => self.key.forward = Forward::VaryMiss,
            },
            LookedUp::Stale(slot, forward) => {
                match use_stale(&slot, forward, &self.key.primary.as_ref(), self.may_share(), &self.cache, now) {
                    UseStale::Answer(stored, why) => return Some(answer::stale(stored, why, self.handler, &self.facts, &self.cache, now)),
                    UseStale::Refresh(claim) => self.key.claim = Some(claim),
                    UseStale::No => {}
                }
                self.key.forward = forward;
                self.key.held = Some(slot);
                self.held_at = self.reading().map(|reading| reading.stamp());
            }
            LookedUp::Miss(forward) => self.key.forward = forward,
        }
        None
    }
}
