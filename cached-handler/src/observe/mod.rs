//! What others can see of the decisions, besides the answer: each is counted ([`Counts`]), told to the recorder of the
//! `metrics` facade where that feature is on ([`meters`]), and an event of `tracing`. The guide has the tables.
//!
//! Hits are counted and no more, unless somebody listens at `TRACE`. Warnings are at most one in ten seconds for each
//! handler and reason ([`Limiter`]). No line and no label holds anything of a key, a value or a group.

mod counts;
mod limiter;
mod lines;
mod meters;
mod run;
pub(crate) mod stats;
mod unused;
mod watch;

pub(crate) use self::{
    counts::Counts,
    limiter::{Limiter, Throttle},
    lines::{Why, call_failed, of_backend},
    meters::{BackendMeters, HandlerMeters, MemoryMeters, Sample},
    run::Running,
    unused::Unused,
    watch::Watch,
};
use crate::{
    cache::Cache,
    epoch::{
        Effect,
        target::{Mark, Target},
    },
    error::Error,
    handler::Handler,
    outcome::{Bypass, Forward, Kept, NotStored, Outcome},
    util::lock::lock,
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
    handler.unused.is_used();
}

/// A request has been answered. Hits are counted by [`hit`].
pub(crate) fn decided(cache: &Cache, handler: &'static Handler, outcome: &Outcome) {
    let counts = &cache.inner().counts;
    match outcome {
        Outcome::Hit { age, .. } => {
            tracing::trace!(target: "cached_handler", handler = handler.label(), age = age.as_secs(), "hit");
        }
        Outcome::Stale { age, past, why } => {
            handler.unused.is_used();
            lock(&counts.by_reason).stale.add_one(why.as_str());
            handler.meters.stale(handler, why.as_str());
            tracing::debug!(target: "cached_handler", handler = handler.label(), age = age.as_secs(), past = past.as_secs(), why = why.as_str(), "stale");
        }
        Outcome::Forward { why, collapsed, kept } => {
            forwarded(cache, handler, *why, *collapsed);
            tracing::debug!(target: "cached_handler", handler = handler.label(), fwd = forward_word(*why), collapsed, kept = kept_word(kept), "forward");
            // What became of the one response is told by whoever ran for it.
            if *collapsed {
                handler.unused.is_used();
            } else {
                count(cache, handler, Some(*why), kept);
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
        lines::of_handler(handler, reason.as_str(), left_out, &format!("not cached: {reason}"));
    }
}

/// What became of a new response at the end of what had to be waited for behind the answer.
pub(crate) fn settled(cache: &Cache, handler: &'static Handler, kept: &Kept) {
    count(cache, handler, None, kept);
}

/// What became of a new response, and `why` the handler ran, unless that has been told before.
fn count(cache: &Cache, handler: &'static Handler, why: Option<Forward>, kept: &Kept) {
    if !handler.is_of_values
        && let Some(verdict) = handler.unused.note(why, kept)
    {
        let (word, share) = (verdict.reason.word(), verdict.share);
        lock(&cache.inner().counts.by_reason).unused += 1;
        handler.meters.unused(handler, word);
        lines::unused(handler, word, share, &verdict.line());
    }
    let counts = &cache.inner().counts.by_reason;
    match kept {
        Kept::Not(reason) => {
            lock(counts).not_stored.add_one(reason.as_str());
            handler.meters.not_stored(handler, reason.as_str());
            if reason.is_for_the_author()
                && let Some(left_out) = may_speak(cache, handler, reason.as_str())
            {
                lines::of_handler(handler, reason.as_str(), left_out, &format!("not stored: {reason}"));
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
        lines::of_handler(handler, reason.as_str(), left_out, &format!("a stale response stands in for a failure: {reason}"));
    }
}

/// Bytes at rest that are not what was stored: a miss.
pub(crate) fn damaged(cache: &Cache, handler: &'static Handler, damage: &'static str) {
    lock(&cache.inner().counts.by_reason).damaged += 1;
    handler.meters.damaged(handler, damage);
    if let Some(left_out) = may_speak(cache, handler, damage) {
        lines::of_handler(handler, damage, left_out, "stored bytes are not used");
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
    const WHAT: &str = "an invalidation failed; what it was to invalidate may be served until it is stale";
    complain(cache, None, "invalidation", Some(error), WHAT);
}

/// What was to be invalidated once more was not.
pub(crate) fn not_invalidated_again(cache: &Cache, error: &Error) {
    const WHAT: &str = "invalidating once more failed; what a lagging source gave may be served until it is stale";
    complain(cache, None, "invalidation-again", Some(error), WHAT);
}

/// It never will be: whoever invalidates does so outside of a runtime.
pub(crate) fn nowhere_to_invalidate_again(cache: &Cache) {
    const WHAT: &str = "there is no runtime to invalidate in once more; call invalidations in one, or take `settle` away";
    complain(cache, None, "no-runtime", None, WHAT);
}

/// What is wrong with a cache that was set up by nobody, and has nobody to return it to.
pub(crate) fn set_up_lacks(what: &str) {
    lines::of_cache(None, 0, what);
}

/// A handler may store what its backend has no room for.
pub(crate) fn no_room(cache: &Cache, handler: &'static Handler, what: &str) {
    let inner = cache.inner();
    if let Some(left_out) = inner.limiter.may_speak(Some(handler), "no-room", inner.clock.now()) {
        lines::of_handler(handler, "no-room", left_out, what);
    }
}

/// A handler names a backend that its cache does not have.
pub(crate) fn misfit(cache: &Cache, handler: &'static Handler, misfit: &str) {
    complain(cache, Some(handler), "misfit", None, misfit);
}

fn complain(cache: &Cache, of: Option<&'static Handler>, reason: &'static str, error: Option<&Error>, what: &str) {
    let inner = cache.inner();
    if let Some(left_out) = inner.limiter.may_speak(of, reason, inner.clock.now()) {
        lines::of_cache(error, left_out, what);
    }
}

/// What goes on past the end of the process is lost.
pub(crate) fn not_drained(runs: usize, invalidations: usize) {
    tracing::warn!(target: "cached_handler", runs, invalidations, "`drain` has waited for its limit; what is left ends with the process, and what was not invalidated may be served by others");
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
        Mark::Path(_) => "path",
    }
}

fn effect_word(effect: Effect) -> &'static str {
    match effect {
        Effect::Invalidate => "invalidate",
        Effect::Expire => "expire",
    }
}
