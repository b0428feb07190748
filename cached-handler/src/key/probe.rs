//! Which parameters of a query a type reads, asked of its own `Deserialize`.
//!
//! `T::deserialize` gets a [`Deserializer`](serde::Deserializer) without data. A derived struct hands over the names of
//! its fields, aliases included, and stops there. That is believed if
//! - the visitor is one that `derive(Deserialize)` wrote, going by its name: one written by hand could see the order of
//!   parameters, and a wrapper around the deserializer sees the ones that are ignored;
//! - it then ignores or refuses names close to those, and one unheard of: a second probe offers them;
//! - it passes our error on: one that swallows errors shows whatever leads to them.
//!
//! Anything else may read everything, which is always safe to assume. What is left is a visitor written by hand that its
//! author called `__Visitor`, and that sees the order of the parameters it names.

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

/// What a type reads of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Parameters of these names; what others there are it cannot tell.
    Only(&'static [&'static str]),
    /// The same, where a query may have to write one of the names in another way, or can write it in several.
    OnlyEscaped(&'static [&'static str]),
    /// Any parameter, and their order.
    Everything,
}

/// What `T` reads, looked up in a table by type, as the probes would cost every hit hundreds of instructions.
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

/// Looks further, and asks `T` where nobody has yet.
#[cold]
fn search<T: DeserializeOwned>(id: TypeId, start: usize) -> Reads {
    for slot in KNOWN.iter().skip(start).take(NEIGHBOURS) {
        let (known, reads) = slot.get_or_init(|| (id, probe::<T>()));
        if *known == id {
            return *reads;
        }
    }
    // Hundreds of types on few slots: slower, and right all the same.
    probe::<T>()
}

const SLOTS: usize = 1024;
/// Slots where a type may lie.
const NEIGHBOURS: usize = 16;

/// The types of a program are few, and known when it is built: nothing that a client sends fills the table.
static KNOWN: [OnceLock<(TypeId, Reads)>; SLOTS + NEIGHBOURS] = [const { OnceLock::new() }; SLOTS + NEIGHBOURS];

/// Takes a `TypeId`, which is a hash already, as it is.
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

/// Whether a name reads in a query as it is written there.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['%', '+', '&', '=', ' '])
}

/// Names that are not among `names`, but that a type which is not exact about names might take for one of them.
fn lookalikes(names: &'static [&'static str]) -> impl Iterator<Item = String> {
    let unheard_of = std::iter::once("\u{1}cached-handler".to_owned());
    let close = names.iter().flat_map(|name| [name.to_ascii_uppercase(), name.to_ascii_lowercase(), format!("{name}[]")]);
    unheard_of.chain(close).filter(|name| !names.contains(&name.as_str()))
}

/// The only error of the probes: it says nothing, and costs nothing to make.
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
