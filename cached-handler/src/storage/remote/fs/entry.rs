//! A file of a stored response: its name, and the head that says until when its bytes may be given out. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::check::{bytes, sum, words};
use crate::key::storage_key::StoreKey;

/// Where a stored response lies, below the directory of its namespace. Nothing of a request is in it, and no name is a
/// prefix of another's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileName([u8; LENGTH]);

/// `r/`, two digits of the digest, `/`, and the other 62.
const LENGTH: usize = 2 + 2 + 1 + LEAF;
const LEAF: usize = 62;
const DIGITS: usize = 64;
const FOLDER: usize = 4;

impl FileName {
    /// That of a key is the digest of all that it is made of.
    pub(super) fn of(key: &StoreKey) -> Self {
        Self::of_digits(key.digest().to_hex().as_bytes())
    }

    fn of_digits(digits: &[u8]) -> Self {
        let mut name = *b"r/00/00000000000000000000000000000000000000000000000000000000000000";
        if let (Some(folder), Some(leaf)) = (digits.get(..2), digits.get(2..DIGITS)) {
            for (place, part) in [(2..FOLDER, folder), (FOLDER + 1..LENGTH, leaf)] {
                if let Some(place) = name.get_mut(place) {
                    place.copy_from_slice(part);
                }
            }
        }
        Self(name)
    }

    /// From the namespace's directory on.
    pub(super) fn path(&self) -> &[u8] {
        &self.0
    }

    /// The folder that it is in.
    pub(super) fn folder(&self) -> &[u8] {
        self.0.get(..FOLDER).unwrap_or_default()
    }

    /// Its name in that folder.
    pub(super) fn leaf(&self) -> &[u8] {
        self.0.get(FOLDER + 1..).unwrap_or_default()
    }

    /// Some bits of its digest.
    pub(super) fn bits(&self) -> u64 {
        // Digits are `0` to `9` or `a` to `f`, so 0x30 and more or 0x61 and more.
        let digits = self.leaf().iter().take(16);
        digits.fold(0, |bits, digit| (bits << 4) | u64::from((digit & 15) + 9 * (digit >> 6)))
    }
}

/// What a name in a folder of stored responses belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Response,
    /// Being written, or left behind by a process that was killed.
    Temporary,
    /// Not ours.
    Foreign,
}

pub(super) fn kind_of(leaf: &[u8]) -> Kind {
    match leaf.strip_prefix(TEMPORARY) {
        Some(digits) if digits.len() == 16 && is_hex(digits) => Kind::Temporary,
        None if leaf.len() == LEAF && is_hex(leaf) => Kind::Response,
        _ => Kind::Foreign,
    }
}

fn is_hex(digits: &[u8]) -> bool {
    // All of them are looked at, several at a time.
    digits.iter().fold(true, |are, digit| are & matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// The name of a file that is being written.
pub(super) fn temporary(random: u64) -> String {
    format!("tmp-{random:016x}")
}

const TEMPORARY: &[u8] = b"tmp-";

/// The first bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Milliseconds of the wall clock.
    written: u64,
    expires: u64,
    /// How many bytes follow.
    pub(super) length: u64,
}

/// Its length at rest.
pub(super) const HEAD: usize = 40;
const MAGIC: u64 = u64::from_le_bytes(*b"CHfile\0\x01");

impl Head {
    pub(super) fn new(now: SystemTime, keep_for: Duration, length: u64) -> Self {
        let written = millis_of(now);
        let keep_for = u64::try_from(keep_for.as_millis()).unwrap_or(u64::MAX);
        Self { written, expires: written.saturating_add(keep_for), length }
    }

    pub(super) fn encode(&self) -> [u8; HEAD] {
        bytes(&[MAGIC, self.written, self.expires, self.length, self.sum()])
    }

    /// `None` where these are not a head's bytes.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let [magic, written, expires, length, check] = words(bytes)?;
        let head = Self { written, expires, length };
        (magic == MAGIC && check == head.sum()).then_some(head)
    }

    /// Whether its bytes may be given out. Not before they were written: then the wall clock was set back, and how old
    /// they are cannot be told.
    pub(super) fn lives(&self, now: SystemTime) -> bool {
        (self.written..self.expires).contains(&millis_of(now))
    }

    /// When it dies, by the wall clock.
    pub(super) fn expires(&self) -> SystemTime {
        UNIX_EPOCH.checked_add(Duration::from_millis(self.expires)).unwrap_or(UNIX_EPOCH)
    }

    fn sum(&self) -> u64 {
        sum(&[self.written, self.expires, self.length])
    }
}

fn millis_of(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn moment(secs: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(secs)
    }

    #[test]
    fn a_name_is_digits_of_a_digest_and_nothing_else() {
        for key in ["", "../../etc/passwd", "a\0b", &"x".repeat(1 << 16)] {
            let name = FileName::of(&StoreKey::for_tests(key));
            assert_eq!(name.folder().len(), FOLDER);
            assert_eq!(kind_of(name.leaf()), Kind::Response);
            assert_eq!(name.path(), [name.folder(), b"/", name.leaf()].concat());
            assert!(name.path().iter().all(|byte| b"0123456789abcdef/r".contains(byte)));
        }
    }

    #[test]
    fn a_name_is_the_digits_that_a_key_ends_in() {
        let key = StoreKey::for_tests("a");
        let digits = &key.as_str()[key.as_str().len() - DIGITS..];
        let name = FileName::of(&key);
        assert_eq!(name.path(), format!("r/{}/{}", &digits[..2], &digits[2..]).as_bytes());
        let name = FileName::of_digits("0123456789abcdef".repeat(4).as_bytes());
        assert_eq!(name.bits(), 0x2345_6789_abcd_ef01);
    }

    #[test]
    fn temporary_files_are_told_from_responses_and_from_what_is_not_ours() {
        assert_eq!(kind_of(temporary(0).as_bytes()), Kind::Temporary);
        assert_eq!(kind_of(temporary(u64::MAX).as_bytes()), Kind::Temporary);
        for foreign in [&b""[..], b".", b"..", b"tmp-", b"tmp-zzzzzzzzzzzzzzzz", b"notes.txt", &[b'A'; LEAF]] {
            assert_eq!(kind_of(foreign), Kind::Foreign);
        }
    }

    #[test]
    fn a_head_lives_from_when_it_was_written_until_it_expires() {
        let head = Head::new(moment(1000), MINUTE, 7);
        assert_eq!(Head::decode(&head.encode()), Some(head));
        assert!(head.lives(moment(1000)) && head.lives(moment(1059)));
        assert!(!head.lives(moment(1060)) && !head.lives(moment(999)), "a clock that was set back shows nothing");
        assert!(!head.lives(UNIX_EPOCH) && !head.lives(moment(1 << 40)));
    }

    #[test]
    fn no_flipped_bit_and_no_missing_byte_gives_a_head() {
        let whole = Head::new(moment(1000), MINUTE, 7).encode();
        for at in 0..HEAD * 8 {
            let mut flipped = whole;
            flipped[at / 8] ^= 1 << (at % 8);
            assert_eq!(Head::decode(&flipped), None);
        }
        for length in 0..HEAD {
            assert_eq!(Head::decode(&whole[..length]), None);
        }
    }
}
