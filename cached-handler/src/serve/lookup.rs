//! Steps 1 and 2: the key, and whether a stored response may answer.

use std::sync::Arc;

use super::{Run, answer};
use crate::{
    cache::{Cache, refresh_backoff::Claim},
    handler::{Handler, Instance},
    key::{
        primary::{Key, KeyRef, PrimaryKey},
        writer::{Buffer, KeyWriter, Tag, Traits},
    },
    observe::Sample,
    outcome::{Bypass, Forward, StaleUse},
    request::facts::{Facts, Seen, Upgrade},
    rules::{credentials::Credentials, request::Wish, stale::may_be_stale},
    storage::memory::Memory,
    stored::{Slot, Stored},
    util::clock::{Millis, span},
};
use axum::response::Response;
use http::HeaderMap;

/// An empty key. `inside` is any closure written inside the handler: its type tells the handler, and the instance of a
/// generic one, from every other.
#[must_use]
#[inline]
pub fn key<'a, T: 'static, const FIELDS: bool>(handler: &'static Handler, seen: &'a Seen<FIELDS>, inside: &T) -> KeyWriter<'a> {
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
    let (handler, facts) = (key.handler, key.facts);
    key.tagged(Tag::Path, facts.original.path().as_bytes());
    if let Some(inner) = facts.inner()
        && inner.path() != facts.original.path()
    {
        key.tagged(Tag::InnerPath, inner.path().as_bytes());
    }
    for name in handler.fields() {
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
    let (now, memory) = (cache.inner().clock.now(), &cache.inner().memory);
    let found = memory.get(&key.as_ref());
    // The way of almost all hits, and nothing else on it.
    if let Some(Slot::Response(stored)) = found.as_deref()
        && may_answer(stored, key.handler, key.facts, &key.traits, memory, now).is_ok()
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
    match judge(found, key, &cache.inner().memory, now) {
        Found::Usable(slot) => match &*slot {
            Slot::Response(stored) => {
                let response = answer::hit_of_variant(stored, key.handler, key.facts, cache, now);
                sample.hit(&cache.inner().clock, &key.handler.subject);
                Ok(response)
            }
            Slot::Variants(_) => Err(missed(key, Forward::VaryMiss)),
        },
        Found::Held(slot, forward) => match use_stale(&slot, forward, &key.as_ref(), key.may_share(), cache, now) {
            UseStale::Answer(stored, why) => Ok(answer::stale(stored, why, key.handler, key.facts, cache, now)),
            UseStale::Refresh(claim) => Err(Box::new(Key { held: Some(slot), claim: Some(claim), ..key.finish(forward) })),
            UseStale::No => Err(Box::new(Key { held: Some(slot), ..key.finish(forward) })),
        },
        Found::Nothing(forward) => Err(missed(key, forward)),
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
    if key.facts.flags.upgrade == Upgrade::WebSocket && key.handler.may_upgrade() {
        return Some(Forward::Bypass(Bypass::Upgrade));
    }
    // A backend is asked later, where there is something to await in.
    if key.handler.in_memory { None } else { Some(Forward::UriMiss) }
}

/// What is stored in memory and fresh; for what is asked for without a request, which could say more to it.
#[inline]
pub(crate) fn fresh_in_memory(key: &KeyRef<'_>, cache: &Cache) -> Option<Arc<Slot>> {
    let inner = cache.inner();
    let slot = inner.memory.get(key)?;
    let Slot::Response(stored) = &*slot else { return None };
    let is_current = stored.marks.as_ref().is_some_and(|marks| inner.memory.epochs.expired(marks) <= stored.stamp.clock);
    if is_current && stored.is_fresh(inner.clock.now()) { Some(slot) } else { None }
}

/// What lies under a key.
pub(super) enum Found {
    /// A stored response that may answer.
    Usable(Arc<Slot>),
    /// One that may not, but in a stale window, or once the handler has said that it still holds.
    Held(Arc<Slot>, Forward),
    Nothing(Forward),
}

/// What a slot is good for that is not simply a response which may answer: why it may not is asked once more, as few are.
fn judge(found: Option<Arc<Slot>>, key: &KeyWriter<'_>, memory: &Memory, now: Millis) -> Found {
    let Some(slot) = found else { return Found::Nothing(Forward::UriMiss) };
    let Some((slot, _)) = selected(slot, &key.as_ref(), key.fields, key.handler, memory) else { return Found::Nothing(Forward::VaryMiss) };
    judged(slot, |stored| may_answer(stored, key.handler, key.facts, &key.traits, memory, now))
}

/// The response that a request selects of what lies under its key, and its own key where it is a variant.
pub(super) fn selected(
    slot: Arc<Slot>,
    key: &KeyRef<'_>,
    fields: Option<&HeaderMap>,
    handler: &Handler,
    memory: &Memory,
) -> Option<(Arc<Slot>, Option<PrimaryKey>)> {
    let Slot::Variants(variants) = &*slot else { return Some((slot, None)) };
    let variant = key.variant(&variants.values(fields, handler.policy.by_meaning));
    Some((memory.get(&variant.as_ref())?, Some(variant)))
}

/// Sorts a slot by what its response may do.
pub(super) fn judged(slot: Arc<Slot>, may_answer: impl FnOnce(&Stored) -> Result<(), Forward>) -> Found {
    let Slot::Response(stored) = &*slot else { return Found::Usable(slot) };
    match may_answer(stored) {
        Ok(()) => Found::Usable(slot),
        Err(forward @ (Forward::Stale | Forward::Request)) => Found::Held(slot, forward),
        Err(forward) => Found::Nothing(forward),
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

/// RFC 9111 §4, with epochs in the place of §4.4.
#[expect(clippy::inline_always, reason = "a call on the way of every hit")]
#[inline(always)]
pub(super) fn may_answer(
    stored: &Stored,
    handler: &Handler,
    facts: &Facts,
    traits: &Traits,
    memory: &Memory,
    now: Millis,
) -> Result<(), Forward> {
    let mut is_expired = false;
    // While nothing at all has been invalidated since, there is no epoch to look at.
    if memory.epochs.now() > stored.stamp.clock
        && let Some(marks) = &stored.marks
        && memory.epochs.expired(marks) > stored.stamp.clock
    {
        if memory.epochs.invalidated(marks) > stored.stamp.clock {
            return Err(Forward::Invalidated);
        }
        is_expired = true;
    }
    may_answer_unless_invalidated(stored, is_expired, handler, facts, traits, now)
}

#[expect(clippy::inline_always, reason = "a call on the way of every hit")]
#[inline(always)]
pub(super) fn may_answer_unless_invalidated(
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
    /// Looks again, in memory: what was missing a moment ago may have been stored since.
    pub(super) fn look_again(&self) -> Option<Arc<Slot>> {
        let memory = &self.cache.inner().memory;
        let key = self.key.primary.as_ref();
        let (slot, _) = selected(memory.get(&key)?, &key, self.fields.as_deref(), self.handler, memory)?;
        let Slot::Response(stored) = &*slot else { return None };
        may_answer(stored, self.handler, &self.facts, &self.key.traits, memory, self.now()).ok()?;
        Some(slot)
    }

    /// Whether its handler is given the whole request, or all of its fields.
    fn shows_ranges(&self) -> bool {
        self.key.traits.can_ask && self.key.traits.credentials == Credentials::Forwarded
    }

    /// Looks up in a backend that has to be waited for; in memory this was done by [`hit`], and the epochs are read.
    pub async fn look_up(&mut self) -> Option<Response> {
        if matches!(self.key.forward, Forward::Method | Forward::Bypass(_)) {
            return None;
        }
        if self.handler.in_memory {
            self.read_epochs_in_memory();
        } else if let Some(answer) = Box::pin(self.look_up_in_backend()).await {
            return Some(answer);
        }
        if self.shows_ranges() {
            self.forward_part();
        }
        None
    }
}
