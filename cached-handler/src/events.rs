//! What others can see of the decisions, besides the answer: each is counted ([`Counts`]), told to the recorder of the
//! `metrics` facade where that feature is on ([`meters`]), and an event of `tracing`. The guide has the tables.
//!
//! Hits are counted and no more, unless somebody listens at `TRACE`. Warnings are at most one in ten seconds for each
//! handler and reason ([`Limiter`]). No line and no label holds anything of a key, a value or a group.

mod counts;
mod limiter;
mod meters;
mod run;
mod watch;

pub(crate) use self::{
    counts::Counts,
    limiter::Limiter,
    meters::{BackendMeters, HandlerMeters, MemoryMeters, Sample},
    run::Running,
    watch::Watch,
};
use crate::{
    backend::Effect,
    cache::Cache,
    error::Error,
    handler::Handler,
    invalidate::{Mark, Target},
    outcome::{Bypass, Forward, Kept, NotStored, Outcome},
    sync::lock,
};

/// Whether anybody listens to hits; almost nothing where nobody does.
#[inline]
pub(crate) fn hits_are_seen() -> bool {
    tracing::level_filters::LevelFilter::current() >= tracing::Level::TRACE && somebody_listens()
}

#[cold]
fn somebody_listens() -> bool {
    tracing::enabled!(target: "cached_handler", tracing::Level::TRACE)
}

/// A request is answered from a fresh response: on the way of every hit, so a relaxed addition and no more.
#[inline]
pub(crate) fn hit(cache: &Cache, handler: &'static Handler) {
    cache.inner().counts.hits.add_one();
    handler.meters.hit(handler);
}

/// A request has been answered. Hits are counted by [`hit`].
pub(crate) fn decided(cache: &Cache, handler: &'static Handler, outcome: &Outcome) {
    let counts = &cache.inner().counts;
    match outcome {
        Outcome::Hit { age, .. } => {
            tracing::trace!(target: "cached_handler", handler = handler.label(), age = age.as_secs(), "hit");
        }
        Outcome::Stale { age, past, why } => {
            lock(&counts.by_reason).stale.add_one(why.as_str());
            handler.meters.stale(handler, why.as_str());
            tracing::debug!(target: "cached_handler", handler = handler.label(), age = age.as_secs(), past = past.as_secs(), why = why.as_str(), "stale");
        }
        Outcome::Forward { why, collapsed, kept } => {
            forwarded(cache, handler, *why, *collapsed);
            tracing::debug!(target: "cached_handler", handler = handler.label(), fwd = forward_word(*why), collapsed, kept = kept_word(kept), "forward");
            // What became of the one response is told by whoever ran for it.
            if !collapsed {
                settled(cache, handler, kept);
            }
        }
    }
}

/// A request went forward to the handler.
fn forwarded(cache: &Cache, handler: &'static Handler, why: Forward, collapsed: bool) {
    let mut counts = lock(&cache.inner().counts.by_reason);
    counts.forwards.add_one(forward_word(why));
    counts.collapsed += u64::from(collapsed);
    drop(counts);
    handler.meters.forward(handler, forward_word(why), collapsed);
    if let Forward::Bypass(reason @ (Bypass::FieldsUnseen | Bypass::UnknownBackend)) = why
        && let Some(left_out) = may_speak(cache, handler, reason.as_str())
    {
        let site = &handler.site;
        tracing::warn!(target: "cached_handler", handler = handler.label(), file = site.file, line = site.line, reason = reason.as_str(), left_out, "not cached: {reason}");
    }
}

/// What became of a new response: at once, or at the end of what had to be waited for behind the answer.
pub(crate) fn settled(cache: &Cache, handler: &'static Handler, kept: &Kept) {
    let counts = &cache.inner().counts.by_reason;
    match kept {
        Kept::Not(reason) => {
            lock(counts).not_stored.add_one(reason.as_str());
            handler.meters.not_stored(handler, reason.as_str());
            if reason.is_for_the_author()
                && let Some(left_out) = may_speak(cache, handler, reason.as_str())
            {
                let site = &handler.site;
                tracing::warn!(target: "cached_handler", handler = handler.label(), file = site.file, line = site.line, reason = reason.as_str(), left_out, "not stored: {reason}");
            }
        }
        kept => {
            lock(counts).kept.add_one(kept_word(kept));
            handler.meters.kept(handler, kept_word(kept));
        }
    }
}

