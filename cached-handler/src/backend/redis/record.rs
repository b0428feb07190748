//! What lies under the keys of the clock and of the epochs: numbers as text, and a checksum that covers the key too.
//! Damaged or misplaced ones count as missing.

use ::redis::Value;

use crate::backend::{Reading, Stamp};

/// `incarnation:clock:invalidated:expired#checksum`.
const CLOCK: usize = 4;
/// `incarnation:invalidated:expired#checksum`.
const EPOCH: usize = 3;

/// The reading that these records give, the clock's first; `None` where any is missing or of another incarnation.
pub(super) fn reading(keys: &[String], records: &[Value]) -> Option<Reading> {
    let (clock_key, epoch_keys) = keys.split_first()?;
    let (clock_record, epoch_records) = records.split_first()?;
    if epoch_keys.len() != epoch_records.len() {
        return None;
    }
    let [incarnation, clock, mut invalidated, mut expired] = numbers::<CLOCK>(clock_key, clock_record)?;
    for (key, record) in epoch_keys.iter().zip(epoch_records) {
        let [of, later_invalidated, later_expired] = numbers::<EPOCH>(key, record)?;
        if of != incarnation {
            return None;
        }
        invalidated = invalidated.max(later_invalidated);
        expired = expired.max(later_expired);
    }
    Some(Reading { incarnation, clock, invalidated, expired })
}

/// What an invalidation has made of the clock.
pub(super) fn stamp(key: &str, record: &Value) -> Option<Stamp> {
    let [incarnation, clock, ..] = numbers::<CLOCK>(key, record)?;
    Some(Stamp { incarnation, clock })
}

fn numbers<const N: usize>(key: &str, record: &Value) -> Option<[u64; N]> {
    let Value::BulkString(record) = record else { return None };
    let (text, sum) = std::str::from_utf8(record).ok()?.split_once('#')?;
    if sum.parse() != Ok(checksum(key, text)) {
        return None;
    }
    let mut numbers = [0; N];
    let mut parts = text.split(':');
    for number in &mut numbers {
        *number = parts.next()?.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// A polynomial over the bytes, modulo a prime, which Lua's numbers can do as well: no single changed byte escapes it.
fn checksum(key: &str, text: &str) -> u64 {
    key.bytes().chain(text.bytes()).fold(7, |sum, byte| (sum * 31 + u64::from(byte)) % 2_147_483_647)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: &str, text: &str) -> Value {
        Value::BulkString(format!("{text}#{}", checksum(key, text)).into_bytes())
    }

    #[test]
    fn the_latest_of_all_epochs_is_read() {
        let keys = ["ns", "h", "g"].map(str::to_owned);
        let records = [sealed("ns", "9:70:10:20"), sealed("h", "9:30:30"), sealed("g", "9:25:60")];
        assert_eq!(reading(&keys, &records), Some(Reading { incarnation: 9, clock: 70, invalidated: 30, expired: 60 }));
    }

    #[test]
    fn a_missing_damaged_misplaced_or_foreign_record_counts_as_missing() {
        let keys = ["ns", "h"].map(str::to_owned);
        let (clock, epoch) = (sealed("ns", "9:70:10:20"), sealed("h", "9:30:30"));
        let read = |clock: &Value, epoch: &Value| reading(&keys, &[clock.clone(), epoch.clone()]);
        assert!(read(&clock, &epoch).is_some());
        for wrong in [Value::Nil, Value::Int(7), sealed("g", "9:30:30"), sealed("h", "8:30:30"), sealed("h", "9:30:30:30")] {
            assert_eq!(read(&clock, &wrong), None, "{wrong:?}");
            assert_eq!(read(&wrong, &epoch), None, "{wrong:?}");
        }
        let Value::BulkString(whole) = &epoch else { return };
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << bit;
                assert_eq!(read(&clock, &Value::BulkString(damaged)), None, "byte {at}, bit {bit}");
            }
        }
    }
}
