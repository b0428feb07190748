//! The date and time types of the crate `chrono`, as parts of a key.

use chrono::{
    DateTime, Datelike as _, FixedOffset, Month, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike as _, Utc, Weekday,
};

use crate::key::writer::{KeyPart, KeyWriter};

impl KeyPart for NaiveDate {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("date", &self.num_days_from_ce().to_le_bytes());
    }
}

impl KeyPart for NaiveTime {
    /// A leap second has nanoseconds beyond a second's.
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("time", &pair(self.num_seconds_from_midnight().into(), self.nanosecond().into()));
    }
}

impl KeyPart for NaiveDateTime {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.date().key_part(key);
        self.time().key_part(key);
    }
}

/// The moment and its offset, as a handler can print both. For a time zone of another crate, whose offsets are not known here,
/// name what matters: `key(time.timestamp())`, or `#[cache_key(display)]`.
impl<Z: TimeZone<Offset: KeyPart>> KeyPart for DateTime<Z> {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("moment", &pair(self.timestamp(), self.timestamp_subsec_nanos().into()));
        self.offset().key_part(key);
    }
}

impl KeyPart for Utc {
    /// Differs from an offset of 0, which prints as `+00:00`.
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("utc", &[]);
    }
}

impl KeyPart for FixedOffset {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("offset", &self.local_minus_utc().to_le_bytes());
    }
}

impl KeyPart for TimeDelta {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("difference", &pair(self.num_seconds(), self.subsec_nanos().into()));
    }
}

impl KeyPart for Weekday {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("weekday", &self.num_days_from_monday().to_le_bytes());
    }
}

impl KeyPart for Month {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("month", &self.number_from_month().to_le_bytes());
    }
}

fn pair(seconds: i64, nanoseconds: i64) -> [u8; 16] {
    let mut bytes = [0; 16];
    let (low, high) = bytes.split_at_mut(8);
    low.copy_from_slice(&seconds.to_le_bytes());
    high.copy_from_slice(&nanoseconds.to_le_bytes());
    bytes
}
