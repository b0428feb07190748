//! What the scripts keep in Redis, as a model.

use std::collections::BTreeMap;

use super::super::{
    machine::{Micros, Renewed},
    wait::{Advanced, Holders, Renewal},
};
use super::world::Mistake;
use crate::epoch::Stamp;

#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) stamp: Stamp,
    leases: Leases,
    set: Option<Set>,
    acknowledged: BTreeMap<u64, Stamp>,
    names: u64,
}

/// The zeros in front of the clock's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Leases {
    MayRun,
    Never,
    Given,
}

#[derive(Debug, Clone)]
struct Set {
    incarnation: u64,
    nonce: u64,
    is_mature: bool,
    length: Micros,
    renewals: BTreeMap<u64, u64>,
}

impl Server {
    pub(super) fn new() -> Self {
        Self { stamp: Stamp { incarnation: 1, clock: 1 }, leases: Leases::Never, set: None, acknowledged: BTreeMap::new(), names: 0 }
    }

    fn set(&mut self, known: Option<u64>, mistake: Mistake) -> &mut Set {
        let incarnation = self.stamp.incarnation;
        self.set.take_if(|set| set.incarnation != incarnation);
        let names = &mut self.names;
        let set = self.set.get_or_insert_with(|| {
            *names += 1;
            let is_mature = mistake == Mistake::TrustsAYoungSet;
            Set { incarnation, nonce: *names, is_mature, length: 0, renewals: BTreeMap::new() }
        });
        set.is_mature |= known == Some(set.nonce);
        set
    }

    pub(super) fn renew(&mut self, renewal: Renewal, known: Option<u64>, length: Micros, mistake: Mistake) -> Renewed {
        self.leases = Leases::Given;
        let stamp = self.stamp;
        let set = self.set(known, mistake);
        set.renewals.insert(renewal.holder, renewal.number);
        set.length = set.length.max(length);
        Renewed { stamp, nonce: set.nonce }
    }

    /// Also gives how the clock stood before, if holders are told of it.
    pub(super) fn advance(&mut self, known: (Option<u64>, Option<u64>), mistake: Mistake) -> (Advanced, Option<u64>) {
        let before = self.stamp.clock;
        self.stamp.clock += 1;
        let stamp = self.stamp;
        let trusts = mistake == Mistake::TrustsAYoungIncarnation;
        if self.leases == Leases::MayRun && (known.0 == Some(stamp.incarnation) || trusts) {
            self.leases = Leases::Never;
        }
        if self.leases != Leases::Given {
            return (Advanced { stamp, holders: Holders::Never { is_mature: self.leases == Leases::Never } }, None);
        }
        let set = self.set(known.1, mistake);
        let holders: Vec<_> = set.renewals.iter().map(|(holder, number)| Renewal { holder: *holder, number: *number }).collect();
        let is_told = !holders.is_empty();
        let holders = Holders::Set { nonce: set.nonce, is_mature: set.is_mature, is_told, length: set.length, holders };
        (Advanced { stamp, holders }, is_told.then_some(before))
    }

    pub(super) fn acknowledge(&mut self, holder: u64, time: Stamp) {
        self.acknowledged.insert(holder, time);
    }

    /// What decides about later: which numbers renewals have does not.
    pub(super) fn view(&self) -> impl std::hash::Hash + use<> {
        let set = self.set.as_ref().map(|set| {
            let holders: Vec<_> = set.renewals.keys().copied().collect();
            (set.incarnation, set.nonce, set.is_mature, holders)
        });
        (self.stamp, self.leases, set, self.acknowledged.clone(), self.names)
    }

    /// The name of its set, if that is one of this incarnation.
    pub(super) fn nonce(&self) -> Option<u64> {
        self.set.as_ref().filter(|set| set.incarnation == self.stamp.incarnation).map(|set| set.nonce)
    }

    /// What the next set will be named.
    pub(super) fn next_name(&self) -> u64 {
        self.names + 1
    }

    pub(super) fn renewed(&self, holder: u64) -> Option<u64> {
        self.set.as_ref()?.renewals.get(&holder).copied()
    }

    pub(super) fn acknowledged(&self, holder: u64) -> Option<Stamp> {
        self.acknowledged.get(&holder).copied()
    }

    pub(super) fn strike(&mut self, renewal: Renewal, mistake: Mistake) {
        let Some(set) = &mut self.set else { return };
        if set.renewals.get(&renewal.holder) == Some(&renewal.number) || mistake == Mistake::StrikesOffWhoRenewed {
            set.renewals.remove(&renewal.holder);
        }
    }

    pub(super) fn has_set(&self) -> bool {
        self.set.is_some()
    }

    pub(super) fn lose_the_set(&mut self) {
        self.set = None;
    }

    /// Of what it had only the set is left, if anything: it begins another incarnation.
    pub(super) fn restart(&mut self) {
        self.stamp = Stamp { incarnation: self.stamp.incarnation + 1, clock: self.stamp.clock + 1 };
        self.leases = Leases::MayRun;
    }
}
