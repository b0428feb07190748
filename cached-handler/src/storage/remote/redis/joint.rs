//! Several look-ups in one command, in which each key stands once: what they share is sent, answered and read once.

use std::collections::HashMap;

use ::redis::{Cmd, Value};
use bytes::Bytes;
use smallvec::SmallVec;

use super::{bytes, keys::Names, record};
use crate::{epoch::EpochSnapshot, util::hasher::Keyed};

/// What a look-up has found.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    /// `None` where an epoch is missing.
    pub(super) reading: Option<EpochSnapshot>,
    /// What lies under the key. It was read at one moment with the epochs.
    pub(super) response: Option<Bytes>,
}

impl Found {
    /// By the answer to the names of one look-up: the clock, the epochs, and the response. `None` where this is no answer to
    /// them: a shorter one lacks epochs, of which any may be the one that was invalidated.
    pub(super) fn by(names: &Names, mut values: Vec<Value>) -> Option<Self> {
        if values.len() != names.iter().len() {
            return None;
        }
        let response = values.pop().and_then(bytes);
        Some(Self { reading: record::reading(names.iter().take(values.len()), &values), response })
    }
}

/// The keys of several look-ups.
#[derive(Debug)]
pub(super) struct Joint<'a> {
    names: Vec<(&'a str, What)>,
    /// Where those of each look-up are.
    places: Vec<SmallVec<[usize; 8]>>,
}

/// What should lie under a key.
#[derive(Debug, Clone, Copy)]
enum What {
    Clock,
    Epoch,
    Response,
}

/// What lies under a key.
enum Read {
    Record(Option<EpochSnapshot>),
    Response(Option<Bytes>),
}

impl<'a> Joint<'a> {
    pub(super) fn of(look_ups: &'a [Names]) -> Self {
        let (mut names, mut known) = (Vec::new(), HashMap::with_hasher(Keyed::new()));
        let mut place_of = |name, what| {
            *known.entry(name).or_insert_with(|| {
                names.push((name, what));
                names.len() - 1
            })
        };
        let places = look_ups.iter().map(|look_up| {
            let last = look_up.iter().len() - 1;
            let what = |at| {
                if at == 0 {
                    What::Clock
                } else if at == last {
                    What::Response
                } else {
                    What::Epoch
                }
            };
            look_up.iter().enumerate().map(|(at, name)| place_of(name, what(at))).collect()
        });
        let places = places.collect();
        Self { names, places }
    }

    pub(super) fn command(&self) -> Cmd {
        super::mget(self.names.iter().map(|(name, _)| *name))
    }

