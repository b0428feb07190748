//! The first probe: a deserializer that records the names of a struct's fields.

use std::cell::Cell;

use serde::{
    Deserializer,
    de::{DeserializeOwned, Visitor},
    forward_to_deserialize_any,
};

use super::Stop;

type Names = &'static [&'static str];

/// The names that `T` reads, if it is a derived struct or a newtype around one.
pub(super) fn of<T: DeserializeOwned>() -> Option<Names> {
    let names = Cell::new(None);
    match T::deserialize(Ask(&names)) {
        Err(Stop) => names.get(),
        // `T` swallowed the error, and may swallow others.
        Ok(_) => None,
    }
}

struct Ask<'a>(&'a Cell<Option<Names>>);

impl<'de> Deserializer<'de> for Ask<'_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        Err(Stop)
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, names: Names, _: V) -> Result<V::Value, Stop> {
        if is_derived(std::any::type_name::<V>()) {
            self.0.set(Some(names));
        }
        Err(Stop)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Stop> {
        if is_derived(std::any::type_name::<V>()) { visitor.visit_newtype_struct(self) } else { Err(Stop) }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

/// Whether a visitor comes from `derive(Deserialize)`, by the end of its path: `…::__Visitor<'_, T>`.
fn is_derived(visitor: &str) -> bool {
    without_parameters(visitor).is_some_and(|path| path.ends_with("::__Visitor"))
}

/// A type's path without its generic arguments.
fn without_parameters(name: &str) -> Option<&str> {
    if !name.ends_with('>') {
        return Some(name);
    }
    let mut depth = 0_usize;
    for (at, c) in name.char_indices().rev() {
        match c {
            // The `>` of an arrow, `->`, closes no list of arguments.
            '>' if name.get(..at).is_some_and(|before| before.ends_with('-')) => {}
            '>' => depth += 1,
            '<' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return name.get(..at);
        }
    }
    None
}

#[cfg(test)]
mod unit_tests {
    use super::is_derived;

    #[test]
    fn derived_visitors_are_known_by_their_path() {
        assert!(is_derived("app::_::<impl serde_core::de::Deserialize for app::Page>::deserialize::__Visitor"));
        assert!(is_derived("app::_::<impl serde::Deserialize for app::P<T>>::deserialize::__Visitor<app::F<fn(u8) -> u8>>"));
        assert!(!is_derived("app::PageVisitor"));
        assert!(!is_derived("serde_ignored::Wrap<app::_::<impl D for app::P>::deserialize::__Visitor, app::F>"));
        assert!(!is_derived("__Visitor"));
        assert!(!is_derived("app::My__Visitor"));
        assert!(!is_derived(">"));
        assert!(!is_derived(""));
    }
}
