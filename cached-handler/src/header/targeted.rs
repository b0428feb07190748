//! Targeted fields (RFC 9213), such as `CDN-Cache-Control`: dictionaries of structured fields (RFC 9651 §3.2) that take
//! precedence over `Cache-Control`. A field that does not parse is ignored as a whole (RFC 9213 §2.1).

use http::HeaderMap;

use super::cache_control::{CacheControl, LONGEST};

/// The names of the targeted fields that a cache obeys, the most applicable first (RFC 9213 §2.1), in lower case.
pub(crate) type TargetList = &'static [&'static str];

pub(crate) const CDN_CACHE_CONTROL: &str = "cdn-cache-control";

/// The list of a cache without a setting (§3).
pub(crate) const DEFAULT: TargetList = &[CDN_CACHE_CONTROL];

/// The directives of the first field that is present and can be parsed (§2.2).
pub(crate) fn of(fields: &HeaderMap, list: &[&str]) -> Option<CacheControl> {
    list.iter().find_map(|name| read(fields, name))
}

fn read(fields: &HeaderMap, name: &str) -> Option<CacheControl> {
    let mut text = Vec::new();
    for line in fields.get_all(name) {
        if !text.is_empty() {
            text.extend_from_slice(b", ");
        }
        text.extend_from_slice(line.as_bytes());
    }
    if text.trim_ascii().is_empty() {
        return None;
    }
    // The part of a longer field that is not read might forbid everything.
    if text.len() > 8 << 10 {
        return Some(CacheControl { no_store: true, ..CacheControl::default() });
    }
    Parser { rest: &text }.dictionary()
}

/// A member's value, as far as directives need it.
#[derive(Clone, Copy)]
enum Value {
    Yes,
    No,
    Integer(i64),
    Other,
}

struct Parser<'a> {
    rest: &'a [u8],
}

