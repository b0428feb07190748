//! `Cache-Status` (RFC 9211): what this cache did, appended after the members of other caches.

use std::{fmt::Write, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::outcome::{Forward, Kept, Outcome, StaleUse, Tier};

/// The name of this cache: a token if possible, or else a string (RFC 9651 §3.3).
#[derive(Debug, Clone)]
pub(crate) struct CacheName(String);

impl CacheName {
    pub(crate) fn new(name: &str) -> Self {
        let is_token = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '*')
            && name.bytes().all(|byte| super::cache_control::is_token_byte(byte) || matches!(byte, b':' | b'/'));
        if is_token {
            return Self(name.to_owned());
        }
        let mut quoted = String::from("\"");
        for letter in name.chars().filter(|letter| matches!(letter, ' '..='~')) {
            if matches!(letter, '"' | '\\') {
                quoted.push('\\');
            }
            quoted.push(letter);
        }
        quoted.push('"');
        Self(quoted)
    }
}

/// Adds this cache's member at the end of the list (RFC 9211 §2).
pub(crate) fn append(fields: &mut HeaderMap, name: &CacheName, outcome: &Outcome) {
    if let Ok(value) = HeaderValue::from_str(&member(name, outcome)) {
        fields.append(HeaderName::from_static("cache-status"), value);
    }
}

fn member(name: &CacheName, outcome: &Outcome) -> String {
    let mut member = name.0.clone();
    let _infallible = match outcome {
        Outcome::Hit { ttl, tier: Tier::Near, .. } => write!(member, "; hit; ttl={}; detail=near", integer(*ttl)),
        Outcome::Hit { ttl, .. } => write!(member, "; hit; ttl={}", integer(*ttl)),
        Outcome::Stale { past, why, .. } => {
            // The request was forwarded, although the handler then failed (RFC 9211 §2.2).
            let way = if *why == StaleUse::IfError { "fwd=stale" } else { "hit" };
            write!(member, "; {way}; ttl={}; detail={}", -integer(*past), why.as_str())
        }
        Outcome::Forward { why, collapsed, kept } => {
            let collapsed = if *collapsed { "; collapsed" } else { "" };
            write!(member, "; fwd={}{collapsed}{}", why.as_str(), detail(*why, kept))
        }
    };
    member
}

/// Seconds, limited to the integers of structured fields (RFC 9651 §3.3.1).
fn integer(time: Duration) -> i64 {
    const LARGEST: i64 = 999_999_999_999_999;
    i64::try_from(time.as_secs()).unwrap_or(LARGEST).min(LARGEST)
}

/// Whether the response is stored, or why not. If the reason for forwarding has a detail too, that one is shown.
fn detail(why: Forward, kept: &Kept) -> String {
    let stored = match kept {
        Kept::Stored | Kept::Storing => "; stored",
        Kept::Freshened => "; fwd-status=304; stored",
        Kept::Streaming | Kept::Not(_) => "",
    };
    let word = match (why, kept) {
        (Forward::Bypass(reason), _) => reason.as_str(),
        (_, Kept::Not(reason)) => reason.as_str(),
        (Forward::Invalidated, _) => "invalidated",
        _ => return stored.to_owned(),
    };
    format!("{stored}; detail={word}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Bypass, NotStored};

    #[test]
    fn a_member_says_hit_or_fwd_and_never_both() {
        let name = CacheName::new("site");
        for (tier, expected) in
            [(Tier::Only, "site; hit; ttl=30"), (Tier::Near, "site; hit; ttl=30; detail=near"), (Tier::Far, "site; hit; ttl=30")]
        {
            let hit = Outcome::Hit { age: Duration::ZERO, ttl: Duration::from_secs(30), tier };
            assert_eq!(member(&name, &hit), expected);
        }
        let stale = |past, why| Outcome::Stale { age: Duration::from_secs(90), past: Duration::from_secs(past), why };
        assert_eq!(member(&name, &stale(30, StaleUse::WhileRevalidate)), "site; hit; ttl=-30; detail=stale-while-revalidate");
        assert_eq!(member(&name, &stale(30, StaleUse::AfterError)), "site; hit; ttl=-30; detail=stale-after-error");
        assert_eq!(member(&name, &stale(30, StaleUse::IfError)), "site; fwd=stale; ttl=-30; detail=stale-if-error");
        assert_eq!(member(&name, &stale(0, StaleUse::Accepted)), "site; hit; ttl=0; detail=stale-accepted");
        assert_eq!(member(&name, &stale(u64::MAX, StaleUse::Accepted)), "site; hit; ttl=-999999999999999; detail=stale-accepted");
        for (why, collapsed, kept, expected) in [
            (Forward::Stale, false, Kept::Freshened, "site; fwd=stale; fwd-status=304; stored"),
            (Forward::UriMiss, false, Kept::Storing, "site; fwd=uri-miss; stored"),
            (Forward::UriMiss, false, Kept::Stored, "site; fwd=uri-miss; stored"),
            (Forward::UriMiss, true, Kept::Stored, "site; fwd=uri-miss; collapsed; stored"),
            (Forward::Invalidated, false, Kept::Streaming, "site; fwd=uri-miss; detail=invalidated"),
            (Forward::Stale, false, Kept::Not(NotStored::SetCookie), "site; fwd=stale; detail=set-cookie"),
            (Forward::Bypass(Bypass::KeyTooLong), false, Kept::Not(NotStored::Bypass), "site; fwd=bypass; detail=key-too-long"),
        ] {
            assert_eq!(member(&name, &Outcome::Forward { why, collapsed, kept }), expected);
        }
    }

    #[test]
    fn a_name_that_is_no_token_is_quoted() {
        for (name, expected) in
            [("my-app", "my-app"), ("my app", "\"my app\""), ("1", "\"1\""), ("a\"b\\é", "\"a\\\"b\\\\\""), ("", "\"\"")]
        {
            assert_eq!(CacheName::new(name).0, expected);
        }
    }

    #[test]
    fn the_member_is_appended_after_those_of_other_caches() {
        let mut fields = HeaderMap::new();
        fields.insert("cache-status", HeaderValue::from_static("origin; hit"));
        append(&mut fields, &CacheName::new("site"), &Outcome::Hit { age: Duration::ZERO, ttl: Duration::ZERO, tier: Tier::Only });
        assert_eq!(fields.get_all("cache-status").iter().collect::<Vec<_>>(), ["origin; hit", "site; hit; ttl=0"]);
    }
}
