//! HTTP dates (RFC 9110 §5.6.7).

use std::time::{Duration, SystemTime};

use http::HeaderValue;

/// The preferred form, `Sun, 06 Nov 1994 08:49:37 GMT`. Moments that it cannot express are printed as the epoch.
pub(crate) fn print(time: SystemTime) -> HeaderValue {
    // httpdate panics before 1970 and after 9999.
    let secs = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let time = if secs < LAST { time } else { SystemTime::UNIX_EPOCH };
    let time = if secs == 0 { SystemTime::UNIX_EPOCH } else { time };
    HeaderValue::from_str(&httpdate::fmt_http_date(time)).unwrap_or_else(|_| HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

/// Parses any of the three forms; `None` before 1970. A recipient is to be robust (RFC 9110 §5.6.7), so letter case does not
/// matter, and any day of the week is accepted.
pub(crate) fn parse(value: &HeaderValue) -> Option<SystemTime> {
    let rest = value.as_bytes().trim_ascii();
    let moment = imf_fixdate(Reader(rest)).or_else(|| rfc_850(Reader(rest))).or_else(|| asctime(Reader(rest)))?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(moment.secs()?))
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    year: u64,
    /// From 0.
    month: u64,
    day: u64,
    /// Since midnight.
    secs: u64,
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(mut reader: Reader<'_>) -> Option<Moment> {
    reader.one_of(&WEEKDAYS, 3)?;
    reader.eat(b", ")?;
    let day = reader.digits(2)?;
    reader.eat(b" ")?;
    let month = reader.one_of(&MONTHS, 3)?;
    reader.eat(b" ")?;
    let year = reader.digits(4)?;
    reader.eat(b" ")?;
    let secs = reader.time()?;
    reader.eat(b" gmt")?;
    reader.0.is_empty().then_some(Moment { year, month, day, secs })
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc_850(mut reader: Reader<'_>) -> Option<Moment> {
    reader.one_of(&WEEKDAYS, usize::MAX)?;
    reader.eat(b", ")?;
    let day = reader.digits(2)?;
    reader.eat(b"-")?;
    let month = reader.one_of(&MONTHS, 3)?;
    reader.eat(b"-")?;
    let year = reader.digits(2)?;
    reader.eat(b" ")?;
    let secs = reader.time()?;
    reader.eat(b" gmt")?;
    // Two digits: 70 to 99 are of the last century, as no date is before 1970.
    let year = if year < 70 { 2000 + year } else { 1900 + year };
    reader.0.is_empty().then_some(Moment { year, month, day, secs })
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(mut reader: Reader<'_>) -> Option<Moment> {
    reader.one_of(&WEEKDAYS, 3)?;
    reader.eat(b" ")?;
    let month = reader.one_of(&MONTHS, 3)?;
    reader.eat(b" ")?;
    let day = if reader.eat(b" ").is_some() { reader.digits(1)? } else { reader.digits(2)? };
    reader.eat(b" ")?;
    let secs = reader.time()?;
    reader.eat(b" ")?;
    let year = reader.digits(4)?;
    reader.0.is_empty().then_some(Moment { year, month, day, secs })
}

impl Moment {
    /// Since 1970, in the Gregorian calendar.
    fn secs(self) -> Option<u64> {
        let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let lengths = [31, if is_leap(self.year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let month = usize::try_from(self.month).ok()?;
        if self.year < 1970 || !(1..=*lengths.get(month)?).contains(&self.day) {
            return None;
        }
        let before = self.year - 1;
        let leap_days = before / 4 - before / 100 + before / 400 - LEAP_DAYS_BEFORE_1970;
        let days = (self.year - 1970) * 365 + leap_days + lengths.iter().take(month).sum::<u64>() + self.day - 1;
        Some(days * 24 * 60 * 60 + self.secs)
    }
}

const LEAP_DAYS_BEFORE_1970: u64 = 1969 / 4 - 1969 / 100 + 1969 / 400;
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/// The bytes that are still to be read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// Reads exactly this text, in any letter case.
    fn eat(&mut self, text: &[u8]) -> Option<()> {
        let (read, rest) = self.0.split_at_checked(text.len())?;
        read.eq_ignore_ascii_case(text).then(|| self.0 = rest)
    }

    /// Reads one of the names, compared by its first letters; returns its index.
    fn one_of(&mut self, names: &[&str], letters: usize) -> Option<u64> {
        let at = names.iter().position(|name| self.eat(name.get(..letters).unwrap_or(name).as_bytes()).is_some())?;
        u64::try_from(at).ok()
    }

    fn digits(&mut self, count: usize) -> Option<u64> {
        let (read, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        read.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0')))
    }

    /// `08:49:37`; a leap second counts as the one after it.
    fn time(&mut self) -> Option<u64> {
        let hour = self.digits(2)?;
        self.eat(b":")?;
        let minute = self.digits(2)?;
        self.eat(b":")?;
        let second = self.digits(2)?;
        (hour < 24 && minute < 60 && second <= 60).then(|| (hour * 60 + minute) * 60 + second)
    }
}

/// 1 January 10000.
const LAST: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_three_forms_are_the_same_moment() {
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for form in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse(&HeaderValue::from_static(form)), Some(expected), "{form}");
        }
        for form in ["SUN, 06 NOV 1994 08:49:37 gmt", "Mon, 06 Nov 1994 08:49:37 GMT", " sun nov  6 08:49:37 1994 "] {
            assert_eq!(parse(&HeaderValue::from_str(form).unwrap()), Some(expected), "{form}");
        }
        assert_eq!(print(expected), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(parse(&HeaderValue::from_static("0")), None);
    }

    #[test]
    fn invalid_dates_are_refused() {
        for junk in [
            "",
            "yesterday",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Sun,  06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 2100 08:49:37 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(&HeaderValue::from_static(junk)), None, "{junk}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(secs in 0..LAST) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(secs);
            prop_assert_eq!(parse(&print(time)), Some(time));
        }

        #[test]
        fn dates_are_parsed_as_another_parser_does(text in "(Sun, |Sunday, |Sun )?[0-3 ][0-9][- ](Feb|Nov)[- ]([0-9]{2}|[12][0-9]{3}) [0-2][0-9]:[0-6][0-9]:[0-6][0-9]( GMT)?") {
            if let Ok(time) = httpdate::parse_http_date(&text) {
                prop_assert_eq!(parse(&HeaderValue::from_str(&text).unwrap()), Some(time));
            }
        }
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
