//! One canonical spelling for all segments of a path that an argument may parse to one value: `/notes/07` and `/notes/7` are the
//! same note to `Path<u32>`, and `/users/6BA7B810…` and `/users/6ba7b810…` the same user to `Path<Uuid>`.
//!
//! Paths with the same canonical spelling share an epoch. An invalidation that names a path does not know the types of the
//! handler's arguments, so segments are equal here if any common type parses them to one value. Invalidating too much costs a
//! miss; invalidating too little would serve an outdated response.

use std::{borrow::Cow, net::IpAddr};

/// The canonical spelling of a normalised path: decoded, in lower case, and each segment in the canonical form of its value.
pub(crate) fn one_spelling(path: &str) -> String {
    let decoded = decoded(path);
    let mut out = String::with_capacity(decoded.len());
    for (at, segment) in decoded.split('/').enumerate() {
        out.push_str(if at > 0 { "/" } else { "" });
        out.push_str(&if at < MOST_VALUES { value(segment) } else { Cow::Borrowed(segment) });
    }
    out
}

/// Segments that are put into canonical form. No route has so many parameters, but a client may send thousands of segments.
const MOST_VALUES: usize = 64;
/// The digits of the longest integer, a `u128`. A longer number is parsed as a float.
const MOST_DIGITS: usize = 39;

/// A path with all escapes decoded, slashes included: `{*rest}` shows `a/b` for `a%2Fb`.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let (front, encoded) = path.split_once('%').unwrap_or((path, ""));
    bytes.extend_from_slice(front.as_bytes());
    if front.len() < path.len() {
        for part in encoded.split('%') {
            let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
            match u8::from_str_radix(digits, 16) {
                Ok(byte) => bytes.push(byte),
                Err(_) => bytes.extend([b"%", digits.as_bytes()].concat()),
            }
            bytes.extend_from_slice(rest.as_bytes());
        }
    }
    bytes.make_ascii_lowercase();
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The canonical form of one segment, which is decoded and in lower case.
fn value(segment: &str) -> Cow<'_, str> {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    // The usual case: a word is no value of another type.
    if segment.bytes().all(is_word) {
        return Cow::Borrowed(segment);
    }
    if let Some(digits) = hexadecimal(segment) {
        return Cow::Owned(number(&digits).map_or_else(|| digits.clone(), str::to_owned));
    }
    if let Some(number) = number(segment).filter(|number| number.len() <= MOST_DIGITS) {
        return Cow::Borrowed(number);
    }
    if let Some(float) = float(segment) {
        return Cow::Owned(float);
    }
    if let Ok(address) = segment.parse::<IpAddr>() {
        return Cow::Owned(address.to_string());
    }
    date(segment).map_or(Cow::Borrowed(segment), Cow::Owned)
}

/// The digits of a UUID, which may have hyphens, braces, or the form of a URN.
fn hexadecimal(segment: &str) -> Option<String> {
    let bare = segment.strip_prefix("urn:uuid:").unwrap_or(segment);
    let bare = bare.strip_prefix('{').and_then(|inside| inside.strip_suffix('}')).unwrap_or(bare);
    if bare.len() < 32 {
        return None;
    }
    let digits: String = bare.chars().filter(|letter| *letter != '-').collect();
    (digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())).then_some(digits)
}

/// An integer without its sign and without leading zeros.
fn number(segment: &str) -> Option<&str> {
    let digits = segment.strip_prefix(['+', '-']).unwrap_or(segment);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    // A negative number and its opposite share an epoch.
    Some(if significant.is_empty() { "0" } else { significant })
}

/// A number with a point or an exponent, in its shortest form; an integral one as an integer.
fn float(segment: &str) -> Option<String> {
    let may_be = |byte: u8| byte.is_ascii_digit() || b"+-.e".contains(&byte);
    let number = segment.bytes().all(may_be).then(|| segment.parse::<f64>().ok())??;
    let number = number.abs();
    // Written without an exponent if it has at most as many digits as an integer may have.
    let is_written_out = number == 0.0 || (1e-9..1e39).contains(&number);
    Some(if is_written_out { number.to_string() } else { format!("{number:e}") })
}

