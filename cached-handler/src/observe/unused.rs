//! Detects handlers that the cache does not help: no answer comes from it or is stored. One log line says so, and why.

#[cfg(test)]
mod tests;

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering},
};

use crate::{
    outcome::{Bypass, Forward, Kept, NotStored},
    util::lock::lock,
};

/// This many answers in a row are not a coincidence.
const MANY: u32 = 100;

/// The bit in [`Unused::in_a_row`] that is set until the first answer came from the cache or was stored.
const NEVER_USED: u32 = 1 << 31;

/// The answers of a handler since the last that came from the cache, or was stored.
#[derive(Debug)]
pub(crate) struct Unused {
    /// The number of these answers, with the bit [`NEVER_USED`]. Every hit reads it, and writes it only if it is not 0.
    in_a_row: AtomicU32,
    reasons: Mutex<Reasons>,
}

#[derive(Debug)]
struct Reasons {
    /// The reasons of the answers that are counted.
    counts: Vec<(Reason, u32)>,
    /// The reasons that were logged already. Each is logged once by itself, as a client may have provoked one of them.
    logged: Vec<Reason>,
}

/// Why the cache did not help with one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    Bypassed(Bypass),
    NotStored(NotStored),
}

/// The result of the check, which is then logged.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The main reason.
    pub(crate) reason: Reason,
    /// For how many of the answers it was the reason.
    pub(crate) share: u32,
}

/// What one answer shows about its handler.
#[derive(Debug, PartialEq, Eq)]
enum Says {
    Used,
    Unused(Reason),
    /// Nothing: the cause was the request, a backend or a failure.
    Nothing,
}

impl Unused {
    pub(crate) const fn new() -> Self {
        let reasons = Reasons { counts: Vec::new(), logged: Vec::new() };
        Self { in_a_row: AtomicU32::new(NEVER_USED), reasons: Mutex::new(reasons) }
    }

    /// Notes that an answer came from the cache. Every hit calls this, so it takes no lock; the next call of `note` clears the
    /// reasons.
    #[inline]
    pub(crate) fn is_used(&self) {
        if self.in_a_row.load(Ordering::Relaxed) != 0 {
            self.in_a_row.store(0, Ordering::Relaxed);
        }
    }

    /// Notes an answer of the handler. Returns what to log if the cache does not help, once for each reason.
    pub(crate) fn note(&self, why: Option<Forward>, kept: &Kept) -> Option<Verdict> {
        match says(why, kept) {
            Says::Used => self.is_used(),
            Says::Unused(reason) if reason.is_made_by_clients() && self.has_been_used() => {}
            Says::Unused(reason) => return self.add(reason),
            Says::Nothing => {}
        }
        None
    }

    fn has_been_used(&self) -> bool {
        self.in_a_row.load(Ordering::Relaxed) & NEVER_USED == 0
    }

    fn add(&self, reason: Reason) -> Option<Verdict> {
        let mut reasons = lock(&self.reasons);
        let before = self.in_a_row.fetch_add(1, Ordering::Relaxed) & !NEVER_USED;
        if before == 0 {
            reasons.counts.clear();
        }
        match reasons.counts.iter_mut().find(|(known, _)| known.is_alike(&reason)) {
            Some((_, count)) => *count += 1,
            None => reasons.counts.push((reason, 1)),
        }
        if before + 1 < MANY {
            return None;
        }
        self.in_a_row.fetch_and(NEVER_USED, Ordering::Relaxed);
        let (reason, share) = std::mem::take(&mut reasons.counts).into_iter().max_by_key(|(_, count)| *count)?;
        if reasons.logged.iter().any(|logged| logged.is_alike(&reason)) {
            return None;
        }
        reasons.logged.push(reason.clone());
        Some(Verdict { reason, share })
    }
}

/// What an answer shows. `why` is absent if the answer was sent, and counted, before.
fn says(why: Option<Forward>, kept: &Kept) -> Says {
    let reason = match (why, kept) {
        (_, Kept::Stored | Kept::Storing | Kept::Freshened) => return Says::Used,
        (_, Kept::Streaming) => None,
        (Some(Forward::Bypass(reason)), Kept::Not(NotStored::Bypass)) => {
            // Each of these is a decision, a client's mistake, or has a log line of its own.
            let is_told = matches!(
                reason,
                Bypass::Off | Bypass::Backend | Bypass::UnknownBackend | Bypass::FieldsUnseen | Bypass::AmbiguousAuthority
            );
            (!is_told).then_some(Reason::Bypassed(reason))
        }
        (_, Kept::Not(reason)) => {
            let is_of_its_request = matches!(reason, NotStored::OnlyIfCached) || !reason.lasts();
            (!is_of_its_request).then(|| Reason::NotStored(reason.clone()))
        }
    };
    reason.map_or(Says::Nothing, Says::Unused)
}

impl Reason {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Bypassed(reason) => reason.as_str(),
            Self::NotStored(reason) => reason.as_str(),
        }
    }

    /// Whether the same advice applies to both reasons. Each status is a reason of its own; the field that `Vary` names does not
    /// matter.
    fn is_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::NotStored(NotStored::Status(one)), Self::NotStored(NotStored::Status(other))) => one == other,
            _ => self.word() == other.word(),
        }
    }

    /// Whether a client can provoke this reason for any handler. It tells something about the handler only if nothing of that handler
    /// has ever been stored; otherwise it tells something about one client.
    fn is_made_by_clients(&self) -> bool {
        use Bypass as B;
        matches!(self, Self::Bypassed(B::KeyTooLong | B::Content | B::Upgrade | B::Range | B::RejectedArgument))
    }

    /// What to type, unless the reason's own text says so.
    fn advice(&self) -> &'static str {
        match self.word() {
            "condition" => "; if that is not meant for so many, narrow `bypass(…)`",
            "credentials" => {
                "; if one cookie matters, type `bypass(jar.get(\"session\").is_some()), skip(jar)`; if none does, `skip_credentials(jar)`"
            }
            "rejected-argument" => {
                "; a GET has no content for `Form` and `Json`: take `Query`, or the extractor without `Result`, whose rejection is then the answer"
            }
            "key-too-long" => "; take `Query<Page>` in place of `RawQuery`, or name what matters in `key(…)`",
            "content" => "; GET with content is not cached: take what it asks for from `Query`",
            "range" => "; if it is too large, type `Policy::new().max_body(n)`",
            "err" => "; if it may be, remove `only_ok`",
            "do-not-store" => "; remove `DoNotStore` where it may be",
            "cached-inside" => "; take `#[cached]` or the layer away from one of the two",
            "no-store" => "; if that is meant for clients only, type `cache_control = \"no-store\"` in the attribute",
            "must-understand" => "; remove `must-understand`",
            "too-many-variants" => "; take an extractor that reduces the field in place of `vary`",
            "upgrade" | "partial" | "endless" | "trailers" | "run-too-long" => "; remove `#[cached]`",
            "fields-too-large" | "groups" | "length-mismatch" | "malformed-vary" | "malformed-cache-control" | "vary-any" => {
                "; correct it, or remove `#[cached]`"
            }
            _ => "",
        }
    }
}

impl Verdict {
    /// The log line.
    pub(crate) fn line(&self) -> String {
        let Self { reason, share } = self;
        let (what, advice) = (
            match reason {
                Reason::Bypassed(reason) => format!("bypassed: {reason}"),
                Reason::NotStored(reason) => format!("not stored: {reason}"),
            },
            reason.advice(),
        );
        format!("{MANY} answers in a row did not come from the cache, and no other request can get them; {share} of them {what}{advice}")
    }
}
