//! The cache directives of requests (RFC 9111 §5.2.1, §5.4).

use std::time::Duration;

use http::{HeaderMap, header};

use crate::header::cache_control::{CacheControl, LONGEST};

/// Whether a request's directives accept a stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Use,
    Forward,
}

/// Whether a request accepts a fresh stored response of this age and remaining freshness. `fields` holds `Cache-Control` and
/// `Pragma`.
pub(crate) fn wish(fields: &HeaderMap, age: Duration, remaining: Duration) -> Wish {
    let Ok(asked) = CacheControl::of(fields, &header::CACHE_CONTROL) else { return Wish::Forward };
    let is_pragma = !fields.contains_key(header::CACHE_CONTROL)
        && fields
            .get_all(header::PRAGMA)
            .iter()
            .any(|line| line.to_str().is_ok_and(|line| line.split(',').any(|word| word.trim().eq_ignore_ascii_case("no-cache"))));
    let too_old = asked.max_age.is_some_and(|most| age.as_secs() > most && most < LONGEST);
    let too_stale = asked.min_fresh.is_some_and(|least| remaining.as_secs() < least);
    if asked.no_cache || asked.no_store || is_pragma || too_old || too_stale { Wish::Forward } else { Wish::Use }
}

/// `max-stale`: whether a request accepts a response that has been stale for `staleness` (RFC 9111 §5.2.1.2).
pub(crate) fn accepts_stale(fields: &HeaderMap, staleness: Duration) -> bool {
    let most = CacheControl::of(fields, &header::CACHE_CONTROL).ok().and_then(|asked| asked.max_stale);
    most.is_some_and(|most| most == LONGEST || staleness <= Duration::from_secs(most))
}

/// `only-if-cached`: the handler must not run (RFC 9111 §5.2.1.7).
pub(crate) fn only_if_cached(fields: &HeaderMap) -> bool {
    CacheControl::of(fields, &header::CACHE_CONTROL).is_ok_and(|asked| asked.only_if_cached)
}

/// `no-store` in a request, or a `Cache-Control` that cannot be parsed.
pub(crate) fn forbids_storing(fields: &HeaderMap) -> bool {
    CacheControl::of(fields, &header::CACHE_CONTROL).map_or(true, |asked| asked.no_store)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn fields(value: &'static str) -> HeaderMap {
        [(header::CACHE_CONTROL, HeaderValue::from_static(value))].into_iter().collect()
    }

    fn asked(name: header::HeaderName, value: &'static str) -> Wish {
        let mut fields = HeaderMap::new();
        fields.insert(name, HeaderValue::from_static(value));
        wish(&fields, Duration::from_secs(10), Duration::from_secs(50))
    }

    #[test]
    fn each_directive_is_followed() {
        for (value, expected) in [
            ("no-cache", Wish::Forward),
            ("no-store", Wish::Forward),
            ("max-age=9", Wish::Forward),
            ("max-age=10", Wish::Use),
            ("min-fresh=51", Wish::Forward),
            ("min-fresh=50", Wish::Use),
            ("max-stale", Wish::Use),
            ("only-if-cached", Wish::Use),
            ("nothing-to-see-here", Wish::Use),
            ("a b", Wish::Forward),
        ] {
            assert_eq!(asked(header::CACHE_CONTROL, value), expected, "{value}");
        }
        assert!(forbids_storing(&fields("no-store")) && !forbids_storing(&fields("no-cache")));
        assert!(only_if_cached(&fields("Only-If-Cached")) && !only_if_cached(&fields("no-cache")));
        for (value, most) in [("max-stale", u64::from(u32::MAX)), ("max-stale=5", 5), ("max-stale=x", 0)] {
            assert!(accepts_stale(&fields(value), Duration::from_secs(most)), "{value}");
            assert!(value == "max-stale" || !accepts_stale(&fields(value), Duration::from_secs(most + 1)), "{value}");
        }
        assert!(!accepts_stale(&fields("max-age=5"), Duration::ZERO));
        assert_eq!(asked(header::PRAGMA, "No-Cache"), Wish::Forward);
        assert_eq!(asked(header::PRAGMA, "foo"), Wish::Use);
    }
}