impl Parser<'_> {
    /// RFC 9651 §4.2.2.
    fn dictionary(mut self) -> Option<CacheControl> {
        let mut found = CacheControl::default();
        self.skip(b" ");
        while !self.rest.is_empty() {
            let key = self.key()?;
            let value = if self.eat(b'=') { self.member()? } else { Value::Yes };
            self.parameters()?;
            note(&mut found, &key, value);
            self.skip(b" \t");
            if self.rest.is_empty() {
                break;
            }
            if !self.eat(b',') {
                return None;
            }
            self.skip(b" \t");
            if self.rest.is_empty() {
                return None;
            }
        }
        Some(found)
    }

    fn member(&mut self) -> Option<Value> {
        if !self.eat(b'(') {
            return self.item();
        }
        loop {
            self.skip(b" ");
            if self.eat(b')') {
                return Some(Value::Other);
            }
            self.item()?;
            self.parameters()?;
            if !matches!(self.rest.first(), Some(b' ' | b')')) {
                return None;
            }
        }
    }

    fn parameters(&mut self) -> Option<()> {
        while self.eat(b';') {
            self.skip(b" ");
            self.key()?;
            if self.eat(b'=') {
                self.item()?;
            }
        }
        Some(())
    }

    /// RFC 9651 §4.2.3.1.
    fn item(&mut self) -> Option<Value> {
        match *self.rest.first()? {
            b'?' => {
                self.eat(b'?');
                if self.eat(b'1') { Some(Value::Yes) } else { self.eat(b'0').then_some(Value::No) }
            }
            b'-' | b'0'..=b'9' => self.number(),
            b'"' => self.string(),
            b':' => {
                self.eat(b':');
                self.take(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
                self.eat(b':').then_some(Value::Other)
            }
            b'*' | b'a'..=b'z' | b'A'..=b'Z' => {
                self.take(|byte| super::cache_control::is_token_byte(byte) || matches!(byte, b':' | b'/'));
                Some(Value::Other)
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<Value> {
        let negative = self.eat(b'-');
        let digits = self.take(|byte| byte.is_ascii_digit());
        if digits.is_empty() || digits.len() > 15 {
            return None;
        }
        if self.eat(b'.') {
            let fraction = self.take(|byte| byte.is_ascii_digit());
            return ((1..=3).contains(&fraction.len()) && digits.len() <= 12).then_some(Value::Other);
        }
        let number = digits.iter().fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0'));
        Some(Value::Integer(if negative { -number } else { number }))
    }

    fn string(&mut self) -> Option<Value> {
        self.eat(b'"');
        loop {
            let (first, rest) = self.rest.split_first()?;
            self.rest = rest;
            match first {
                b'"' => return Some(Value::Other),
                b'\\' => {
                    if !self.eat(b'"') && !self.eat(b'\\') {
                        return None;
                    }
                }
                b' '..=b'~' => {}
                _ => return None,
            }
        }
    }

    /// RFC 9651 §4.2.3.3.
    fn key(&mut self) -> Option<Vec<u8>> {
        matches!(self.rest.first()?, b'a'..=b'z' | b'*').then_some(())?;
        Some(self.take(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*')))
    }

    fn take(&mut self, belongs: impl Fn(u8) -> bool) -> Vec<u8> {
        let end = self.rest.iter().position(|byte| !belongs(*byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        let taken = taken.to_vec();
        self.rest = rest;
        taken
    }

    fn skip(&mut self, bytes: &[u8]) {
        while let Some((first, rest)) = self.rest.split_first() {
            if !bytes.contains(first) {
                return;
            }
            self.rest = rest;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

/// The last of two members with one name counts (RFC 9651 §4.2.2); a member of the wrong type is ignored. A prohibition with
/// any value but `?0` still prohibits.
fn note(found: &mut CacheControl, key: &[u8], value: Value) {
    let secs = || match value {
        Value::Integer(secs) => Some(u64::try_from(secs).unwrap_or(0).min(LONGEST)),
        _ => None,
    };
    let prohibits = !matches!(value, Value::No);
    let says = matches!(value, Value::Yes);
    match key {
        b"max-age" => found.max_age = secs(),
        b"s-maxage" => found.s_maxage = secs(),
        b"stale-while-revalidate" => found.stale_while_revalidate = secs(),
        b"stale-if-error" => found.stale_if_error = secs(),
        b"no-store" => found.no_store = prohibits,
        b"no-cache" => found.no_cache = prohibits,
        b"private" => found.private = prohibits,
        b"public" => found.public = says,
        b"must-revalidate" => found.must_revalidate = says,
        b"proxy-revalidate" => found.proxy_revalidate = says,
        b"must-understand" => found.must_understand = says,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &[&str]) -> Option<CacheControl> {
        let mut fields = HeaderMap::new();
        for line in lines {
            fields.append(CDN_CACHE_CONTROL, HeaderValue::from_str(line).unwrap());
        }
        of(&fields, DEFAULT)
    }

    #[test]
    fn integers_and_booleans_count_and_other_types_do_not() {
        for (line, expected) in [
            ("max-age=60", Some(60)),
            ("max-age=60;a=b, x", Some(60)),
            ("max-age=\"60\"", None),
            ("max-age=60.0", None),
            ("max-age=-5", Some(0)),
            ("max-age=1, max-age=9", Some(9)),
            ("x=(1 2 \"a\");q, max-age=3", Some(3)),
        ] {
            assert_eq!(read(&[line]).unwrap().max_age, expected, "{line}");
        }
        assert!(read(&["no-store"]).unwrap().no_store);
        assert!(!read(&["no-store=?0"]).unwrap().no_store);
        assert!(read(&["a", "private"]).unwrap().private);
    }

    #[test]
    fn what_does_not_parse_is_ignored_as_a_whole() {
        for line in ["max-age=60,", "MAX-AGE=60", "max-age=60 no-store", "max-age=&", "max-age=60;", "a=\"x", ""] {
            assert_eq!(read(&[line]), None, "{line}");
        }
    }

    /// RFC 9213 §2.2, with the fields of its example in §3.1.
    #[test]
    fn the_first_of_the_list_that_is_there_and_can_be_read_counts() {
        let list = ["example-cdn-cache-control", CDN_CACHE_CONTROL];
        let too_long = format!("{}max-age=1", "a, ".repeat(3000));
        for (first, second, expected) in [
            (Some("max-age=60"), Some("max-age=600"), Some(Some(60))),
            (None, Some("max-age=600"), Some(Some(600))),
            (Some(""), Some("max-age=600"), Some(Some(600))),
            (Some("max-age=60,"), Some("max-age=600"), Some(Some(600))),
            // This field is valid, and states no freshness.
            (Some("x"), Some("max-age=600"), Some(None)),
            (Some("max-age=60"), None, Some(Some(60))),
            (Some("&"), Some("&"), None),
            (None, None, None),
            // A field that is too long forbids, whatever comes after it.
            (Some(&too_long), Some("max-age=600"), Some(None)),
        ] {
            let mut fields = HeaderMap::new();
            for (name, value) in list.into_iter().zip([first, second]) {
                if let Some(value) = value {
                    fields.append(name, HeaderValue::from_str(value).unwrap());
                }
            }
            let found = of(&fields, &list);
            assert_eq!(found.as_ref().map(|read| read.max_age), expected, "{first:?} {second:?}");
            assert_eq!(found.is_some_and(|read| read.no_store), first == Some(&too_long), "{first:?}");
            assert_eq!(of(&fields, &[]), None);
        }
    }

    #[test]
    fn a_field_that_is_too_long_forbids() {
        assert!(read(&[&format!("{}private", "a, ".repeat(3000))]).unwrap().no_store);
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "[ -~]{0,60}") {
            let _ = read(&[&line]);
        }
    }
}
