//! Handlers of which no answer comes from the cache, or could for anybody else: one line says so, and why.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use crate::{
    outcome::{Bypass, Forward, Kept, NotStored},
    sync::lock,
};

/// So many answers in a row are no chance.
const MANY: u32 = 100;

/// The answers of a handler since the last that came from the cache, or was stored.
#[derive(Debug)]
pub(crate) struct Unused {
    /// How many; read by every hit, and written only where it is not 0.
    in_a_row: AtomicU32,
    /// Its author has been told, which is enough.
    told: AtomicBool,
    reasons: Mutex<Vec<(Reason, u32)>>,
}

/// Why the cache was of no use for one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    Bypassed(Bypass),
    NotStored(NotStored),
}

/// What is to be told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The main reason.
    pub(crate) reason: Reason,
    /// For how many of the answers it was.
    pub(crate) share: u32,
}

/// What one answer says of its handler.
#[derive(Debug, PartialEq, Eq)]
enum Says {
    Used,
    Unused(Reason),
    /// Something of its request, of a backend or of a failure.
    Nothing,
}

impl Unused {
    pub(crate) const fn new() -> Self {
        Self { in_a_row: AtomicU32::new(0), told: AtomicBool::new(false), reasons: Mutex::new(Vec::new()) }
    }

    /// An answer came from the cache: on the way of every hit.
    #[inline]
    pub(crate) fn is_used(&self) {
        if self.in_a_row.load(Ordering::Relaxed) != 0 {
            self.begin_anew();
        }
    }

    #[cold]
    fn begin_anew(&self) {
        let mut reasons = lock(&self.reasons);
        reasons.clear();
        self.in_a_row.store(0, Ordering::Relaxed);
    }

    /// Notes an answer that the handler gave; says so once, where the cache is of no use.
    pub(crate) fn note(&self, why: Option<Forward>, kept: &Kept) -> Option<Verdict> {
        if self.told.load(Ordering::Relaxed) {
            return None;
        }
        match says(why, kept) {
            Says::Used => self.is_used(),
            Says::Unused(reason) => return self.add(reason),
            Says::Nothing => {}
        }
        None
    }

    fn add(&self, reason: Reason) -> Option<Verdict> {
        let mut reasons = lock(&self.reasons);
        match reasons.iter_mut().find(|(known, _)| known.word() == reason.word()) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason, 1)),
        }
        if self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1 < MANY || self.told.swap(true, Ordering::Relaxed) {
            return None;
        }
        self.in_a_row.store(0, Ordering::Relaxed);
        let (reason, share) = std::mem::take(&mut *reasons).into_iter().max_by_key(|(_, count)| *count)?;
        Some(Verdict { reason, share })
    }
}

/// `why` is absent where the answer has been sent, and counted, before.
fn says(why: Option<Forward>, kept: &Kept) -> Says {
    let reason = match (why, kept) {
        (_, Kept::Stored | Kept::Storing | Kept::Freshened) => return Says::Used,
        (_, Kept::Streaming) => None,
        (Some(Forward::Bypass(reason)), Kept::Not(NotStored::Bypass)) => {
            // Each is somebody's decision, a client's mistake, or told by a line of its own.
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

    /// What to type, where the reason does not say it itself.
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
    /// A line for the author.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn not(reason: NotStored) -> Kept {
        Kept::Not(reason)
    }

    const MISS: Option<Forward> = Some(Forward::UriMiss);
    const WITH_COOKIES: Option<Forward> = Some(Forward::Bypass(Bypass::Credentials));

    #[test]
    fn the_hundredth_in_a_row_is_told_with_the_main_reason_and_its_share() {
        let unused = Unused::new();
        for at in 0..99 {
            let told = if at % 4 == 0 {
                unused.note(MISS, &not(NotStored::SetCookie))
            } else {
                unused.note(WITH_COOKIES, &not(NotStored::Bypass))
            };
            assert_eq!(told, None, "{at}");
        }
        let told = unused.note(MISS, &not(NotStored::Status(303))).unwrap();
        assert_eq!(told, Verdict { reason: Reason::Bypassed(Bypass::Credentials), share: 74 });
        assert!(told.line().contains("74 of them bypassed: ") && told.line().contains("skip_credentials(jar)"), "{}", told.line());
    }

    #[test]
    fn it_is_told_once() {
        let unused = Unused::new();
        let told = (0..1000).filter_map(|_| unused.note(MISS, &not(NotStored::Private))).count();
        assert_eq!(told, 1);
    }

    #[test]
    fn one_that_was_stored_or_came_from_the_cache_begins_anew() {
        let used: [fn(&Unused); 2] = [Unused::is_used, |unused| drop(unused.note(MISS, &Kept::Stored))];
        for is_used in used {
            let unused = Unused::new();
            for _ in 0..50 {
                assert!((0..99).all(|_| unused.note(MISS, &not(NotStored::DoNotStore)).is_none()));
                is_used(&unused);
            }
            let told: Vec<_> = (0..100).filter_map(|_| unused.note(MISS, &not(NotStored::Err))).collect();
            assert_eq!(told, [Verdict { reason: Reason::NotStored(NotStored::Err), share: 100 }], "those of before are forgotten");
        }
    }

    #[test]
    fn what_says_nothing_of_the_handler_does_not_count() {
        let unused = Unused::new();
        let answers = [
            (Some(Forward::Bypass(Bypass::Off)), not(NotStored::Bypass)),
            (Some(Forward::Bypass(Bypass::Backend)), not(NotStored::Backend)),
            (Some(Forward::Method), not(NotStored::Method)),
            (MISS, not(NotStored::Status(503))),
            (MISS, not(NotStored::Invalidated)),
            (MISS, not(NotStored::Request)),
            (MISS, not(NotStored::OnlyIfCached)),
            (MISS, Kept::Streaming),
        ];
        for (why, kept) in answers.iter().cycle().take(2000) {
            assert_eq!(unused.note(*why, kept), None, "{why:?} {kept:?}");
        }
    }

    #[test]
    fn every_reason_that_is_told_says_what_to_type() {
        use NotStored as N;
        let bypassed = [
            Bypass::Condition,
            Bypass::KeyTooLong,
            Bypass::Credentials,
            Bypass::RejectedArgument,
            Bypass::Content,
            Bypass::Range,
            Bypass::Upgrade,
        ];
        let not_stored = [
            N::Status(303),
            N::CachedInside,
            N::Err,
            N::DoNotStore,
            N::SetCookie,
            N::NoStore,
            N::Private,
            N::NoCache,
            N::MalformedCacheControl,
            N::MustUnderstand,
            N::Credentials,
            N::VaryAny,
            N::VaryUnkeyed("x-y".to_owned()),
            N::MalformedVary,
            N::TooManyVariants,
            N::Partial,
            N::NoFreshness,
            N::AlreadyStale,
            N::TooLarge,
            N::Endless,
            N::LengthMismatch,
            N::Trailers,
            N::FieldsTooLarge,
            N::Groups,
            N::RunTooLong,
        ];
        let all = bypassed.into_iter().map(Reason::Bypassed).chain(not_stored.into_iter().map(Reason::NotStored));
        for reason in all {
            let word = reason.word();
            let (_, said) = (Verdict { reason, share: 1 })
                .line()
                .split_once("; 1 of them ")
                .map(|(before, said)| (before.to_owned(), said.to_owned()))
                .unwrap();
            assert!(said.contains('`'), "{word}: {said}");
        }
    }
}
