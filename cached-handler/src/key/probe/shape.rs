//! The shape of a typed value: its fields and their kinds, as far down as its `Deserialize` tells. It is part of the key at rest, so
//! that a value stored by an older version of the program is not read as a new type: `500` cents are not `500.0` euros.
//!
//! `Deserialize` runs once for each leaf of the type: this deserializer leads it to that leaf and answers with an error instead of
//! a value. A type that continues after the error, because it takes a default instead, finds no more data: a sequence has one
//! element, a map one entry.

use std::cell::RefCell;

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
        value::StrDeserializer,
    },
};

use super::Stop;
use crate::handler::Described;

/// Describes the type, leaf by leaf.
pub(crate) fn shape<T: DeserializeOwned>() -> Described {
    let walk = Walk::default();
    let mut goes_on = true;
    for _ in 0..MOST_LEAVES {
        walk.0.borrow_mut().met = 0;
        // A type that deserializes from nothing, such as a unit, is a leaf as well.
        _ = T::deserialize(Ask { walk: &walk, depth: 0 });
        let mut state = walk.0.borrow_mut();
        state.text.push('\n');
        goes_on = state.advance();
        if !goes_on {
            break;
        }
    }
    let State { text, is_hidden, .. } = walk.0.into_inner();
    Described { text, is_whole: !is_hidden && !goes_on }
}

const MOST_LEAVES: usize = 512;
const DEEPEST: usize = 12;

#[derive(Default)]
struct Walk(RefCell<State>);

#[derive(Default)]
struct State {
    text: String,
    /// For each fork on the way to the current leaf: the branch that is taken, and the number of branches.
    forks: Vec<(usize, usize)>,
    /// The number of forks that this run has passed so far.
    met: usize,
    /// A part of the type cannot be described.
    is_hidden: bool,
}

impl State {
    fn branch(&mut self, of: usize) -> usize {
        let at = self.met;
        self.met += 1;
        if self.forks.len() <= at {
            self.forks.push((0, of));
        }
        self.forks.get(at).map_or(0, |(taken, _)| *taken)
    }

    /// Advances to the next leaf, if there is one.
    fn advance(&mut self) -> bool {
        self.forks.truncate(self.met);
        while let Some((taken, of)) = self.forks.pop() {
            if taken + 1 < of {
                self.forks.push((taken + 1, of));
                return true;
            }
        }
        false
    }
}

#[derive(Clone, Copy)]
struct Ask<'a> {
    walk: &'a Walk,
    depth: usize,
}

impl Ask<'_> {
    fn say(self, word: &str) {
        let text = &mut self.walk.0.borrow_mut().text;
        text.push_str(word);
        text.push(' ');
    }

    fn leaf<T>(self, kind: &str) -> Result<T, Stop> {
        self.say(kind);
        Err(Stop)
    }

    fn hides<T>(self, kind: &str) -> Result<T, Stop> {
        self.walk.0.borrow_mut().is_hidden = true;
        self.leaf(kind)
    }

    fn inside(self) -> Result<Self, Stop> {
        if self.depth < DEEPEST { Ok(Self { depth: self.depth + 1, ..self }) } else { self.hides("deeper") }
    }

    fn elements(self, most: usize) -> Result<Elements<Self>, Stop> {
        Ok(Elements { ask: self.inside()?, left: most })
    }

    /// Picks the name of the current branch, and records all names.
    fn one_of(self, names: &'static [&'static str]) -> &'static str {
        let name = names.get(self.walk.0.borrow_mut().branch(names.len())).copied().unwrap_or_default();
        self.say(&format!("{names:?}.{name}"));
        name
    }
}

macro_rules! leaves {
    ($($function:ident)*) => { $(
        fn $function<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
            self.leaf(stringify!($function))
        }
    )* };
}

impl<'de> Deserializer<'de> for Ask<'_> {
    type Error = Stop;

    leaves! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        self.hides("any")
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.say("option");
        visitor.visit_some(self.inside()?)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, Stop> {
        self.leaf("unit")
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self.inside()?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.say("seq");
        visitor.visit_seq(self.elements(1)?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Stop> {
        self.say(&format!("tuple {length}"));
        // A visitor gets to the second element only with a value of the first, which the probe never gives.
        self.walk.0.borrow_mut().is_hidden |= length > 1;
        visitor.visit_seq(self.elements(length)?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, length: usize, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.say("map");
        visitor.visit_map(Entries { ask: self.inside()?, key: None, left: 1 })
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, names: &'static [&'static str], visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_map(Entries { key: Some(self.one_of(names)), ask: self.inside()?, left: 1 })
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, names: &'static [&'static str], visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_enum(Variant { name: self.one_of(names), ask: self.inside()? })
    }
}

/// A sequence that ends after `left` elements.
struct Elements<A> {
    ask: A,
    left: usize,
}

impl<'de> SeqAccess<'de> for Elements<Ask<'_>> {
    type Error = Stop;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Stop> {
        if !take_one(&mut self.left) {
            return Ok(None);
        }
        seed.deserialize(self.ask).map(Some)
    }
}

/// Takes one from `left`, if there is one.
fn take_one(left: &mut usize) -> bool {
    let is_one = *left > 0;
    *left = left.saturating_sub(1);
    is_one
}

/// One field of a struct, or one entry of a map. The key of an entry is described too, unless it is a field's name.
struct Entries<'a> {
    ask: Ask<'a>,
    key: Option<&'static str>,
    left: usize,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Stop;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Stop> {
        if !take_one(&mut self.left) {
            return Ok(None);
        }
        if self.key.is_none() && self.ask.walk.0.borrow_mut().branch(2) == 0 {
            self.ask.say("key");
            return seed.deserialize(self.ask).map(Some);
        }
        seed.deserialize(name(self.key.unwrap_or("1"))).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        seed.deserialize(self.ask)
    }
}

struct Variant<'a> {
    ask: Ask<'a>,
    name: &'static str,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Stop;
    type Variant = Ask<'a>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Ask<'a>), Stop> {
        Ok((seed.deserialize(name(self.name))?, self.ask))
    }
}

impl<'de> VariantAccess<'de> for Ask<'_> {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        self.leaf("unit")
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Stop> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, names: &'static [&'static str], visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_struct("", names, visitor)
    }
}

fn name(name: &'static str) -> StrDeserializer<'static, Stop> {
    name.into_deserializer()
}

#[cfg(test)]
mod tests;
