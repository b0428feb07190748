//! Where the epochs lie of what was looked up lately. To find that out each name is hashed, which takes longer than to read
//! the epochs.

use std::sync::{Mutex, TryLockError};

use super::spot::{Spots, spots};
use crate::{epoch::Scopes, key::storage_key::StoreKey};

/// A table of fixed size, in which a look-up may push another out. Spots are the same in every life of the table of epochs, so
/// that nothing here is ever outdated.
#[derive(Debug)]
pub(in crate::storage::remote::fs) struct KnownSpots(Box<[Mutex<Option<Known>>]>);

#[derive(Debug)]
struct Known {
    handler: Box<str>,
    paths: Box<[u64]>,
    groups: Box<[Box<str>]>,
    spots: Spots,
}

const PLACES: usize = 512;
/// In bytes: names that are longer are not held, so that all are half a megabyte at most.
const LONGEST: usize = 512;

impl KnownSpots {
    pub(in crate::storage::remote::fs) fn new() -> Self {
        Self(std::iter::repeat_with(Mutex::default).take(PLACES).collect())
    }

    /// Those of a look-up. The key only says where they are held.
    pub(in crate::storage::remote::fs) fn of(&self, key: &StoreKey, scopes: &Scopes<'_>) -> Spots {
        let at = key.digest().as_bytes().first_chunk().map_or(0, |bytes| usize::from(u16::from_le_bytes(*bytes)) % PLACES);
        let Some(place) = self.0.get(at) else { return spots(scopes) };
        // Whoever would have to wait does without.
        if let Ok(known) = place.try_lock()
            && let Some(known) = known.as_ref().filter(|known| known.is_of(scopes))
        {
            return known.spots.clone();
        }
        let spots = spots(scopes);
        let length = scopes.groups().iter().map(|group| group.len()).sum::<usize>() + scopes.handler().len();
        if length <= LONGEST {
            let known = Known {
                handler: scopes.handler().into(),
                paths: scopes.paths().into(),
                groups: scopes.groups().into(),
                spots: spots.clone(),
            };
            match place.try_lock() {
                Ok(mut place) => *place = Some(known),
                Err(TryLockError::Poisoned(place)) => *place.into_inner() = Some(known),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        spots
    }
}

impl Known {
    fn is_of(&self, scopes: &Scopes<'_>) -> bool {
        *self.handler == *scopes.handler() && *self.paths == *scopes.paths() && *self.groups == *scopes.groups()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_key_is_what_its_names_say_now() {
        let (known, key) = (KnownSpots::new(), StoreKey::for_tests("a"));
        let names = |names: &[&str]| names.iter().map(|name| Box::from(*name)).collect::<Vec<Box<str>>>();
        let groups = [names(&[]), names(&["a"]), names(&["a", "b"]), names(&["b", "a"]), names(&["ab"])];
        for handler in ["h", "i"] {
            for paths in [&[][..], &[1], &[2], &[1, 2]] {
                for groups in &groups {
                    let scopes = Scopes::new(handler, paths, groups);
                    let expected = format!("{:?}", spots(&scopes));
                    // First as they are made, then as they are held.
                    for _ in 0..2 {
                        assert_eq!(format!("{:?}", known.of(&key, &scopes)), expected);
                    }
                }
            }
        }
    }
}
