//! `Cache-Control` (RFC 9111 §5.2), of requests and responses. A field that cannot be parsed is an error, so that the caller can
//! fail closed.

use http::{HeaderMap, HeaderName};

/// The directives of all lines together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one per directive without a value")]
pub(crate) struct CacheControl {
    pub(crate) no_store: bool,
    /// With or without field names.
    pub(crate) no_cache: bool,
    pub(crate) private: bool,
    pub(crate) public: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) proxy_revalidate: bool,
    pub(crate) must_understand: bool,
    pub(crate) only_if_cached: bool,
    /// In seconds. An invalid value, or two different ones, count as 0: already stale (RFC 9111 §4.2.1).
    pub(crate) max_age: Option<u64>,
    pub(crate) s_maxage: Option<u64>,
    pub(crate) min_fresh: Option<u64>,
    /// `max-stale` without a value accepts any age.
    pub(crate) max_stale: Option<u64>,
    /// RFC 5861 §3 and §4.
    pub(crate) stale_while_revalidate: Option<u64>,
    pub(crate) stale_if_error: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The largest number of seconds; larger ones count as this (RFC 9111 §1.2.2).
pub(crate) const LONGEST: u64 = 1 << 31;

/// The longest field, in bytes, that is parsed.
const LIMIT: usize = 8 << 10;

impl CacheControl {
    pub(crate) fn of(fields: &HeaderMap, name: &HeaderName) -> Result<Self, Malformed> {
        let mut found = Self::default();
        let mut length = 0_usize;
        for line in fields.get_all(name) {
            length = length.saturating_add(line.len());
            if length > LIMIT {
                return Err(Malformed);
            }
            found.read(line.as_bytes())?;
        }
        Ok(found)
    }

    /// Reads the directives of one line, in one pass.
    fn read(&mut self, line: &[u8]) -> Result<(), Malformed> {
        let mut rest = line.trim_ascii();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix(b",") {
                rest = after.trim_ascii_start();
                continue;
            }
            let (name, after) = token(rest).ok_or(Malformed)?;
            let (value, after) = match after.strip_prefix(b"=") {
                Some(value) => argument(value).map(|(value, after)| (Some(value), after)).ok_or(Malformed)?,
                None => (None, after),
            };
            self.note(name, value);
            rest = after.trim_ascii_start();
            if !rest.is_empty() && !rest.starts_with(b",") {
                return Err(Malformed);
            }
        }
        Ok(())
    }

    fn note(&mut self, name: &[u8], value: Option<&[u8]>) {
        let flags: [(&[u8], &mut bool); 8] = [
            (b"no-store", &mut self.no_store),
            (b"no-cache", &mut self.no_cache),
            (b"private", &mut self.private),
            (b"public", &mut self.public),
            (b"must-revalidate", &mut self.must_revalidate),
            (b"proxy-revalidate", &mut self.proxy_revalidate),
            (b"must-understand", &mut self.must_understand),
            (b"only-if-cached", &mut self.only_if_cached),
        ];
        for (known, flag) in flags {
            *flag |= name.eq_ignore_ascii_case(known);
        }
        let numbers: [(&[u8], &mut Option<u64>); 6] = [
            (b"max-age", &mut self.max_age),
            (b"s-maxage", &mut self.s_maxage),
            (b"min-fresh", &mut self.min_fresh),
            (b"max-stale", &mut self.max_stale),
            (b"stale-while-revalidate", &mut self.stale_while_revalidate),
            (b"stale-if-error", &mut self.stale_if_error),
        ];
        for (known, number) in numbers {
            if name.eq_ignore_ascii_case(known) {
                let secs = match value {
                    None if known == b"max-stale" => LONGEST,
                    value => value.and_then(delta_seconds).unwrap_or(0),
                };
                *number = Some(number.map_or(secs, |earlier| if earlier == secs { secs } else { 0 }));
            }
        }
    }
}

/// A token (RFC 9110 §5.6.2) at the start of `bytes`, and the rest.
fn token(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| !is_token_byte(*byte)).unwrap_or(bytes.len());
    if end == 0 { None } else { bytes.split_at_checked(end) }
}

pub(crate) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// A token or a quoted string, and the rest. Escapes stay as they are: no value that matters has one.
fn argument(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(inside) = bytes.strip_prefix(b"\"") else { return token(bytes) };
    let mut escaped = false;
    for (at, byte) in inside.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((inside.get(..at)?, inside.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

/// A number of seconds, saturated (RFC 9111 §1.2.2).
pub(crate) fn delta_seconds(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut secs = 0_u64;
    for digit in digits {
        secs = secs.saturating_mul(10).saturating_add(u64::from(digit - b'0')).min(LONGEST);
    }
    Some(secs)
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &[&str]) -> Result<CacheControl, Malformed> {
        let mut fields = HeaderMap::new();
        for line in lines {
            fields.append(header::CACHE_CONTROL, HeaderValue::from_str(line).unwrap());
        }
        CacheControl::of(&fields, &header::CACHE_CONTROL)
    }

    #[test]
    fn directives_are_found_in_any_case_on_any_line_past_any_space() {
        for lines in
            [&["NO-STORE"][..], &["max-age=1", "No-Store"], &["a=\"x,y\" ,\t no-store"], &[",, no-store,"], &["foo=\"a\\\"b\", no-store"]]
        {
            assert!(read(lines).unwrap().no_store, "{lines:?}");
        }
        for lines in [&["x=\"no-store\""][..], &["no-store-ish"], &["nothing-to-see-here"]] {
            assert!(!read(lines).unwrap().no_store, "{lines:?}");
        }
        assert!(read(&["private=\"set-cookie\""]).unwrap().private);
    }

    #[test]
    fn large_numbers_saturate_and_invalid_ones_count_as_stale() {
        for (value, expected) in
            [("60", 60), ("\"60\"", 60), ("99999999999999999999", LONGEST), ("-1", 0), ("1.5", 0), ("abc", 0), ("0", 0), ("\"\"", 0)]
        {
            assert_eq!(read(&[&format!("max-age={value}")]).unwrap().max_age, Some(expected), "{value}");
        }
        assert_eq!(read(&["max-age=60, max-age=30"]).unwrap().max_age, Some(0));
        assert_eq!(read(&["max-age=60", "max-age=60"]).unwrap().max_age, Some(60));
        assert_eq!(read(&["max-age"]).unwrap().max_age, Some(0));
        assert_eq!(read(&["max-stale"]).unwrap().max_stale, Some(LONGEST));
    }

    #[test]
    fn junk_is_malformed() {
        for junk in ["max-age=", "a b", "=1", "x=\"unended", "(", "private; x"] {
            assert_eq!(read(&[junk]), Err(Malformed), "{junk}");
        }
        assert_eq!(read(&[&"a,".repeat(LIMIT)]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "[ -~\t]{0,80}") {
            drop(read(&[&line]));
        }

        #[test]
        fn a_directive_at_the_end_is_never_lost(line in "[a-z0-9=\", -]{0,40}") {
            if let Ok(found) = read(&[&format!("{line},private")]) {
                prop_assert!(found.private);
            }
        }
    }
}
