//! HTTP dates (RFC 9110 §5.6.7).

use std::time::SystemTime;

use http::HeaderValue;

/// The preferred form, `Sun, 06 Nov 1994 08:49:37 GMT`. Moments that it cannot express are printed as the epoch.
pub(crate) fn print(time: SystemTime) -> HeaderValue {
    // httpdate panics before 1970 and after 9999.
    let secs = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let time = if secs < LAST { time } else { SystemTime::UNIX_EPOCH };
    let time = if secs == 0 { SystemTime::UNIX_EPOCH } else { time };
    HeaderValue::from_str(&httpdate::fmt_http_date(time)).unwrap_or_else(|_| HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

/// Any of the three forms.
pub(crate) fn parse(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()
}

/// 1 January 10000.
const LAST: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_three_forms_are_the_same_moment() {
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for form in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse(&HeaderValue::from_static(form)), Some(expected), "{form}");
        }
        assert_eq!(print(expected), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(parse(&HeaderValue::from_static("0")), None);
    }

    #[test]
    fn no_moment_makes_it_panic() {
        for secs in [0, 1, LAST - 1, LAST, u64::MAX >> 2] {
            if let Some(time) = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(secs)) {
                print(time);
            }
        }
        print(SystemTime::UNIX_EPOCH - Duration::from_secs(5));
    }
}
