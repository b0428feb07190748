//! The date and time types of the crate `jiff`, as parts of a key.

use jiff::{
    SignedDuration, Span, Timestamp, Zoned,
    civil::{Date, DateTime, Time, Weekday},
    tz::{Offset, TimeZone},
};

use crate::{
    key::writer::{KeyPart, KeyWriter},
    outcome::Bypass,
};

impl KeyPart for Timestamp {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("moment", &self.as_nanosecond().to_le_bytes());
    }
}

impl KeyPart for Zoned {
    /// The moment, its offset, and the zone: two zones may have the same offset now, and different ones later.
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.timestamp().key_part(key);
        self.offset().key_part(key);
        self.time_zone().key_part(key);
    }
}

impl KeyPart for TimeZone {
    /// The zone's name in the time zone database, or its fixed offset, or else its rule, as `Debug` prints it. A zone without any of
    /// them was read from a file and shows nothing that identifies it: the request bypasses the cache.
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        if let Some(name) = self.iana_name() {
            key.named("zone", name.as_bytes());
        } else if let Ok(offset) = self.to_fixed_offset() {
            offset.key_part(key);
        } else {
            by_rule(&format!("{self:?}"), key);
        }
    }
}

/// Writes a zone by its `Debug` text, if that has a rule. All other zones without a name print the same.
fn by_rule(printed: &str, key: &mut KeyWriter<'_>) {
    if printed.starts_with("TimeZone(Posix(") {
        key.named("zone of a rule", printed.as_bytes());
    } else {
        key.bypass(Bypass::KeyTooLong);
    }
}

impl KeyPart for Offset {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("offset", &self.seconds().to_le_bytes());
    }
}

impl KeyPart for Date {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        let [low, high] = self.year().to_le_bytes();
        let [month] = self.month().to_le_bytes();
        let [day] = self.day().to_le_bytes();
        key.named("date", &[low, high, month, day]);
    }
}

impl KeyPart for Time {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        let ([hour], [minute], [second]) = (self.hour().to_le_bytes(), self.minute().to_le_bytes(), self.second().to_le_bytes());
        let [a, b, c, d] = self.subsec_nanosecond().to_le_bytes();
        key.named("time", &[hour, minute, second, a, b, c, d]);
    }
}

impl KeyPart for DateTime {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.date().key_part(key);
        self.time().key_part(key);
    }
}

impl KeyPart for SignedDuration {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("difference", &self.as_nanos().to_le_bytes());
    }
}

impl KeyPart for Span {
    /// Unit by unit: an hour is not 60 minutes.
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        let units: [i64; 10] = [
            self.get_years().into(),
            self.get_months().into(),
            self.get_weeks().into(),
            self.get_days().into(),
            self.get_hours().into(),
            self.get_minutes(),
            self.get_seconds(),
            self.get_milliseconds(),
            self.get_microseconds(),
            self.get_nanoseconds(),
        ];
        key.named("span", &[]);
        for unit in units {
            unit.key_part(key);
        }
    }
}

impl KeyPart for Weekday {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("weekday", &self.to_monday_zero_offset().to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use jiff::tz::TimeZone;

    use crate::{attribute::argument::tests::written, outcome::Bypass};

    /// The text of a zone that was read from a file which `TZ` names.
    #[test]
    fn a_zone_that_prints_as_others_do_bypasses() {
        let bypass = |printed: &str| written(&Request::get("/").body(()).unwrap(), |key| super::by_rule(printed, key)).traits.bypass;
        assert_eq!(bypass("TimeZone(TZif(\"Local\"))"), Some(Bypass::KeyTooLong));
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(bypass(&format!("{zone:?}")), None, "a rule tells it from all others");
    }
}
