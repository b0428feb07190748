//! An invalidation that waits for those who hold a lease, as a state machine.

use super::machine::{Known, Micros};
use crate::epoch::Stamp;

/// What an invalidating process knows of leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invalidator {
    /// How long a lease is at most, as far as this process knows.
    length: Micros,
    incarnation: Option<Known>,
    set: Option<Known>,
}

/// What an invalidation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage::remote::redis) struct Advanced {
    pub(in crate::storage::remote::redis) stamp: Stamp,
    pub(in crate::storage::remote::redis) holders: Holders,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage::remote::redis) enum Holders {
    /// In this incarnation no lease was ever given. `is_mature`: nor does one of an earlier incarnation run.
    Never { is_mature: bool },
    /// There is a set of holders.
    Set {
        nonce: u64,
        /// Whether all leases that run are of this set.
        is_mature: bool,
        /// Whether the invalidation was published.
        is_told: bool,
        /// How long their leases are at most.
        length: Micros,
        /// Each holder with the number of its last renewal.
        holders: Vec<Renewal>,
    },
}

/// A holder, and the number of its last renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage::remote::redis) struct Renewal {
    pub(in crate::storage::remote::redis) holder: u64,
    pub(in crate::storage::remote::redis) number: u64,
}

/// What an invalidation waits for, after it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage::remote::redis) struct Wait {
    stamp: Stamp,
    /// Those who have not acknowledged.
    silent: Vec<Renewal>,
    /// Leases that nobody can acknowledge for may run.
    is_blind: bool,
    /// By then each lease from before the invalidation has lapsed.
    until: Micros,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Look who has acknowledged, at this time at the latest.
    Wait(Micros),
    /// Nobody uses what was invalidated. These are to be struck off, unless they have renewed: they are waited for no more.
    Return(Vec<Renewal>),
}

impl Invalidator {
    pub(super) fn new(length: Micros) -> Self {
        Self { length, incarnation: None, set: None }
    }

    #[cfg(test)]
    pub(super) fn view(&self, now: Micros) -> impl std::hash::Hash + use<> {
        [self.incarnation, self.set].map(|known| known.map(|known| known.view(self.length, now)))
    }

    /// This process has heard of an incarnation.
    pub(super) fn learns(&mut self, incarnation: u64, now: Micros) {
        Known::note(&mut self.incarnation, incarnation, now);
    }

    /// The incarnation and the set that it has known for so long that no lease from before them runs any more.
    pub(super) fn known_for_long(&self, now: Micros) -> (Option<u64>, Option<u64>) {
        (Known::for_long(self.incarnation, self.length, now), Known::for_long(self.set, self.length, now))
    }

    /// An invalidation was answered. `own`: the holder that is this process, to whose mirror it was applied.
    pub(super) fn advanced(&mut self, advanced: Advanced, own: Option<u64>, now: Micros) -> Wait {
        self.learns(advanced.stamp.incarnation, now);
        let mut wait = Wait { stamp: advanced.stamp, silent: Vec::new(), is_blind: false, until: now };
        match advanced.holders {
            Holders::Never { is_mature: true } => {}
            Holders::Never { is_mature: false } => {
                wait.is_blind = true;
                wait.until = self.incarnation.map_or(now, Known::since) + self.length;
            }
            Holders::Set { nonce, is_mature, is_told, length, holders } => {
                Known::note(&mut self.set, nonce, now);
                self.length = self.length.max(length);
                wait.silent = holders.into_iter().filter(|renewal| Some(renewal.holder) != own).collect();
                wait.is_blind = !is_mature || !is_told && !wait.silent.is_empty();
                wait.until = now + self.length;
            }
        }
        wait
    }
}

impl Wait {
    /// What decides about later. `has_renewed`: of a renewal, whether the holder has renewed since.
    #[cfg(test)]
    pub(super) fn view(&self, now: Micros, has_renewed: &dyn Fn(&Renewal) -> bool) -> impl std::hash::Hash + use<> {
        let silent: Vec<_> = self.silent.iter().map(|renewal| (renewal.holder, has_renewed(renewal))).collect();
        (self.stamp, silent, self.is_blind, self.until.saturating_sub(now))
    }

    pub(super) fn silent(&self) -> &[Renewal] {
        &self.silent
    }

    /// Up to which time each of the silent ones has acknowledged, in their order.
    pub(super) fn acknowledged(&mut self, times: &[Option<Stamp>]) {
        let mut times = times.iter();
        let stamp = self.stamp;
        // In another incarnation the clock may have begun anywhere.
        let is_it = |time: Stamp| time.incarnation == stamp.incarnation && time.clock >= stamp.clock;
        self.silent.retain(|_| !times.next().copied().flatten().is_some_and(is_it));
    }

    pub(super) fn next(&self, now: Micros) -> Next {
        if now >= self.until {
            return Next::Return(self.silent.clone());
        }
        if self.silent.is_empty() && !self.is_blind { Next::Return(Vec::new()) } else { Next::Wait(self.until) }
    }

    /// Whether acknowledgements make it any shorter.
    pub(super) fn listens(&self) -> bool {
        !self.is_blind
    }
}
