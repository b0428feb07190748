//! Types whose hand-written `Deserialize` reads more than the names it hands over.

#![allow(dead_code, reason = "what these types hold is only compared")]

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, Visitor},
};

use super::{Reads, check, wrong};

/// A struct called `$liar` of the pairs that `$visit` makes of a map.
macro_rules! liar {
    ($liar:ident, $visitor:ident, $names:expr, |$map:ident| $visit:block) => {
        #[derive(Debug)]
        #[expect(dead_code, reason = "shown by `Debug`")]
        struct $liar(Vec<(String, String)>);

        impl<'de> Deserialize<'de> for $liar {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct $visitor;
                impl<'de> Visitor<'de> for $visitor {
                    type Value = $liar;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("anything")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<$liar, A::Error> {
                        $visit
                    }
                }
                deserializer.deserialize_struct(stringify!($liar), $names, $visitor)
            }
        }
    };
}

#[test]
fn one_that_names_nothing_and_reads_everything() {
    liar!(Nameless, V, &[], |map| {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Nameless(pairs))
    });
    check::<Nameless>(Reads::Everything);
}

#[test]
fn one_that_does_not_mind_letter_case() {
    liar!(Caseless, V, &["a"], |map| {
        let mut pairs = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.eq_ignore_ascii_case("a") {
                pairs.push(("a".to_owned(), map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Caseless(pairs))
    });
    check::<Caseless>(Reads::Everything);
}

#[test]
fn one_that_counts_what_it_ignores() {
    liar!(Counting, V, &["a"], |map| {
        let mut pairs = Vec::new();
        while let Some((name, IgnoredAny)) = map.next_entry::<String, _>()? {
            pairs.push((name.len().to_string(), String::new()));
        }
        Ok(Counting(pairs))
    });
    check::<Counting>(Reads::Everything);
}

#[test]
fn one_that_sees_the_order_of_what_it_names() {
    liar!(Ordered, V, &["a", "b"], |map| {
        let mut pairs = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if ["a", "b"].contains(&name.as_str()) {
                pairs.push((name, map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Ordered(pairs))
    });
    check::<Ordered>(Reads::Everything);
}

#[test]
fn one_that_is_called_what_a_derived_one_is() {
    liar!(Disguised, __Visitor, &["a"], |map| {
        let mut pairs = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.eq_ignore_ascii_case("a") {
                pairs.push(("a".to_owned(), map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Disguised(pairs))
    });
    check::<Disguised>(Reads::Everything);
}

#[test]
fn the_disguised_one_that_is_not_caught_sees_the_order_and_calls_itself_derived() {
    liar!(Uncaught, __Visitor, &["a", "b"], |map| {
        let mut pairs = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if ["a", "b"].contains(&name.as_str()) {
                pairs.push((name, map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Uncaught(pairs))
    });
    assert!(!wrong::<Uncaught>().is_empty(), "it is caught now: say so in the documentation");
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    #[expect(dead_code, reason = "shown by `Debug`")]
    a: Option<u32>,
}

#[test]
fn one_that_swallows_errors() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "shown by `Debug`")]
    struct Lenient(Strict);

    impl<'de> Deserialize<'de> for Lenient {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Ok(Self(Strict::deserialize(deserializer).unwrap_or_default()))
        }
    }
    check::<Lenient>(Reads::Everything);
}

#[test]
fn one_that_listens_in_on_a_derived_one() {
    /// Counts the parameters that the visitor inside ignores.
    struct Listening<V>(V);

    impl<'de, V: Visitor<'de>> Visitor<'de> for Listening<V> {
        type Value = (V::Value, usize);

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.expecting(f)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            let mut count = 0;
            let value = self.0.visit_map(Counted(map, &mut count))?;
            Ok((value, count))
        }
    }

    struct Counted<'a, A>(A, &'a mut usize);

    impl<'de, A: MapAccess<'de>> MapAccess<'de> for Counted<'_, A> {
        type Error = A::Error;

        fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
            *self.1 += 1;
            self.0.next_key_seed(seed)
        }

        fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
            self.0.next_value_seed(seed)
        }
    }

    /// Lends the deserializer to a derived visitor, and listens.
    struct Lent<'a, D>(D, &'a mut usize);

    impl<'de, D: Deserializer<'de>> Deserializer<'de> for Lent<'_, D> {
        type Error = D::Error;

        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.deserialize_any(visitor)
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            name: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            let (value, count) = self.0.deserialize_struct(name, fields, Listening(visitor))?;
            *self.1 = count;
            Ok(value)
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
            tuple tuple_struct map enum identifier ignored_any
        }
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "shown by `Debug`")]
    struct Inner {
        a: Option<String>,
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "shown by `Debug`")]
    struct Observed(Inner, usize);

    impl<'de> Deserialize<'de> for Observed {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let mut count = 0;
            Inner::deserialize(Lent(deserializer, &mut count)).map(|inner| Self(inner, count))
        }
    }
    check::<Observed>(Reads::Everything);
}
