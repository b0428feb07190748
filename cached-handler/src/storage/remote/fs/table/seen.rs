//! What was read of the table lately, as long as nobody has changed it.

use std::collections::HashMap;

use super::{
    record::{Epoch, Front},
    spot::At,
};
use crate::util::hasher::Keyed;

/// Epochs that were read while the clock stood where it stands: as long as it does, nobody has changed one.
///
/// The front of the table says how far the clock is (`clock`), and up to which time all epochs are written (`settled`).
/// Where both are the same, every invalidation that has returned is in the epochs that are read from then on.
#[derive(Debug, Default)]
pub(super) struct Seen {
    incarnation: u64,
    clock: u64,
    epochs: HashMap<At, Epoch, Keyed>,
}

/// Most places that are held: 512 KiB.
const MOST_SEEN: usize = 8192;

impl Seen {
    pub(super) fn latest(&self, front: &Front, places: &[At]) -> Option<Epoch> {
        if !front.is_settled() || (self.incarnation, self.clock) != (front.incarnation, front.clock) {
            return None;
        }
        let mut latest = front.all;
        for place in places {
            latest.take(*self.epochs.get(place)?);
        }
        Some(latest)
    }

    pub(super) fn note(&mut self, front: &Front, places: &[At], epochs: &[Epoch]) {
        let is_other = (self.incarnation, self.clock) != (front.incarnation, front.clock);
        if is_other || self.epochs.len() + epochs.len() > MOST_SEEN {
            *self = Self { incarnation: front.incarnation, clock: front.clock, epochs: HashMap::default() };
        }
        self.epochs.extend(places.iter().copied().zip(epochs.iter().copied()));
    }
}
