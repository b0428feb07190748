//! `Accept-Encoding` (RFC 9110 §12.5.3), as far as it says whether an outer layer may compress the response.

use http::HeaderValue;

/// Whether a client with this line accepts any coding but `identity`. A value that cannot be parsed counts as a coding, as an outer
/// layer may parse it differently.
#[inline]
pub(crate) fn accepts_a_coding(line: &HeaderValue) -> bool {
    // The usual beginning, of all browsers.
    line.as_bytes().starts_with(b"gzip,") || is_a_coding(line.as_bytes())
}

#[cold]
fn is_a_coding(line: &[u8]) -> bool {
    line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty()).any(|element| {
        let (coding, weight) = match element.iter().position(|byte| *byte == b';') {
            Some(end) => element.split_at(end),
            None => (element, &b""[..]),
        };
        !coding.trim_ascii().eq_ignore_ascii_case(b"identity") && !is_zero(weight)
    })
}

/// `;q=0`, with up to three zeros after a point (§12.4.2).
fn is_zero(weight: &[u8]) -> bool {
    let value = weight.strip_prefix(b";").map(<[u8]>::trim_ascii).and_then(|weight| weight.strip_prefix(b"q="));
    matches!(value, Some(b"0" | b"0." | b"0.0" | b"0.00" | b"0.000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&'static str]) -> bool {
        lines.iter().any(|line| accepts_a_coding(&HeaderValue::from_static(line)))
    }

    #[test]
    fn a_coding_is_accepted_where_one_is_named_or_nothing_can_be_read() {
        for lines in [
            &["gzip, deflate, br, zstd"][..],
            &["gzip"],
            &["br;q=0.001"],
            &["identity, *"],
            &["identity", "gzip"],
            &["gzip;q=0;x"],
            &["gzip;Q=0"],
            &["gzip;q=0, br"],
            &["x"],
        ] {
            assert!(of(lines), "{lines:?}");
        }
    }

    #[test]
    fn no_coding_is_accepted_without_the_field_or_if_all_are_excluded() {
        for lines in [&[][..], &[""], &[" , "], &["identity"], &["Identity;q=1, *;q=0"], &["identity;q=1", "gzip ; q=0.000"], &["*;q=0"]] {
            assert!(!of(lines), "{lines:?}");
        }
    }
}