/// A date, with or without a time: its numbers have no leading zeros, one separator stands between date and time, and UTC has no
/// mark.
fn date(segment: &str) -> Option<String> {
    let may_be = |byte: u8| byte.is_ascii_digit() || b"-:.+tz_ ,".contains(&byte);
    if !segment.starts_with(|first: char| first.is_ascii_digit()) || !segment.bytes().all(may_be) {
        return None;
    }
    let local = segment.strip_suffix("+00:00").or_else(|| segment.strip_suffix('z')).unwrap_or(segment);
    let mut out = String::with_capacity(local.len());
    for part in local.split_inclusive(|letter: char| !letter.is_ascii_digit()) {
        out.push_str(part.trim_start_matches('0'));
    }
    Some(out.replace(['t', ' ', '_'], "t"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_parse_to_one_value_are_one() {
        for same in [
            &["/users/6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "/users/6ba7b8109dad11d180b400c04fd430c8"][..],
            &["/users/6ba7b810-9dad-11d1-80b4-00c04fd430c8", "/users/%7B6ba7b810-9dad-11d1-80b4-00c04fd430c8%7D"],
            &["/users/6ba7b810-9dad-11d1-80b4-00c04fd430c8", "/users/urn:uuid:6BA7B810-9dad-11d1-80b4-00c04fd430c8"],
            &["/users/00000000-0000-0000-0000-000000000001", "/users/00000000000000000000000000000001"],
            &["/notes/7", "/notes/07", "/notes/+7", "/notes/%2B7", "/notes/0%37", "/notes/7.0", "/notes/7e0"],
            &["/notes/-7", "/notes/-07"],
            &["/notes/0", "/notes/00", "/notes/-0", "/notes/+0"],
            &["/prices/0.5", "/prices/.5", "/prices/0.50", "/prices/5e-1"],
            &["/prices/1e20", "/prices/100000000000000000000", "/prices/1E+20"],
            &["/prices/1e40", "/prices/10000000000000000000000000000000000000000", "/prices/10e39"],
            &["/prices/1e-20", "/prices/0.00000000000000000001"],
            &["/files/a/b", "/files/a%2Fb", "/files/a%2fb"],
            &["/lang/EN", "/lang/en"],
            &["/hosts/2001:DB8::1", "/hosts/2001:db8:0:0:0:0:0:1", "/hosts/2001:0db8::0001"],
            &["/days/2024-01-02", "/days/2024-1-2"],
            &["/at/2024-01-02T03:04:05Z", "/at/2024-01-02t03:04:05+00:00", "/at/2024-01-02%2003:04:05z"],
        ] {
            let [first, others @ ..] = same else { continue };
            for other in others {
                assert_eq!(one_spelling(first), one_spelling(other), "{first} {other}");
            }
        }
    }

    #[test]
    fn spellings_of_different_values_stay_different() {
        for (one, other) in [
            ("/a/7", "/a/70"),
            ("/a/b", "/a/b/"),
            ("/a/b-c", "/a/bc"),
            ("/", "/0"),
            ("/", "/-"),
            ("/a%2525", "/a%25"),
            ("/a/1.5", "/a/15"),
            ("/days/2024-01-12", "/days/2024-11-2"),
            ("/v/007a", "/v/7a"),
            ("/a/%C3%A9", "/a/%C3%A8"),
        ] {
            assert_ne!(one_spelling(one), one_spelling(other), "{one} {other}");
        }
    }

    #[test]
    fn a_canonical_spelling_is_hardly_longer_than_what_was_sent() {
        for segment in ["1e308", "-1e-308", "5e-324", "1e38", "1e999", "9.9", "1e-9"] {
            let path = format!("/{segment}").repeat(10_000);
            let spelling = one_spelling(&path);
            assert!(spelling.len() < path.len() + MOST_VALUES * 48, "{segment}: {}", spelling.len());
        }
        let digits = "9".repeat(65_536);
        assert_eq!(one_spelling(&digits), "inf");
    }

    #[test]
    fn the_one_spelling_is_its_own() {
        for path in ["/articles/7", "/", "", "/a//b", "/files/a.txt", "/a-b/c_d", "/1.2.3", "/é"] {
            assert_eq!(one_spelling(path), path);
        }
    }
}
