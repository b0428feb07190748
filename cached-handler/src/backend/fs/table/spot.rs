//! Where in the table the epochs of a response lie.

use smallvec::SmallVec;

use super::{
    GROUPS, HANDLERS, PATHS, PLACES,
    record::{ALL, PLACE},
};
use crate::{
    backend::{
        Scopes,
        fs::check::{sum, sum_of},
    },
    digest::Digest,
    invalidate::Mark,
};

/// What is needed to find them.
pub(in crate::backend::fs) type Spots = SmallVec<[Spot; 8]>;

/// The places of a response's epochs. The epoch of the namespace is not among them, as it is always read.
pub(in crate::backend::fs) fn spots(scopes: &Scopes<'_>) -> Spots {
    let groups = scopes.groups().iter().map(|group| Mark::Group(group));
    let path = scopes.path().map(Mark::Path);
    [Mark::Handler(scopes.handler())].into_iter().chain(path).chain(groups).map(Spot::of).collect()
}

/// The place of an epoch before the table's secret is applied. Names share places: an invalidation costs the owner of another
/// name a miss at most, once in as many times as there are places. Which names those are is chosen by chance, anew in each
/// life of the table, so that nobody can look for them.
#[derive(Debug, Clone, Copy)]
pub(in crate::backend::fs) enum Spot {
    All,
    /// Of so many places, from the first on: that of a number, under the table's secret.
    One {
        first: u64,
        places: u64,
        number: u64,
    },
}

impl Spot {
    pub(in crate::backend::fs) fn of(mark: Mark<'_>) -> Self {
        let (first, places, number) = match mark {
            Mark::All => return Self::All,
            // Authors name them.
            Mark::Handler(name) => (0, HANDLERS, sum_of(name.as_bytes())),
            Mark::Path(number) => (HANDLERS, PATHS, number),
            // Clients may: two names of one number would share a place under any secret.
            Mark::Group(name) => (HANDLERS + PATHS, GROUPS, number_in(&Digest::of(name.as_bytes()))),
        };
        Self::One { first, places, number }
    }

    /// The incarnation is by chance, and nobody sees it but who may read the directory.
    pub(super) fn position(self, incarnation: u64) -> u64 {
        match self {
            Self::All => ALL,
            Self::One { first, places, number } => PLACES + (first + sum(&[incarnation, number]) % places) * PLACE as u64,
        }
    }
}

fn number_in(digest: &Digest) -> u64 {
    digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
