//! For how long a stale response may still be used, and when (RFC 5861; RFC 9111 §4.2.4).

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

use crate::header::{
    cache_control::CacheControl,
    targeted::{self, TargetList},
};

/// How long a response may be used after it has become stale; zero if it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Windows {
    /// While the handler runs again in the background (RFC 5861 §3).
    pub(crate) while_revalidate: Duration,
    /// If the handler fails (RFC 5861 §4).
    pub(crate) if_error: Duration,
}

impl Windows {
    pub(crate) fn any(&self) -> bool {
        !self.longest().is_zero()
    }

    /// The windows of a stored response with this status: a stored error never stands in for another error.
    pub(crate) fn of(self, status: StatusCode) -> Self {
        if is_error(status) { Self { if_error: Duration::ZERO, ..self } } else { self }
    }

    /// Both windows, each shortened to `limit`.
    pub(crate) fn at_most(self, limit: Duration) -> Self {
        Self { while_revalidate: self.while_revalidate.min(limit), if_error: self.if_error.min(limit) }
    }

    pub(crate) fn longest(&self) -> Duration {
        self.while_revalidate.max(self.if_error)
    }
}

/// The windows that the response states, or else those of the attribute.
pub(crate) fn windows(fields: &HeaderMap, targeted: TargetList, attribute: Windows) -> Windows {
    let Some(directives) = directives(fields, targeted).filter(|directives| !forbid(directives)) else { return Windows::default() };
    // `s-maxage` forbids stale use too (§5.2.2.10), unless the response itself names a window beside it.
    let attribute = if directives.s_maxage.is_some() { Windows::default() } else { attribute };
    let stated = |secs: Option<u64>, attribute| secs.map_or(attribute, Duration::from_secs);
    Windows {
        while_revalidate: stated(directives.stale_while_revalidate, attribute.while_revalidate),
        if_error: stated(directives.stale_if_error, attribute.if_error),
    }
}

/// Whether a stale response may be used for a client that accepts stale responses (RFC 9111 §4.2.4, §5.2.1.2).
pub(crate) fn may_be_stale(fields: &HeaderMap, targeted: TargetList) -> bool {
    directives(fields, targeted).is_some_and(|directives| !forbid(&directives) && directives.s_maxage.is_none())
}

/// The directives that apply: a targeted field replaces `Cache-Control` (RFC 9213 §2.2).
fn directives(fields: &HeaderMap, targeted: TargetList) -> Option<CacheControl> {
    let own = CacheControl::of(fields, &header::CACHE_CONTROL).ok()?;
    let is_asked_for = own.no_cache;
    let counts = targeted::of(fields, targeted).unwrap_or(own);
    Some(CacheControl { no_cache: counts.no_cache || is_asked_for, ..counts })
}

/// Whether a directive forbids stale use (RFC 9111 §4.2.4).
fn forbid(directives: &CacheControl) -> bool {
    directives.must_revalidate || directives.proxy_revalidate || directives.no_cache
}

/// Whether an answer is an error that a stale response may stand in for (RFC 5861 §4).
pub(crate) fn is_error(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// A freshness lifetime, shortened by up to `percent` per cent; `chance` is a random number.
pub(crate) fn jittered(lifetime: Duration, percent: u8, chance: u64) -> Duration {
    let most = lifetime / 100 * u32::from(percent);
    // In 2^16 steps, fine enough to spread the expiry of any number of copies.
    let part = u32::try_from(chance & 0xffff).unwrap_or(0);
    lifetime.saturating_sub(most / 0xffff * part)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const ATTRIBUTE: Windows = Windows { while_revalidate: Duration::from_secs(10), if_error: Duration::from_secs(20) };

    fn said(lines: &[(&'static str, &'static str)]) -> (u64, u64) {
        let fields = lines.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
        let windows = windows(&fields, targeted::DEFAULT, ATTRIBUTE);
        (windows.while_revalidate.as_secs(), windows.if_error.as_secs())
    }

    #[test]
    fn a_response_says_its_windows_or_the_attribute_does() {
        let own = |value| said(&[("cache-control", value)]);
        assert_eq!(said(&[]), (10, 20));
        assert_eq!(own("max-age=5"), (10, 20));
        assert_eq!(own("max-age=5, stale-while-revalidate=3"), (3, 20));
        assert_eq!(own("stale-if-error=4, stale-while-revalidate=0"), (0, 4));
        // RFC 5861 §3.1 and §4.1.
        assert_eq!(own("max-age=600, stale-while-revalidate=30"), (30, 20));
        assert_eq!(own("max-age=600, stale-if-error=1200"), (10, 1200));
    }

    #[test]
    fn what_has_to_be_revalidated_is_never_used_stale() {
        for forbids in ["must-revalidate", "proxy-revalidate", "no-cache", "no-cache=\"x\"", "broken=\"", "s-maxage=9"] {
            assert_eq!(said(&[("cache-control", forbids)]), (0, 0), "{forbids}");
        }
        assert_eq!(said(&[("cache-control", "must-revalidate, stale-if-error=9, stale-while-revalidate=9")]), (0, 0));
        assert_eq!(said(&[("cache-control", "s-maxage=9, stale-if-error=7")]), (0, 7));
        assert_eq!(said(&[("cache-control", "must-revalidate"), ("cdn-cache-control", "max-age=5, stale-if-error=7")]), (10, 7));
    }

    #[test]
    fn max_stale_accepts_only_responses_that_may_be_stale() {
        let may = |value| may_be_stale(&[(header::CACHE_CONTROL, HeaderValue::from_static(value))].into_iter().collect(), &[]);
        assert!(may("max-age=9, public") && may_be_stale(&HeaderMap::new(), &[]));
        for forbids in ["must-revalidate", "proxy-revalidate", "s-maxage=9", "no-cache", "a b"] {
            assert!(!may(forbids), "{forbids}");
        }
    }

    #[test]
    fn jitter_shortens_by_no_more_than_its_share() {
        let lifetime = Duration::from_secs(100);
        for chance in [0, 1, 0x7fff, 0xffff, u64::MAX] {
            let jittered = jittered(lifetime, 5, chance);
            assert!(jittered <= lifetime && jittered >= Duration::from_secs(95), "{jittered:?}");
        }
        assert_eq!(jittered(lifetime, 0, u64::MAX), lifetime);
        assert_ne!(jittered(lifetime, 5, 1), jittered(lifetime, 5, 0xfff0));
    }

    #[test]
    fn errors_are_those_of_rfc_5861() {
        let errors: Vec<u16> = (100..600).filter(|status| is_error(StatusCode::from_u16(*status).unwrap())).collect();
        assert_eq!(errors, [500, 502, 503, 504]);
        assert_eq!((ATTRIBUTE.of(StatusCode::OK), ATTRIBUTE.of(StatusCode::BAD_GATEWAY).if_error), (ATTRIBUTE, Duration::ZERO));
    }
}
