//! Step 1: the key, and the answer to a hit that needs no await.

use std::sync::Arc;

use axum::response::Response;

use super::{
    answer,
    lookup::{LookedUp, UseStale, judged, may_answer, use_stale},
};
use crate::{
    cache::Cache,
    handler::{Handler, Instance},
    key::{
        primary::KeyRef,
        writer::{Buffer, KeyWriter, Tag, Traits},
    },
    observe::Sample,
    outcome::{Bypass, Forward},
    request::facts::Upgrade,
    serve::{Key, Seen},
    storage::{self, Validity},
    stored::Slot,
    util::clock::Millis,
};

/// An empty key. `inside` is any closure that is written inside the handler: its type identifies the handler, and the instance of a
/// generic one.
#[must_use]
#[inline]
pub fn key<'a, T: 'static, const FIELDS: bool, const PARAMETERS: bool>(
    handler: &'static Handler,
    seen: &'a Seen<FIELDS, PARAMETERS>,
    inside: &T,
) -> KeyWriter<'a> {
    // Built in one expression, so that the compiler constructs it in place instead of moving it.
    KeyWriter {
        handler,
        instance: Instance::of(inside),
        bytes: Buffer::new(),
        facts: &seen.0.facts,
        fields: seen.0.fields.as_deref(),
        traits: Traits::default(),
    }
}

/// Starts a request's key with the parts that every key has.
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

/// Writes the fields that `vary` names.
pub(super) fn begin_fields(key: &mut KeyWriter<'_>) {
    for name in key.handler.fields() {
        key.field(name);
    }
}

/// Answers without an await, or returns the finished key.
#[inline]
pub fn hit<const FIELDS: bool, const PARAMETERS: bool>(
    key: &mut KeyWriter<'_>,
    seen: &Seen<FIELDS, PARAMETERS>,
) -> Result<Response, Box<Key>> {
    hit_in(key, seen.0.cache())
}

/// As [`hit()`], in this cache.
pub(crate) fn hit_in(key: &mut KeyWriter<'_>, cache: &Cache) -> Result<Response, Box<Key>> {
    key.handler = key.handler.with(cache.inner().defaults);
    look(key, cache)
}

/// The empty key of a request that bypasses the cache by a condition of `bypass(…)`.
pub fn bypassed<const FIELDS: bool, const PARAMETERS: bool>(key: &mut KeyWriter<'_>, seen: &Seen<FIELDS, PARAMETERS>) -> Box<Key> {
    let why = if seen.0.cache().inner().off { Bypass::Off } else { Bypass::Condition };
    missed(key, Forward::Bypass(why))
}

/// As [`hit_in`], for a handler that has the cache's defaults already.
#[inline]
pub(crate) fn look(key: &mut KeyWriter<'_>, cache: &Cache) -> Result<Response, Box<Key>> {
    let sample = Sample::begin(&cache.inner().clock);
    if let Some(forward) = stands_aside(key, cache) {
        return Err(missed(key, forward));
    }
    let (now, storage) = (cache.inner().clock.now(), cache.storage(key.handler));
    let found = storage.peek(&key.as_ref());
    // The path of almost all hits; everything else is out of line.
    if let Some(Slot::Response(stored)) = found.as_deref()
        && let validity = cache.inner().memory.validity(stored)
        && validity != Validity::Invalidated
        && may_answer(stored, validity == Validity::Expired, key.handler, key.facts, &key.traits, now).is_ok()
    {
        let response = answer::hit(stored, storage.tier(), key.handler, key.facts, cache, now);
        sample.hit(&cache.inner().clock, &key.handler.subject);
        return Ok(response);
    }
    look_closer(found, key, cache, now, sample)
}

/// The rest of the look-up, if no response under the key itself is a plain hit.
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
        LookedUp::Hit(slot, tier) => {
            let Slot::Response(stored) = &*slot else { return Err(missed(key, Forward::VaryMiss)) };
            let response = answer::hit_of_variant(stored, tier, key.handler, key.facts, cache, now);
            sample.hit(&cache.inner().clock, &key.handler.subject);
            Ok(response)
        }
        // What a peek shows in part is looked up with its epochs.
        _ if !storage.peeks() => Err(missed(key, Forward::UriMiss)),
        LookedUp::Stale(slot, forward) => match use_stale(&slot, forward, &key.as_ref(), key.may_share(), cache, now) {
            UseStale::Answer(stored, why) => Ok(answer::stale(stored, why, key.handler, key.facts, cache, now)),
            UseStale::Refresh(permit) => Err(Box::new(Key { held: Some(slot), permit: Some(permit), ..key.finish(forward) })),
            UseStale::No => Err(Box::new(Key { held: Some(slot), ..key.finish(forward) })),
        },
        LookedUp::Miss(forward) => Err(missed(key, forward)),
    }
}

#[cold]
fn missed(key: &mut KeyWriter<'_>, forward: Forward) -> Box<Key> {
    Box::new(key.finish(forward))
}

/// Why this request is not answered from the cache, if so.
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

/// A fresh response that can be peeked at, for a typed value, whose look-up has no request with directives or preconditions.
#[inline]
pub(crate) fn peek_fresh(key: &KeyRef<'_>, handler: &Handler, cache: &Cache) -> Option<Arc<Slot>> {
    let inner = cache.inner();
    let slot = cache.storage(handler).peek(key)?;
    let Slot::Response(stored) = &*slot else { return None };
    let is_current = inner.memory.validity(stored) == Validity::Current;
    if is_current && stored.is_fresh(inner.clock.now()) { Some(slot) } else { None }
}
