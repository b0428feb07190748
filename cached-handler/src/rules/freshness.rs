//! How long a response is fresh, and how old it is on arrival (RFC 9111 §4.2).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use crate::header::{
    cache_control::{CacheControl, LONGEST, delta_seconds},
    date,
};

/// The freshness lifetime that the response states for a shared cache (§4.2.1): by the targeted field that applies (RFC 9213
/// §2.2), or else by `s-maxage`, `max-age` or `Expires`.
pub(crate) fn stated(fields: &HeaderMap, targeted: Option<&CacheControl>, own: &CacheControl, now: SystemTime) -> Option<Duration> {
    if let Some(targeted) = targeted {
        return targeted.s_maxage.or(targeted.max_age).map(Duration::from_secs);
    }
    own.s_maxage.or(own.max_age).map(Duration::from_secs).or_else(|| expires(fields, now))
}

/// `Expires` less `Date` (§5.3). An `Expires` that is no date, or that has two different values, means already expired.
fn expires(fields: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let mut lines = fields.get_all(header::EXPIRES).iter();
    let first = lines.next()?;
    if lines.any(|line| line != first) {
        return Some(Duration::ZERO);
    }
    let from = fields.get(header::DATE).and_then(date::parse).unwrap_or(now);
    let lifetime = date::parse(first).and_then(|until| until.duration_since(from).ok()).unwrap_or_default();
    Some(lifetime.min(Duration::from_secs(LONGEST)))
}

/// Whether a response that states no freshness may be stored at all (§3): its status is heuristically cacheable (RFC 9110
/// §15.1), or it says `public`. 206 is handled elsewhere.
pub(crate) fn may_be_estimated(status: StatusCode, is_public: bool) -> bool {
    is_public || matches!(status.as_u16(), 200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501)
}

/// The heuristic lifetime if none is stated: a tenth of the time since `Last-Modified`, at most a day (§4.2.2).
pub(crate) fn estimated(fields: &HeaderMap, status: StatusCode, is_public: bool, now: SystemTime) -> Option<Duration> {
    let modified = fields.get(header::LAST_MODIFIED).and_then(date::parse).filter(|_| may_be_estimated(status, is_public))?;
    let made = fields.get(header::DATE).and_then(date::parse).unwrap_or(now);
    Some((made.duration_since(modified).ok()? / 10).min(LONGEST_ESTIMATE))
}

/// The limit of heuristic lifetimes. Longer ones once required a warning (RFC 7234 §5.5.4).
const LONGEST_ESTIMATE: Duration = Duration::from_secs(24 * 60 * 60);

/// The age of a response on arrival, the greater of its `Age` and the time since its `Date` (§4.2.3).
pub(crate) fn initial_age(fields: &HeaderMap, now: SystemTime) -> Duration {
    let apparent = fields.get(header::DATE).and_then(date::parse).and_then(|date| now.duration_since(date).ok()).unwrap_or_default();
    said_age(fields).max(Duration::from_secs(apparent.as_secs()))
}

/// `Age`: the first member of the first line counts, and is ignored if it is no number (§5.1).
fn said_age(fields: &HeaderMap) -> Duration {
    let first = fields.get(header::AGE).and_then(|age| age.as_bytes().split(|byte| *byte == b',').next());
    Duration::from_secs(first.and_then(|digits| delta_seconds(digits.trim_ascii())).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::header::targeted;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn fields(lines: &[(&'static str, String)]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for (name, value) in lines {
            fields.append(*name, HeaderValue::from_str(value).unwrap());
        }
        fields
    }

    fn at(secs: u64) -> String {
        date::print(NOW + Duration::from_secs(secs)).to_str().unwrap().to_owned()
    }

    fn lifetime(lines: &[(&'static str, String)]) -> Option<u64> {
        let fields = fields(lines);
        let own = CacheControl::of(&fields, &header::CACHE_CONTROL).unwrap();
        let targeted = targeted::of(&fields, targeted::DEFAULT);
        stated(&fields, targeted.as_ref(), &own, NOW + Duration::from_secs(100)).map(|lifetime| lifetime.as_secs())
    }

    #[test]
    fn the_most_specific_word_counts() {
        let text = |text: &str| text.to_owned();
        let cdn = ("cdn-cache-control", text("max-age=4"));
        let shared = ("cache-control", text("max-age=2, s-maxage=3"));
        let private = ("cache-control", text("max-age=2"));
        let expires = ("expires", at(160));
        assert_eq!(lifetime(&[cdn.clone(), shared.clone(), expires.clone()]), Some(4));
        assert_eq!(lifetime(&[shared, expires.clone()]), Some(3));
        assert_eq!(lifetime(&[private, expires.clone()]), Some(2));
        assert_eq!(lifetime(std::slice::from_ref(&expires)), Some(60));
        assert_eq!(lifetime(&[expires, ("date", at(150))]), Some(10));
        assert_eq!(lifetime(&[("expires", text("0"))]), Some(0));
        assert_eq!(lifetime(&[("expires", at(1)), ("expires", at(900))]), Some(0));
        assert_eq!(lifetime(&[("cdn-cache-control", text("max-age"))]), None);
        assert_eq!(lifetime(&[]), None);
    }

    #[test]
    fn the_heuristic_lifetime_is_a_tenth_of_the_time_since_last_modified() {
        let guess = |lines: &[(&'static str, String)], status: u16, is_public| {
            estimated(&fields(lines), StatusCode::from_u16(status).unwrap(), is_public, NOW + Duration::from_secs(1000))
                .map(|guess| guess.as_secs())
        };
        let modified = ("last-modified", at(500));
        assert_eq!(guess(std::slice::from_ref(&modified), 200, false), Some(50));
        assert_eq!(guess(&[modified.clone(), ("date", at(700))], 404, false), Some(20));
        assert_eq!(guess(&[modified.clone(), ("date", at(400))], 200, false), None, "modified after it was made");
        assert_eq!(guess(std::slice::from_ref(&modified), 500, false), None);
        assert_eq!(guess(std::slice::from_ref(&modified), 599, true), Some(50));
        assert_eq!(guess(&[], 200, true), None);
        assert_eq!(guess(&[("last-modified", at(0)), ("date", at(100 * 24 * 60 * 60))], 200, false), Some(24 * 60 * 60));
    }

    #[test]
    fn the_age_is_the_greater_of_the_stated_and_the_apparent_one() {
        let now = NOW + Duration::from_secs(100);
        for (lines, expected) in [
            (vec![], 0),
            (vec![("age", "7".to_owned())], 7),
            (vec![("age", "7".to_owned()), ("date", at(60))], 40),
            (vec![("age", "70, 5".to_owned()), ("date", at(60))], 70),
            (vec![("age", "-7".to_owned())], 0),
            (vec![("date", at(500))], 0),
            (vec![("age", "999999999999999999999".to_owned())], LONGEST),
        ] {
            assert_eq!(initial_age(&fields(&lines), now), Duration::from_secs(expected), "{lines:?}");
        }
    }
}