/// The handler failed, and something stale answers in its place: clients do not notice, so that somebody has to.
pub(crate) fn hidden(cache: &Cache, handler: &'static Handler, reason: &NotStored) {
    lock(&cache.inner().counts.by_reason).not_stored.add_one(reason.as_str());
    handler.meters.not_stored(handler, reason.as_str());
    if let Some(left_out) = may_speak(cache, handler, "hidden") {
        tracing::warn!(target: "cached_handler", handler = handler.label(), reason = reason.as_str(), left_out, "a stale response stands in for a failure: {reason}");
    }
}

/// Bytes at rest that are not what was stored: a miss.
pub(crate) fn damaged(cache: &Cache, handler: &'static Handler, damage: &'static str) {
    lock(&cache.inner().counts.by_reason).damaged += 1;
    handler.meters.damaged(handler, damage);
    if let Some(left_out) = may_speak(cache, handler, damage) {
        tracing::warn!(target: "cached_handler", handler = handler.label(), damage, left_out, "stored bytes are not used");
    }
}

/// Something was invalidated or expired, or could not be.
pub(crate) fn advanced(cache: &Cache, target: &Target, effect: Effect, outcome: &Result<(), Error>) {
    let (scope, effect, ok) = (scope_word(target), effect_word(effect), outcome.is_ok());
    let mut counts = lock(&cache.inner().counts.by_reason);
    match effect {
        _ if !ok => counts.failed_invalidations += 1,
        "expire" => counts.expirations += 1,
        _ => counts.invalidations += 1,
    }
    drop(counts);
    meters::advanced(scope, effect, ok);
    tracing::debug!(target: "cached_handler", scope, effect, ok, "invalidated");
}

/// An invalidation that nobody waits for has failed (law L6).
pub(crate) fn invalidation_failed(cache: &Cache, error: &Error) {
    let inner = cache.inner();
    if let Some(left_out) = inner.limiter.may_speak(None, "invalidation", inner.clock.now()) {
        tracing::error!(target: "cached_handler", error = ?error, left_out, "an invalidation failed; what it was to invalidate may be served until it is stale");
    }
}

/// What was to be invalidated once more was not.
pub(crate) fn not_invalidated_again(cache: &Cache, error: &Error) {
    let inner = cache.inner();
    if let Some(left_out) = inner.limiter.may_speak(None, "invalidation-again", inner.clock.now()) {
        tracing::error!(target: "cached_handler", error = ?error, left_out, "invalidating once more failed; what a lagging source gave may be served until it is stale");
    }
}

/// What goes on past the end of the process is lost.
pub(crate) fn not_drained(runs: usize, invalidations: usize) {
    tracing::warn!(target: "cached_handler", runs, invalidations, "`drain` has waited for its limit; what is left ends with the process, and what was not invalidated may be served by others");
}

/// It never will be: whoever invalidates does so outside of a runtime.
pub(crate) fn nowhere_to_invalidate_again(cache: &Cache) {
    let inner = cache.inner();
    if let Some(left_out) = inner.limiter.may_speak(None, "no-runtime", inner.clock.now()) {
        tracing::error!(target: "cached_handler", left_out, "there is no runtime to invalidate in once more; call invalidations in one, or take `settle` away");
    }
}

fn may_speak(cache: &Cache, handler: &'static Handler, reason: &'static str) -> Option<u64> {
    let inner = cache.inner();
    inner.limiter.may_speak(Some(handler), reason, inner.clock.now())
}

/// Finer than RFC 9211: one word for each reason.
fn forward_word(why: Forward) -> &'static str {
    match why {
        Forward::Bypass(reason) => reason.as_str(),
        Forward::Invalidated => "invalidated",
        why => why.as_str(),
    }
}

fn kept_word(kept: &Kept) -> &'static str {
    match kept {
        Kept::Stored => "stored",
        Kept::Storing => "storing",
        Kept::Freshened => "freshened",
        Kept::Streaming => "streaming",
        Kept::Not(reason) => reason.as_str(),
    }
}

fn scope_word(target: &Target) -> &'static str {
    match target.mark() {
        Mark::All => "all",
        Mark::Handler(_) => "handler",
        Mark::Group(_) => "group",
        Mark::PathBucket(_) => "path",
    }
}

fn effect_word(effect: Effect) -> &'static str {
    match effect {
        Effect::Invalidate => "invalidate",
        Effect::Expire => "expire",
    }
}
