//! Checks and comparisons of field names in constants.

use crate::header::cache_control::is_token_byte;

/// Whether `name` is a field name in lower case that `http` accepts: a token (RFC 9110 §5.6.2) of reasonable length.
pub(super) const fn is_field_name(name: &str) -> bool {
    let mut rest = name.as_bytes();
    while let [byte, others @ ..] = rest {
        if !is_token_byte(*byte) || byte.is_ascii_uppercase() {
            return false;
        }
        rest = others;
    }
    matches!(name.len(), 1..=256)
}

/// Whether `value` is a field value: visible ASCII, with spaces only inside (RFC 9110 §5.5).
pub(super) const fn is_field_value(value: &str) -> bool {
    let mut rest = value.as_bytes();
    while let [byte, others @ ..] = rest {
        if !matches!(*byte, b' '..=b'~') {
            return false;
        }
        rest = others;
    }
    !matches!(value.as_bytes(), [] | [b' ', ..] | [.., b' '])
}

/// `contains` for constants.
pub(super) const fn is_among(name: &str, mut others: &[&str]) -> bool {
    while let [other, rest @ ..] = others {
        if is_same(name, other) {
            return true;
        }
        others = rest;
    }
    false
}

/// `==` for constants.
pub(super) const fn is_same(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while let ([first, rest @ ..], [second, others @ ..]) = (one, other) {
        if *first != *second {
            return false;
        }
        (one, other) = (rest, others);
    }
    one.is_empty() && other.is_empty()
}
