//! What lies under the keys of the clock and of the epochs: numbers as text, and a checksum that covers the key too.
//! Damaged or misplaced ones count as missing.

use ::redis::Value;

use super::lease::{Advanced, Holders, Renewal};
use crate::epoch::{EpochSnapshot, Moved, Stamp};

/// `incarnation:clock:invalidated:expired#checksum`. The zeros that the incarnation begins with say what leases there are, which is for
/// the scripts to read.
const CLOCK: usize = 4;
/// `incarnation:invalidated:expired#checksum`.
const EPOCH: usize = 3;

/// The reading that these records give, the clock's first; `None` where any is missing or of another incarnation.
pub(super) fn reading<K: AsRef<str>>(keys: impl ExactSizeIterator<Item = K>, records: &[Value]) -> Option<EpochSnapshot> {
    if keys.len() != records.len() {
        return None;
    }
    let mut pairs = keys.zip(records);
    let first = pairs.next().map(|(key, record)| clock(key.as_ref(), record));
    latest(first.into_iter().chain(pairs.map(|(key, record)| epoch(key.as_ref(), record))))
}

/// What the clock's record says by itself.
pub(super) fn clock(key: &str, record: &Value) -> Option<EpochSnapshot> {
    let [incarnation, clock, invalidated, expired] = numbers::<CLOCK>(key, record)?;
    Some(EpochSnapshot { incarnation, clock, invalidated, expired })
}

/// What an epoch's record says by itself, which knows of no clock.
pub(super) fn epoch(key: &str, record: &Value) -> Option<EpochSnapshot> {
    let [incarnation, invalidated, expired] = numbers::<EPOCH>(key, record)?;
    Some(EpochSnapshot { incarnation, clock: 0, invalidated, expired })
}

/// The latest of them, where none is missing and all are of one incarnation.
pub(super) fn latest(records: impl IntoIterator<Item = Option<EpochSnapshot>>) -> Option<EpochSnapshot> {
    records.into_iter().reduce(|one, other| {
        let (one, other) = (one?, other?);
        (one.incarnation == other.incarnation).then_some(EpochSnapshot {
            incarnation: one.incarnation,
            clock: one.clock.max(other.clock),
            invalidated: one.invalidated.max(other.invalidated),
            expired: one.expired.max(other.expired),
        })
    })?
}

/// What an invalidation has made of the clock, and whom it has to wait for.
pub(super) fn advanced(key: &str, answer: &Value) -> Option<(Moved, Advanced)> {
    let Value::Array(answer) = answer else { return None };
    let [record, from, Value::Int(leases), rest @ ..] = &answer[..] else { return None };
    let [incarnation, clock, ..] = numbers::<CLOCK>(key, record)?;
    let stamp = Stamp { incarnation, clock };
    let holders = match (leases, rest) {
        (0 | 1, []) => Holders::Never { is_mature: *leases == 1 },
        (2, [nonce, Value::Int(is_mature), Value::Int(is_told), length, holders @ ..]) => {
            let (pairs, odd) = holders.as_chunks::<2>();
            if !odd.is_empty() {
                return None;
            }
            let renewal = |[holder, number]: &[Value; 2]| Some(Renewal { holder: digits(holder)?, number: digits(number)? });
            Holders::Set {
                nonce: digits(nonce)?,
                is_mature: *is_mature == 1,
                is_told: *is_told == 1,
                length: digits(length)?,
                holders: pairs.iter().map(renewal).collect::<Option<_>>()?,
            }
        }
        _ => return None,
    };
    Some((Moved { from: digits(from)?, to: stamp }, Advanced { stamp, holders }))
}

/// What a renewal gives: how the clock stands, and the name of the set of holders.
pub(super) fn renewed(key: &str, answer: &Value) -> Option<(Stamp, u64)> {
    let Value::Array(answer) = answer else { return None };
    let [record, nonce] = &answer[..] else { return None };
    let [incarnation, clock, ..] = numbers::<CLOCK>(key, record)?;
    Some((Stamp { incarnation, clock }, digits(nonce)?))
}

/// What a holder acknowledges: everything up to there.
pub(super) fn acknowledgement(stamp: Stamp) -> String {
    format!("{}:{}", stamp.incarnation, stamp.clock)
}

/// What [`acknowledgement`] wrote.
pub(super) fn acknowledged(value: &Value) -> Option<Stamp> {
    let Value::BulkString(text) = value else { return None };
    let (incarnation, clock) = std::str::from_utf8(text).ok()?.split_once(':')?;
    Some(Stamp { incarnation: incarnation.parse().ok()?, clock: clock.parse().ok()? })
}

