//! Observability: each decision of the cache is counted ([`Counts`]), is a metric if the feature `metrics` is on ([`meters`]), and is
//! an event of `tracing`. The guide has the tables.
//!
//! A hit is only counted, unless a subscriber listens at `TRACE`. For each handler and reason there is at most one warning in ten
//! seconds ([`Limiter`]). No line and no label shows anything of a key, a value or a group.

mod counts;
mod limiter;
mod lines;
mod meters;
mod run;
pub(crate) mod stats;
mod subject;
mod unused;
mod watch;

use std::sync::Arc;

#[cfg(feature = "redis")]
pub(crate) use self::meters::LeaseMeters;
pub(crate) use self::{
    counts::Counts,
    limiter::{Limiter, Throttle},
    lines::{Why, call_failed, of_backend},
    meters::{MemoryMeters, Sample},
    run::Running,
    subject::Subject,
    watch::Watch,
};
use crate::{
    epoch::{
        Effect,
        target::{Mark, Target},
    },
    error::Error,
    outcome::{Bypass, Forward, Kept, NotStored, Outcome, Tier},
    util::{clock::Clock, lock::lock},
};

/// The counters and log lines of one cache. Clones share the counters.
#[derive(Debug, Clone)]
pub(crate) struct Observer {
    pub(crate) counts: Arc<Counts>,
    limiter: Arc<Limiter>,
    clock: Clock,
}

/// Whether a subscriber listens to hits. It costs almost nothing if none does.
#[inline]
pub(crate) fn hits_are_seen() -> bool {
    tracing::level_filters::LevelFilter::current() >= tracing::Level::TRACE && somebody_listens()
}

#[cold]
fn somebody_listens() -> bool {
    tracing::enabled!(target: "cached_handler", tracing::Level::TRACE)
}

impl Observer {
    pub(crate) fn new(counts: Arc<Counts>, clock: Clock) -> Self {
        Self { counts, limiter: Arc::default(), clock }
    }

    /// Counts a hit, by one relaxed addition.
    #[inline]
    pub(crate) fn hit(&self, subject: &'static Subject, tier: Tier) {
        self.counts.hits.add_one();
        subject.meters.hit(subject);
        subject.unused.is_used();
        if tier != Tier::Only {
            self.hit_of_two(subject, tier);
        }
    }

    /// Counts which of two copies it was.
    #[cold]
    fn hit_of_two(&self, subject: &'static Subject, tier: Tier) {
        match tier {
            Tier::Near => self.counts.near_hits.add_one(),
            Tier::Far => self.counts.far_hits.add_one(),
            Tier::Only => {}
        }
        subject.meters.tier_hit(subject, tier);
    }

    /// Reports how a request was answered. Hits are counted by [`Self::hit`].
    pub(crate) fn decided(&self, subject: &'static Subject, outcome: &Outcome) {
        let counts = &self.counts;
        match outcome {
            Outcome::Hit { age, tier, .. } => {
                tracing::trace!(target: "cached_handler", handler = subject.label(), age = age.as_secs(), tier = tier.as_str(), "hit");
            }
            Outcome::Stale { age, past, why } => {
                subject.unused.is_used();
                lock(&counts.by_reason).stale.add_one(why.as_str());
                subject.meters.stale(subject, why.as_str());
                tracing::debug!(target: "cached_handler", handler = subject.label(), age = age.as_secs(), past = past.as_secs(), why = why.as_str(), "stale");
            }
            Outcome::Forward { why, collapsed, kept } => {
                self.forwarded(subject, *why, *collapsed);
                tracing::debug!(target: "cached_handler", handler = subject.label(), fwd = forward_word(*why), collapsed, kept = kept_word(kept), "forward");
                // The leader reports what became of the shared response.
                if *collapsed {
                    subject.unused.is_used();
                } else {
                    self.count(subject, Some(*why), kept);
                }
            }
        }
    }

    /// Counts a request that was forwarded to the handler.
    fn forwarded(&self, subject: &'static Subject, why: Forward, collapsed: bool) {
        let mut counts = lock(&self.counts.by_reason);
        counts.forwards.add_one(forward_word(why));
        counts.collapsed += u64::from(collapsed);
        drop(counts);
        subject.meters.forward(subject, forward_word(why), collapsed);
        if let Forward::Bypass(reason @ (Bypass::FieldsUnseen | Bypass::UnknownBackend)) = why
            && let Some(left_out) = self.may_speak(subject, reason.as_str())
        {
            lines::of_handler(subject, reason.as_str(), left_out, &format!("not cached: {reason}"));
        }
    }

    /// Reports what became of a new response, if that was only known after the answer was sent.
    pub(crate) fn settled(&self, subject: &'static Subject, kept: &Kept) {
        self.count(subject, None, kept);
    }

