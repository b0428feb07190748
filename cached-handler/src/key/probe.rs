//! Finds out which query parameters a type reads, by running its `Deserialize`.
//!
//! `T::deserialize` gets a [`Deserializer`](serde::Deserializer) without data. A derived struct passes the names of its fields,
//! aliases included, and gets an error. The names are trusted if
//! - the visitor comes from `derive(Deserialize)`, judging by the name of its type: a hand-written visitor could see the order of
//!   the parameters, and a wrapper around the deserializer could see those that are ignored;
//! - the type then ignores or refuses similar names and an unknown one, which a second probe offers;
//! - the type passes our error on: a type that swallows errors would show what caused them.
//!
//! Any other type is taken to read everything, which is always safe. One case is not detected: a hand-written visitor that its
//! author called `__Visitor`, and that sees the order of the parameters which it names.

mod names;
mod offer;
mod shape;
#[cfg(test)]
mod tests;

use std::{
    any::TypeId,
    fmt,
    hash::{Hash, Hasher},
    sync::OnceLock,
};

use serde::de::DeserializeOwned;

pub(crate) use self::shape::shape;

/// Which parameters of a query a type reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// The parameters with these names, and nothing of any other.
    Only(&'static [&'static str]),
    /// As `Only`, but a query has to escape one of the names, or may write it in several ways.
    OnlyEscaped(&'static [&'static str]),
    /// Any parameter, and the order of the parameters.
    Everything,
}

/// What `T` reads. Results are kept in a table by type, as probing at every hit would cost hundreds of instructions.
pub(crate) fn reads<T: DeserializeOwned + 'static>() -> Reads {
    let id = TypeId::of::<T>();
    let mut start = Start(0);
    id.hash(&mut start);
    let start = start.slot();
    match KNOWN.get(start).and_then(OnceLock::get) {
        Some((known, reads)) if *known == id => *reads,
        _ => search::<T>(id, start),
    }
}

/// Searches the neighbouring slots, and probes `T` if it is not in the table yet.
#[cold]
fn search<T: DeserializeOwned>(id: TypeId, start: usize) -> Reads {
    for slot in KNOWN.iter().skip(start).take(NEIGHBOURS) {
        let (known, reads) = slot.get_or_init(|| (id, probe::<T>()));
        if *known == id {
            return *reads;
        }
    }
    // All slots are taken by other types: probing each time is slower, but correct.
    probe::<T>()
}

const SLOTS: usize = 1024;
/// The number of slots in which a type may be found.
const NEIGHBOURS: usize = 16;

/// The table. A program has few such types, all known at compile time, so clients cannot fill it.
static KNOWN: [OnceLock<(TypeId, Reads)>; SLOTS + NEIGHBOURS] = [const { OnceLock::new() }; SLOTS + NEIGHBOURS];

/// A hasher that passes a `TypeId` through, as that is a hash already.
struct Start(u64);

impl Start {
    fn slot(&self) -> usize {
        usize::try_from(self.0 % SLOTS as u64).unwrap_or_default()
    }
}

impl Hasher for Start {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 ^= hash;
    }
}

fn probe<T: DeserializeOwned>() -> Reads {
    match names::of::<T>() {
        Some(names) if lookalikes(names).all(|name| offer::leaves_alone::<T>(&name)) => {
            if names.iter().all(|name| is_plain(name)) {
                Reads::Only(names)
            } else {
                Reads::OnlyEscaped(names)
            }
        }
        _ => Reads::Everything,
    }
}

/// Whether a query writes a name without escapes.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['%', '+', '&', '=', ' '])
}

/// Names that are not in `names`, but similar enough that a type which is lax about names might accept them.
fn lookalikes(names: &'static [&'static str]) -> impl Iterator<Item = String> {
    let unheard_of = std::iter::once("\u{1}cached-handler".to_owned());
    let close = names.iter().flat_map(|name| [name.to_ascii_uppercase(), name.to_ascii_lowercase(), format!("{name}[]")]);
    unheard_of.chain(close).filter(|name| !names.contains(&name.as_str()))
}

/// The only error of the probes. It has no text, so that it costs nothing to make.
#[derive(Debug)]
struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only asking")
    }
}

impl std::error::Error for Stop {}

impl serde::de::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}
