//! Ranges of bytes (RFC 9110 §14).

use http::{HeaderMap, HeaderValue, header};

/// What a `Range` selects of complete content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// All of it: the range has another unit, has several parts, or cannot be parsed, and is ignored (§14.2).
    Whole,
    /// The bytes from `first` to `last` inclusive.
    Part { first: usize, last: usize },
    /// Bytes that the content does not have: 416.
    Outside,
}

/// The longest field, in bytes, that is parsed.
const LIMIT: usize = 8 << 10;

/// What `range` selects of content that is `length` bytes long (§14.1.2).
pub(crate) fn asked(range: &HeaderValue, length: usize) -> Asked {
    single(range.as_bytes()).and_then(|spec| resolve(spec, length)).unwrap_or(Asked::Whole)
}

/// The range, if the set has only one.
fn single(range: &[u8]) -> Option<&[u8]> {
    let range = range.trim_ascii();
    let (unit, set) = range.split_at_checked(range.iter().position(|byte| *byte == b'=')?)?;
    if range.len() > LIMIT || !unit.eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let mut specs = set.strip_prefix(b"=")?.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|spec| !spec.is_empty());
    let first = specs.next()?;
    specs.next().is_none().then_some(first)
}

fn resolve(spec: &[u8], length: usize) -> Option<Asked> {
    let (first, last) = spec.split_at_checked(spec.iter().position(|byte| *byte == b'-')?)?;
    let last = last.strip_prefix(b"-")?;
    if first.is_empty() {
        let suffix = number(last)?;
        // Empty content has no part: all of it is sent.
        let end = length.checked_sub(1)?;
        return Some(if suffix == 0 { Asked::Outside } else { Asked::Part { first: length.saturating_sub(suffix), last: end } });
    }
    let first = number(first)?;
    let last = if last.is_empty() { usize::MAX } else { number(last)? };
    if last < first {
        return None;
    }
    Some(if first < length { Asked::Part { first, last: last.min(length - 1) } } else { Asked::Outside })
}

/// A decimal number, saturated at `usize::MAX`.
fn number(digits: &[u8]) -> Option<usize> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.iter().fold(0_usize, |number, digit| number.saturating_mul(10).saturating_add(usize::from(digit - b'0'))))
}

/// The complete length that `Content-Range: bytes 0-1/3` names (RFC 9110 §14.4).
pub(crate) fn whole_length(fields: &HeaderMap) -> Option<u64> {
    let range = fields.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.rsplit_once('/')?.1.trim().parse().ok()
}

/// `Content-Range` of a part (RFC 9110 §14.4).
pub(crate) fn content_range(first: usize, last: usize, length: usize) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("bytes {first}-{last}/{length}")).ok()
}

/// `Content-Range` of a 416 (RFC 9110 §15.5.17).
pub(crate) fn unsatisfied_range(length: usize) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("bytes */{length}")).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(range: &str, length: usize) -> Asked {
        asked(&HeaderValue::from_str(range).unwrap(), length)
    }

    #[test]
    fn the_ranges_of_the_rfc_are_what_it_says() {
        // RFC 9110 §14.1.2, of 10 000 bytes.
        for (range, first, last) in [
            ("bytes=0-499", 0, 499),
            ("bytes=500-999", 500, 999),
            ("bytes=-500", 9500, 9999),
            ("bytes=9500-", 9500, 9999),
            ("BYTES= 0-0 ", 0, 0),
            ("bytes=,9999-,", 9999, 9999),
            ("bytes=-10001", 0, 9999),
            ("bytes=0-99999999999999999999999", 0, 9999),
        ] {
            assert_eq!(of(range, 10_000), Asked::Part { first, last }, "{range}");
        }
        for range in ["bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(of(range, 10_000), Asked::Outside, "{range}");
        }
        for range in ["bytes=0-0,-1", "bytes=2-1", "bytes=-", "bytes=a-b", "bytes", "bytes=", "lines=0-1", "bytes=+1-2", "bytes=1--2", ""] {
            assert_eq!(of(range, 10_000), Asked::Whole, "{range}");
        }
    }

    #[test]
    fn nothing_has_no_parts() {
        assert_eq!(of("bytes=0-", 0), Asked::Outside);
        assert_eq!(of("bytes=-5", 0), Asked::Whole);
    }

    proptest! {
        #[test]
        fn a_part_is_within_the_whole(range in "bytes=[0-9, -]{0,30}", length in 0_usize..100) {
            if let Asked::Part { first, last } = of(&range, length) {
                prop_assert!(first <= last && last < length);
            }
        }

        #[test]
        fn what_is_printed_is_read(first in 0_usize..100, more in 0_usize..100, length in 1_usize..100) {
            let asked = of(&format!("bytes={first}-{}", first + more), length);
            let expected = if first < length { Asked::Part { first, last: (first + more).min(length - 1) } } else { Asked::Outside };
            prop_assert_eq!(asked, expected);
        }
    }
}