    /// Counts what became of a new response. `why` the handler ran is absent if it was reported before.
    fn count(&self, subject: &'static Subject, why: Option<Forward>, kept: &Kept) {
        if !subject.is_of_values
            && let Some(verdict) = subject.unused.note(why, kept)
        {
            let (word, share) = (verdict.reason.word(), verdict.share);
            lock(&self.counts.by_reason).unused += 1;
            subject.meters.unused(subject, word);
            lines::unused(subject, word, share, &verdict.line());
        }
        let counts = &self.counts.by_reason;
        match kept {
            Kept::Not(reason) => {
                lock(counts).not_stored.add_one(reason.as_str());
                subject.meters.not_stored(subject, reason.as_str());
                if reason.is_for_the_author()
                    && let Some(left_out) = self.may_speak(subject, reason.as_str())
                {
                    lines::of_handler(subject, reason.as_str(), left_out, &format!("not stored: {reason}"));
                }
            }
            kept => {
                lock(counts).kept.add_one(kept_word(kept));
                subject.meters.kept(subject, kept_word(kept));
            }
        }
    }

    /// Reports a failure of the handler that a stale response hides from clients.
    pub(crate) fn hidden(&self, subject: &'static Subject, reason: &NotStored) {
        lock(&self.counts.by_reason).not_stored.add_one(reason.as_str());
        subject.meters.not_stored(subject, reason.as_str());
        if let Some(left_out) = self.may_speak(subject, "hidden") {
            lines::of_handler(subject, reason.as_str(), left_out, &format!("a stale response stands in for a failure: {reason}"));
        }
    }

    /// Reports stored bytes that are damaged; the look-up is a miss.
    pub(crate) fn damaged(&self, subject: &'static Subject, damage: &'static str) {
        lock(&self.counts.by_reason).damaged += 1;
        subject.meters.damaged(subject, damage);
        if let Some(left_out) = self.may_speak(subject, damage) {
            lines::of_handler(subject, damage, left_out, "stored bytes are not used");
        }
    }

    /// Reports an invalidation or expiration, or its failure.
    pub(crate) fn advanced(&self, target: &Target, effect: Effect, outcome: &Result<(), Error>) {
        let (scope, effect, ok) = (scope_word(target), effect_word(effect), outcome.is_ok());
        let mut counts = lock(&self.counts.by_reason);
        match effect {
            _ if !ok => counts.failed_invalidations += 1,
            "expire" => counts.expirations += 1,
            _ => counts.invalidations += 1,
        }
        drop(counts);
        meters::advanced(scope, effect, ok);
        tracing::debug!(target: "cached_handler", scope, effect, ok, "invalidated");
    }

    /// Reports the failure of an invalidation whose caller does not see the result (law L6).
    pub(crate) fn invalidation_failed(&self, error: &Error) {
        const WHAT: &str = "an invalidation failed; its responses may be served until they are stale";
        self.complain(None, "invalidation", Some(error), WHAT);
    }

    /// Reports the failure of a reinvalidation.
    pub(crate) fn not_invalidated_again(&self, error: &Error) {
        const WHAT: &str = "a reinvalidation failed; responses from a source that lagged may be served until they are stale";
        self.complain(None, "invalidation-again", Some(error), WHAT);
    }

    /// Reports that reinvalidation is impossible: the invalidation was called outside of a runtime.
    pub(crate) fn nowhere_to_invalidate_again(&self) {
        const WHAT: &str = "there is no runtime for the reinvalidation; call invalidations in one, or remove `reinvalidate_after`";
        self.complain(None, "no-runtime", None, WHAT);
    }

    /// Reports a handler whose responses may be too large for its backend.
    pub(crate) fn no_room(&self, subject: &'static Subject, what: &str) {
        if let Some(left_out) = self.limiter.may_speak(Some(subject), "no-room", self.clock.now()) {
            lines::of_handler(subject, "no-room", left_out, what);
        }
    }

    /// Reports a handler whose backend its cache does not have.
    pub(crate) fn misfit(&self, subject: &'static Subject, misfit: &str) {
        self.complain(Some(subject), "misfit", None, misfit);
    }

    fn complain(&self, subject: Option<&'static Subject>, reason: &'static str, error: Option<&Error>, what: &str) {
        if let Some(left_out) = self.limiter.may_speak(subject, reason, self.clock.now()) {
            lines::of_cache(error, left_out, what);
        }
    }

    fn may_speak(&self, subject: &'static Subject, reason: &'static str) -> Option<u64> {
        self.limiter.may_speak(Some(subject), reason, self.clock.now())
    }
}

/// Reports a mistake in the cache that the process makes by default, which has no caller to return an error to.
pub(crate) fn set_up_lacks(what: &str) {
    lines::of_cache(None, 0, what);
}

/// Reports work that `drain` did not wait for, and that the end of the process will cut off.
pub(crate) fn not_drained(runs: usize, invalidations: usize) {
    tracing::warn!(target: "cached_handler", runs, invalidations, "`drain` has waited for its limit; the remaining work ends with the process, and other processes may serve responses that it was to invalidate");
}

/// The word for a forward, one for each reason: more detailed than RFC 9211.
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
