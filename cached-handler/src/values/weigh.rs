//! Estimates how much memory a value owns: it is serialized to a serializer that only counts.

use std::fmt;

use serde::{
    Serialize, Serializer,
    ser::{
        SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
    },
};

/// The bytes that a value owns on the heap, besides the value itself; `None` if it cannot be serialized.
pub(super) fn heap_of<T: Serialize>(value: &T) -> Option<usize> {
    let mut heap = 0;
    value.serialize(Scale { heap: &mut heap, inline: size_of::<T>() }).ok()?;
    Some(heap)
}

/// The overhead of an allocation.
const ALLOCATION: usize = 32;

/// Counts one value.
struct Scale<'a> {
    heap: &'a mut usize,
    /// How many bytes of it are counted already, as a part of its container.
    inline: usize,
}

/// Counts a value with parts.
struct Parts<'a> {
    heap: &'a mut usize,
    inline: usize,
    /// The size of the parts so far, without what they own.
    within: usize,
    /// The capacity in quarters of the size of the parts, as lists and tables grow by doubling; `None` if the parts are inline.
    quarters: Option<usize>,
}

#[derive(Debug)]
struct Unwritten;

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it cannot be written")
    }
}

impl std::error::Error for Unwritten {}

impl serde::ser::Error for Unwritten {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'a> Scale<'a> {
    fn add(&mut self, bytes: usize) {
        *self.heap = self.heap.saturating_add(bytes);
    }

    /// Counts a scalar, which is behind a pointer if it is larger than its place.
    fn scalar(mut self, size: usize) {
        if size > self.inline {
            self.add(size + ALLOCATION);
        }
    }

    fn parts(self, quarters: Option<usize>) -> Parts<'a> {
        Parts { heap: self.heap, inline: self.inline, within: 0, quarters }
    }
}

impl Parts<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Unwritten> {
        let size = size_of_val(part);
        self.within = self.within.saturating_add(size);
        part.serialize(Scale { heap: self.heap, inline: size })
    }

    fn done(self) {
        let outside = match self.quarters {
            Some(quarters) if self.within > 0 => self.within.saturating_mul(quarters) / 4 + ALLOCATION,
            Some(_) => 0,
            None => self.within.saturating_sub(self.inline),
        };
        *self.heap = self.heap.saturating_add(outside);
    }
}

macro_rules! scalars {
    ($($method:ident: $of:ty),*) => {
        $(fn $method(self, value: $of) -> Result<(), Unwritten> {
            self.scalar(size_of_val(&value));
            Ok(())
        })*
    };
}

const LIST: Option<usize> = Some(8);
const TABLE: Option<usize> = Some(10);

impl<'a> Serializer for Scale<'a> {
    type Ok = ();
    type Error = Unwritten;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    scalars!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char
    );

    fn serialize_str(mut self, text: &str) -> Result<(), Unwritten> {
        self.add(text.len() + ALLOCATION);
        Ok(())
    }

    fn serialize_bytes(mut self, bytes: &[u8]) -> Result<(), Unwritten> {
        self.add(bytes.len() + ALLOCATION);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Unwritten> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritten> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unwritten> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unwritten> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Unwritten> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Unwritten> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unwritten> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>, Unwritten> {
        Ok(self.parts(LIST))
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a>, Unwritten> {
        Ok(self.parts(None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Unwritten> {
        Ok(self.parts(None))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Parts<'a>, Unwritten> {
        Ok(self.parts(None))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>, Unwritten> {
        Ok(self.parts(TABLE))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Unwritten> {
        Ok(self.parts(None))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Parts<'a>, Unwritten> {
        Ok(self.parts(None))
    }
}

macro_rules! parts {
    ($($of:ident: $method:ident($($name:ty)?)),*) => {
        $(impl $of for Parts<'_> {
            type Ok = ();
            type Error = Unwritten;

            fn $method<T: Serialize + ?Sized>(&mut self, $(_: $name,)? part: &T) -> Result<(), Unwritten> {
                self.part(part)
            }

            fn end(self) -> Result<(), Unwritten> {
                self.done();
                Ok(())
            }
        })*
    };
}

parts!(
    SerializeSeq: serialize_element(), SerializeTuple: serialize_element(), SerializeTupleStruct: serialize_field(),
    SerializeTupleVariant: serialize_field(), SerializeStruct: serialize_field(&'static str),
    SerializeStructVariant: serialize_field(&'static str)
);

impl SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Unwritten;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritten> {
        self.part(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritten> {
        self.part(value)
    }

    fn end(self) -> Result<(), Unwritten> {
        self.done();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[derive(Serialize)]
    struct Part {
        text: String,
        number: Option<Box<[u64; 32]>>,
    }

    #[test]
    fn a_value_weighs_at_least_what_it_holds() {
        let weights = [
            (heap_of(&7_u64), 0..1),
            (heap_of(&"x".repeat(1000)), 1000..1100),
            (heap_of(&vec![0_u64; 1000]), 8000..17_000),
            (heap_of(&vec!["x".repeat(100); 1000]), (124 * 1000)..200_000),
            (heap_of(&vec![Part { text: "x".repeat(100), number: None }; 1]), 132..250),
            (heap_of(&Part { text: String::new(), number: Some(Box::new([0; 32])) }), 240..400),
            (heap_of(&(0..1000_u64).map(|at| (at, at)).collect::<HashMap<_, _>>()), 16_000..60_000),
            (heap_of(&(Some("x".repeat(100)), [0_u8; 32], 'x')), 100..200),
        ];
        for (at, (weight, expected)) in weights.into_iter().enumerate() {
            assert!(weight.is_some_and(|weight| expected.contains(&weight)), "{at}: {weight:?} of {expected:?}");
        }
    }

    impl Clone for Part {
        fn clone(&self) -> Self {
            Self { text: self.text.clone(), number: self.number.clone() }
        }
    }
}
