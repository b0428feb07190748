//! Where in the table the epochs of a response lie.

use smallvec::SmallVec;

use super::{
    PATHS, PLACES,
    record::{ALL, PLACE},
    sets::{GROUP_SETS, HANDLER_SETS, KEY_SETS},
};
use crate::{
    epoch::{Scopes, group::is_of_key, target::Mark},
    storage::remote::fs::check::{sum, words},
    util::digest::Digest,
};

/// What is needed to find them.
pub(in crate::storage::remote::fs) type Spots = SmallVec<[Spot; 8]>;

/// The places of a response's epochs. The epoch of the namespace is not among them, as it is always read.
pub(in crate::storage::remote::fs) fn spots(scopes: &Scopes<'_>) -> Spots {
    let groups = scopes.groups().iter().map(|group| Mark::Group(group));
    let paths = scopes.paths().iter().map(|number| Mark::Path(*number));
    [Mark::Handler(scopes.handler())].into_iter().chain(paths).chain(groups).map(Spot::of).collect()
}

/// Where an epoch lies, before the table's secret is applied. Paths share places: an invalidation costs the owner of another path a
/// miss at most, once in as many times as there are places. Which paths share one is chosen by chance, anew in each life of the
/// table, so that nobody can look for them. Handlers, groups, and the keys of typed values lie in sets (`sets.rs`).
#[derive(Debug, Clone, Copy)]
pub(in crate::storage::remote::fs) enum Spot {
    All,
    /// Of so many places, from the first on: that of a number, under the table's secret.
    One {
        first: u64,
        places: u64,
        number: u64,
    },
    /// Of so many sets, from the first on: that of the words of a digest, under the table's secret.
    InSet {
        first: u64,
        sets: u64,
        words: [u64; 2],
    },
}

/// Where it lies in one life of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum At {
    Position(u64),
    /// In the set of this number, under this number, which is not 0.
    InSet(u64, u64),
}

impl Spot {
    pub(in crate::storage::remote::fs) fn of(mark: Mark<'_>) -> Self {
        let (name, first, sets) = match mark {
            Mark::All => return Self::All,
            Mark::Path(number) => return Self::One { first: 0, places: PATHS, number },
            Mark::Group(name) if is_of_key(name) => (name, GROUP_SETS, KEY_SETS),
            Mark::Group(name) => (name, 0, GROUP_SETS),
            Mark::Handler(name) => (name, GROUP_SETS + KEY_SETS, HANDLER_SETS),
        };
        // By a digest, as clients may name groups, and could find two names of one short number.
        Self::InSet { first, sets, words: words(Digest::of(name.as_bytes()).as_bytes()).unwrap_or_default() }
    }

    pub(super) fn at(self, incarnation: u64) -> At {
        match self {
            Self::All => At::Position(ALL),
            Self::One { first, places, number } => At::Position(PLACES + (first + sum(&[incarnation, number]) % places) * PLACE as u64),
            Self::InSet { first, sets, words: [one, other] } => {
                let number = sum(&[incarnation, one, other]);
                At::InSet(first + number % sets, number.max(1))
            }
        }
    }
}
