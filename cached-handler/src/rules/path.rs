//! Normalised paths (RFC 3986 §6.2.2), and the numbers that name their epochs.

use std::{borrow::Cow, fmt::Write};

use smallvec::SmallVec;

use super::spelling::one_spelling;
use crate::util::digest::Digest;

/// The numbers of the paths that one response belongs to: one, except where paths share responses.
pub(crate) type Paths = SmallVec<[u64; 1]>;

/// A path in its normal form: unreserved characters are decoded, other escapes have upper-case digits, characters that are
/// illegal in a URI are encoded (RFC 3987 §3.1; a lone `%` too), and dot segments are removed. It never fails.
pub(crate) fn normalise(path: &str) -> Cow<'_, str> {
    let has_dots = path.split('/').any(|segment| segment == "." || segment == "..");
    if !has_dots && path.bytes().all(may_stand) {
        return Cow::Borrowed(path);
    }
    let decoded = decode_unreserved(path);
    Cow::Owned(without_dots(&decoded))
}

/// RFC 3986 §6.2.2.1 and §6.2.2.2.
fn decode_unreserved(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        push_legal(&mut out, before);
        let digits = from.get(1..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if is_unreserved(byte) => out.push(char::from(byte)),
            Some(byte) => push_encoded(&mut out, byte),
            None => {
                push_encoded(&mut out, b'%');
                rest = from.get(1..).unwrap_or_default();
                continue;
            }
        }
        rest = from.get(3..).unwrap_or_default();
    }
    push_legal(&mut out, rest);
    out
}

/// RFC 3986 §5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                // The first element is the text before the first slash.
                if segment == ".." && kept.len() > 1 {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    let mut path = String::with_capacity(path.len());
    for (at, segment) in kept.iter().enumerate() {
        path.push_str(if at > 0 { "/" } else { "" });
        path.push_str(segment);
    }
    path
}

/// RFC 3986 §2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Whether a byte is legal in a path: `pchar` and the slash (RFC 3986 §3.3).
fn may_stand(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@/".contains(&byte)
}

fn push_legal(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if may_stand(byte) {
            out.push(char::from(byte));
        } else {
            push_encoded(out, byte);
        }
    }
}

fn push_encoded(out: &mut String, byte: u8) {
    let _infallible = write!(out, "%{byte:02X}");
}

/// A value, encoded as one segment of a path.
pub(crate) fn encode_segment(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            push_encoded(&mut out, byte);
        }
    }
    out
}

/// The number of a normalised path, which names its epoch. It is the same in every process, and for all spellings that an
/// argument may parse to the same values.
pub(crate) fn number(path: &str) -> u64 {
    number_of(one_spelling(path).as_bytes())
}

/// A number from a strong hash, since clients choose paths and must not be able to find two with one number. The keys of
/// values have such a number too, in place of a path.
pub(crate) fn number_of(bytes: &[u8]) -> u64 {
    Digest::of(bytes).as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_path_in_many_spellings_is_one() {
        for (path, expected) in [
            ("/a/%31", "/a/1"),
            ("/%7euser", "/~user"),
            ("/a%2fb", "/a%2Fb"),
            ("/a/./b/../c", "/a/c"),
            ("/../a", "/a"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/a/%2e%2E/b", "/b"),
            ("/a//b", "/a//b"),
            ("/a%", "/a%25"),
            ("/a%zz%4", "/a%25zz%254"),
            ("/%a%30", "/%25a0"),
            ("/%c3%a9", "/%C3%A9"),
            ("/é", "/%C3%A9"),
            ("/é%20b c", "/%C3%A9%20b%20c"),
            ("/a:b@c;d=e,f", "/a:b@c;d=e,f"),
            ("", ""),
            ("*", "*"),
        ] {
            assert_eq!(normalise(path), expected, "{path}");
        }
    }

    #[test]
    fn a_value_is_one_segment() {
        assert_eq!(encode_segment("a/b ü?"), "a%2Fb%20%C3%BC%3F");
    }

    #[test]
    fn what_may_be_encoded_or_not_has_one_epoch_either_way() {
        let value = "x!$&'()*+,;=:@y";
        assert_eq!(number(&format!("/a/{value}")), number(&format!("/a/{}", encode_segment(value))));
        assert_eq!(number("/%C3%A9%21%25"), number("/%C3%A9!%25"));
        assert_eq!(number("/a%2Fb"), number("/a/b"));
        assert_ne!(number("/a%25b"), number("/a%b"));
    }

    #[test]
    fn numbers_are_the_same_in_every_process_and_apart() {
        assert_eq!(number("/articles/7"), 11_354_061_798_399_643_510);
        let numbers: std::collections::HashSet<_> = (0..1000).map(|id| number(&format!("/articles/{id}"))).collect();
        assert_eq!(numbers.len(), 1000);
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(path in "[/a.%0-9A-Fé~-]{0,24}") {
            let once = normalise(&path).into_owned();
            prop_assert_eq!(normalise(&once).into_owned(), once);
        }

        #[test]
        fn an_encoded_value_is_found_again(value in ".{0,12}") {
            let path = format!("/a/{}", encode_segment(&value));
            prop_assume!(value != "." && value != "..");
            prop_assert_eq!(normalise(&path).into_owned(), path.clone());
        }
    }
}
