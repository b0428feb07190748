//! What lies in the table: its front, and an epoch at each place. Each says of itself whether it is whole. Pure.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Boot;
use crate::{
    epoch::Effect,
    storage::remote::fs::check::{bytes, sum, words},
};

/// What lies at the beginning of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Front {
    pub(super) incarnation: u64,
    pub(super) boot: Boot,
    /// When the incarnation began.
    pub(super) begun: Moment,
    pub(super) clock: u64,
    pub(super) settled: u64,
    pub(super) all: Epoch,
}

impl Front {
    /// Whether no invalidation is under way, nor was one broken off.
    pub(super) fn is_settled(&self) -> bool {
        self.settled == self.clock
    }

    /// `number` is the file's own, as `seal.rs` makes it: a copy that was brought back has another.
    pub(super) fn encode(&self, number: u64) -> [u8; FRONT] {
        let [first, second] = self.boot.words();
        let head = [MAGIC, self.incarnation, first, second, number, self.begun.0];
        let mut place = [0; FRONT];
        let parts: [&[u8]; 3] = [
            &bytes::<64>(&[MAGIC, self.incarnation, first, second, number, self.begun.0, sum(&head)]),
            &Epoch { expired: self.clock, invalidated: self.settled }.encode(CLOCK, self.incarnation),
            &self.all.encode(ALL, self.incarnation),
        ];
        place.iter_mut().zip(parts.into_iter().flatten()).for_each(|(byte, part)| *byte = *part);
        place
    }

    pub(super) fn decode(place: &[u8; FRONT], number: u64) -> Option<Self> {
        let [magic, incarnation, first, second, of, begun, check] = words(place)?;
        if magic != MAGIC || of != number || check != sum(&[magic, incarnation, first, second, of, begun]) {
            return None;
        }
        let Epoch { expired: clock, invalidated: settled } = Epoch::decode(place.get(64..)?, CLOCK, incarnation)?;
        let all = Epoch::decode(place.get(96..)?, ALL, incarnation)?;
        let boot = if [first, second] == [0; 2] { Boot::Any } else { Boot::This([first, second]) };
        Some(Self { incarnation, boot, begun: Moment(begun), clock, settled, all })
    }
}

/// Microseconds of the machine's clock, whatever a test sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::storage::remote::fs) struct Moment(pub(super) u64);

impl Moment {
    #[expect(clippy::disallowed_methods, reason = "other processes compare it with theirs, whatever clock a test sets")]
    pub(in crate::storage::remote::fs) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}

/// When something was last invalidated, and last invalidated or expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Epoch {
    pub(super) invalidated: u64,
    pub(super) expired: u64,
}

impl Epoch {
    pub(super) fn at(time: u64) -> Self {
        Self { invalidated: time, expired: time }
    }

    pub(super) fn latest(self) -> u64 {
        self.invalidated.max(self.expired)
    }

    /// What an invalidation, or an expiry, makes of it.
    pub(super) fn moved_to(self, now: u64, effect: Effect) -> Self {
        let invalidated = if effect == Effect::Invalidate { now } else { self.invalidated };
        Self { invalidated, expired: now }
    }

    pub(super) fn take(&mut self, other: Self) {
        self.invalidated = self.invalidated.max(other.invalidated);
        self.expired = self.expired.max(other.expired);
    }

    pub(super) fn encode(self, position: u64, incarnation: u64) -> [u8; PLACE] {
        Entry { number: 0, epoch: self }.encode(position, incarnation)
    }

    pub(super) fn decode(place: &[u8], position: u64, incarnation: u64) -> Option<Self> {
        Entry::decode(place, position, incarnation).filter(|entry| entry.number == 0).map(|entry| entry.epoch)
    }
}

/// What a place holds: an epoch, and a number, which in most places is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) epoch: Epoch,
}

impl Entry {
    pub(super) fn encode(self, position: u64, incarnation: u64) -> [u8; PLACE] {
        let Epoch { invalidated, expired } = self.epoch;
        let check = sum(&[position, incarnation, invalidated, expired, self.number]);
        bytes(&[invalidated, expired, check, self.number])
    }

    pub(super) fn decode(place: &[u8], position: u64, incarnation: u64) -> Option<Self> {
        let [invalidated, expired, check, number] = words(place)?;
        let is_whole = check == sum(&[position, incarnation, invalidated, expired, number]);
        is_whole.then_some(Self { number, epoch: Epoch { invalidated, expired } })
    }
}

/// `CHepoch` and the version of what lies there.
const MAGIC: u64 = u64::from_le_bytes(*b"CHepoch\x04");
/// A place never lies across two pages or sectors.
pub(super) const PLACE: usize = 32;
/// In bytes; and where in it the clock and the namespace's own epoch are.
pub(super) const FRONT: usize = 128;
pub(super) const CLOCK: u64 = 64;
pub(super) const ALL: u64 = 96;
