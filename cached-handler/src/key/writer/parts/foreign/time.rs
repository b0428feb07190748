//! The date and time types of the crate `time`, as parts of a key.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime, UtcOffset, Weekday};

use crate::key::writer::{KeyPart, KeyWriter};

impl KeyPart for Date {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("date", &self.to_julian_day().to_le_bytes());
    }
}

impl KeyPart for Time {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        let (hour, minute, second, nanosecond) = self.as_hms_nano();
        let [a, b, c, d] = nanosecond.to_le_bytes();
        key.named("time", &[hour, minute, second, a, b, c, d]);
    }
}

impl KeyPart for PrimitiveDateTime {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.date().key_part(key);
        self.time().key_part(key);
    }
}

impl KeyPart for OffsetDateTime {
    /// The local date and time, and the offset: one moment prints differently in two time zones, so it is two keys.
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.date().key_part(key);
        self.time().key_part(key);
        self.offset().key_part(key);
    }
}

impl KeyPart for UtcDateTime {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.date().key_part(key);
        self.time().key_part(key);
        key.named("utc", &[]);
    }
}

impl KeyPart for UtcOffset {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("offset", &self.whole_seconds().to_le_bytes());
    }
}

impl KeyPart for Duration {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("difference", &self.whole_nanoseconds().to_le_bytes());
    }
}

impl KeyPart for Weekday {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("weekday", &[self.number_days_from_monday()]);
    }
}

impl KeyPart for Month {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("month", &[u8::from(*self)]);
    }
}