    /// What each has found, in the order in which they came; `None` where this is no answer to the command.
    pub(super) fn found(&self, values: Vec<Value>) -> Option<impl Iterator<Item = Found>> {
        let read = |((name, what), value): (&(&str, What), Value)| match what {
            What::Clock => Read::Record(record::clock(name, &value)),
            What::Epoch => Read::Record(record::epoch(name, &value)),
            What::Response => Read::Response(bytes(value)),
        };
        if values.len() != self.names.len() {
            return None;
        }
        let values: Vec<_> = self.names.iter().zip(values).map(read).collect();
        Some(self.places.iter().map(move |places| {
            let (mut records, mut response) = (SmallVec::<[_; 8]>::new(), None);
            for place in places {
                match values.get(*place) {
                    Some(Read::Record(record)) => records.push(*record),
                    Some(Read::Response(bytes)) => response.clone_from(bytes),
                    None => {}
                }
            }
            Found { reading: record::latest(records), response }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        epoch::Scopes,
        error::Error,
        key::storage_key::StoreKey,
        storage::remote::redis::{keys::Keys, record::sealed},
    };

    fn look_up(keys: &Keys, key: &str, group: &str) -> Names {
        keys.scopes_with(&Scopes::new("page", &[7], &[group.into()]), 9, &StoreKey::for_tests(key))
    }

    /// As Redis would answer, where each group's epoch is 30 and each response is named after its place.
    fn answer(joint: &Joint<'_>) -> Vec<Value> {
        let value = |(at, (name, what)): (usize, &(&str, What))| match what {
            What::Clock => sealed(name, "9:70:10:20"),
            What::Epoch if name.contains(":g:") => sealed(name, "9:30:5"),
            What::Epoch => sealed(name, "9:5:5"),
            What::Response => Value::BulkString(at.to_string().into_bytes()),
        };
        joint.names.iter().enumerate().map(value).collect()
    }

    #[test]
    fn each_key_is_asked_for_once_and_each_look_up_gets_its_own() -> Result<(), Error> {
        let keys = Keys::new("shop")?;
        let look_ups = [look_up(&keys, "a", "x"), look_up(&keys, "b", "x"), look_up(&keys, "a", "x"), look_up(&keys, "c", "y")];
        let joint = Joint::of(&look_ups);
        // The clock, the handler, the path, the two groups; then three responses.
        assert_eq!(joint.names.len(), 5 + 3);
        let found: Vec<_> = joint.found(answer(&joint)).into_iter().flatten().collect();
        let place_of = |name: &Names| joint.names.iter().position(|(key, _)| Some(*key) == name.iter().last());
        for (look_up, found) in look_ups.iter().zip(&found) {
            let response = place_of(look_up).map(|at| at.to_string().into());
            let reading = Some(EpochSnapshot { incarnation: 9, clock: 70, invalidated: 30, expired: 20 });
            assert_eq!(*found, Found { reading, response });
        }
        assert_eq!(found.len(), 4);
        Ok(())
    }

    #[test]
    fn what_is_missing_or_damaged_is_so_for_those_alone_who_asked_for_it() -> Result<(), Error> {
        let keys = Keys::new("shop")?;
        let look_ups = [look_up(&keys, "a", "x"), look_up(&keys, "b", "y"), look_up(&keys, "c", "y")];
        let joint = Joint::of(&look_ups);
        let place_of = |what: fn(&str) -> bool| joint.names.iter().position(|(name, _)| what(name)).unwrap_or(usize::MAX);
        for wrong in [Value::Nil, sealed("another's", "9:30:5"), Value::Int(7)] {
            let mut values = answer(&joint);
            values[place_of(|name| name.contains(":g:"))] = wrong.clone();
            let found: Vec<_> = joint.found(values).into_iter().flatten().collect();
            assert_eq!(found.iter().map(|found| found.reading.is_some()).collect::<Vec<_>>(), [false, true, true], "{wrong:?}");
            let mut values = answer(&joint);
            values[0] = wrong;
            assert!(joint.found(values).into_iter().flatten().all(|found| found.reading.is_none()));
        }
        let mut values = answer(&joint);
        values[place_of(|name| name.contains(":r:"))] = Value::Nil;
        let found: Vec<_> = joint.found(values).into_iter().flatten().collect();
        assert_eq!(found.iter().map(|found| found.response.is_some()).collect::<Vec<_>>(), [false, true, true]);
        Ok(())
    }

    #[test]
    fn an_answer_of_another_length_is_none() -> Result<(), Error> {
        let look_ups = [look_up(&Keys::new("shop")?, "a", "x")];
        let joint = Joint::of(&look_ups);
        let whole = answer(&joint);
        assert!(joint.found(whole.clone()).is_some());
        let alone = Found::by(&look_ups[0], whole.clone()).and_then(|found| found.reading);
        assert_eq!(alone, Some(EpochSnapshot { incarnation: 9, clock: 70, invalidated: 30, expired: 20 }));
        for length in (0..=whole.len() + 1).filter(|length| *length != whole.len()) {
            let values: Vec<_> = whole.iter().cloned().chain([Value::Nil]).take(length).collect();
            assert_eq!(Found::by(&look_ups[0], values.clone()), None, "{length}");
            assert!(joint.found(values).is_none(), "{length}");
        }
        Ok(())
    }
}