/// A number in decimal digits.
fn digits(value: &Value) -> Option<u64> {
    match value {
        Value::BulkString(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

/// With every hit some of these are read, so the text is gone through byte by byte, and once.
fn numbers<const N: usize>(key: &str, record: &Value) -> Option<[u64; N]> {
    let Value::BulkString(record) = record else { return None };
    let (mut numbers, mut rest) = ([0; N], &record[..]);
    for (at, number) in numbers.iter_mut().enumerate() {
        let end;
        (*number, end, rest) = number_of(rest)?;
        if end != Some(if at + 1 < N { b':' } else { b'#' }) {
            return None;
        }
    }
    let text = record.get(..record.len().checked_sub(rest.len() + 1)?)?;
    let (sum, end, _) = number_of(rest)?;
    (end.is_none() && sum == checksum(key.as_bytes(), text)).then_some(numbers)
}

/// A number in decimal digits, what ends it, and what follows that.
#[inline]
fn number_of(text: &[u8]) -> Option<(u64, Option<u8>, &[u8])> {
    let mut number = 0_u64;
    for (at, byte) in text.iter().enumerate() {
        let digit = u64::from(byte.wrapping_sub(b'0'));
        if digit > 9 {
            return (at > 0).then_some((number, Some(*byte), text.get(at + 1..)?));
        }
        // Nineteen of them cannot be too many.
        number = if at < 19 { number.wrapping_mul(10).wrapping_add(digit) } else { number.checked_mul(10)?.checked_add(digit)? };
    }
    (!text.is_empty()).then_some((number, None, &[]))
}

/// A polynomial over the bytes, modulo a prime, which Lua's numbers can do as well: no single changed byte escapes it.
/// Read with every hit, so four bytes go at a time, and the prime is one (2³¹ − 1) that needs no division.
fn checksum(key: &[u8], text: &[u8]) -> u64 {
    let by_four = |mut sum: u64, bytes: &[u8]| {
        let (fours, rest) = bytes.as_chunks::<4>();
        for [a, b, c, d] in fours {
            let four = [a, b, c].into_iter().fold(0, |sum, byte| (sum + u64::from(*byte)) * BASE) + u64::from(*d);
            sum = fold(sum * BASE.pow(4) + four);
        }
        rest.iter().fold(sum, |sum, byte| fold(sum * BASE + u64::from(*byte)))
    };
    let sum = by_four(by_four(7, key), text);
    sum % PRIME
}

const BASE: u64 = 31;
const PRIME: u64 = (1 << 31) - 1;

/// The same modulo the prime, and not much larger than it.
fn fold(number: u64) -> u64 {
    (number & PRIME) + (number >> 31)
}

/// As the scripts write it.
#[cfg(test)]
pub(super) fn sealed(key: &str, text: &str) -> Value {
    Value::BulkString(format!("{text}#{}", checksum(key.as_bytes(), text.as_bytes())).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_all_epochs_is_read() {
        let keys = ["ns", "h", "g"].into_iter();
        let records = [sealed("ns", "9:70:10:20"), sealed("h", "9:30:30"), sealed("g", "9:25:60")];
        assert_eq!(reading(keys, &records), Some(EpochSnapshot { incarnation: 9, clock: 70, invalidated: 30, expired: 60 }));
    }

    /// They are for the scripts, and change nothing of what is read.
    #[test]
    fn zeros_in_front_of_the_incarnation_are_no_part_of_it() {
        let incarnation = u64::MAX;
        for zeros in ["", "0", "00"] {
            let record = sealed("ns", &format!("{zeros}{incarnation}:70:10:20"));
            assert_eq!(clock("ns", &record), Some(EpochSnapshot { incarnation, clock: 70, invalidated: 10, expired: 20 }), "{zeros}");
        }
    }

    #[test]
    fn the_checksum_is_the_one_of_the_scripts() {
        let as_in_lua = |text: &str| text.bytes().fold(7, |sum, byte| (sum * 31 + u64::from(byte)) % 2_147_483_647);
        for length in 0..64 {
            let (key, text) = ("ü~k".repeat(length / 3), "9:1:z".repeat(length / 5));
            assert_eq!(checksum(key.as_bytes(), text.as_bytes()), as_in_lua(&format!("{key}{text}")), "{length}");
        }
    }

    #[test]
    fn a_missing_damaged_misplaced_or_foreign_record_counts_as_missing() {
        let keys = ["ns", "h"];
        let (clock, epoch) = (sealed("ns", "9:70:10:20"), sealed("h", "9:30:30"));
        let read = |clock: &Value, epoch: &Value| reading(keys.into_iter(), &[clock.clone(), epoch.clone()]);
        assert!(read(&clock, &epoch).is_some());
        for wrong in [
            Value::Nil,
            Value::Int(7),
            sealed("g", "9:30:30"),
            sealed("h", "8:30:30"),
            sealed("h", "9:30:30:30"),
            sealed("h", "9:30"),
            sealed("h", "9::30"),
            sealed("h", "9:+3:30"),
            sealed("h", "9:99999999999999999999:30"),
            sealed("h", ""),
        ] {
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
