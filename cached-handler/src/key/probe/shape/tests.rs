//! Which changes of a type are another shape, and that every walk ends.

use std::collections::HashMap;

use super::*;

/// Declares a type in a block, and returns its shape.
macro_rules! shape_of {
    ($type:ty => $($declared:item)*) => {{
        $(
            #[derive(serde::Deserialize)]
            #[allow(dead_code)]
            $declared
        )*
        shape::<$type>().text
    }};
}

#[test]
fn a_change_of_any_field_however_deep_is_another_shape() {
    let shapes = [
        shape_of!(Price => struct Price { amount: u64 }),
        shape_of!(Price => struct Price { amount: f64 }),
        shape_of!(Price => struct Price { cents: u64 }),
        shape_of!(Price => struct Price { amount: Option<u64> }),
        shape_of!(Price => struct Price { amount: u64, #[serde(default)] currency: String }),
        shape_of!(Price => struct Price { amount: u64, #[serde(default)] currency: Option<String> }),
        shape_of!(Of => struct Of { a: String, b: Vec<Price> } struct Price { amount: u64 }),
        shape_of!(Of => struct Of { a: String, b: Vec<Price> } struct Price { amount: f64 }),
        shape_of!(Of => struct Of { a: String, b: Vec<Price> } enum Price { Cents(u64), Euros(f64) }),
        shape_of!(Of => struct Of { a: String, b: Vec<Price> } enum Price { Cents(u64), Euros(u64) }),
        shape_of!(Of => struct Of { a: String, b: Vec<Price> } enum Price { Cents(u64), Euros { amount: u64 } }),
        shape::<HashMap<String, u64>>().text,
        shape::<HashMap<String, f64>>().text,
        shape::<HashMap<u8, f64>>().text,
        shape::<u64>().text,
        shape::<f64>().text,
        shape::<(u64, u64)>().text,
        shape::<(u64, u64, u64)>().text,
        shape::<()>().text,
    ];
    for (at, one) in shapes.iter().enumerate() {
        assert!(shapes.iter().skip(at + 1).all(|other| other != one), "{one}");
    }
}

#[test]
fn a_type_declared_again_has_the_shape_that_it_had() {
    let [one, other] = [
        shape_of!(Price => struct Price { amount: u64, of: Vec<String> }),
        shape_of!(Money => struct Money { amount: u64, of: Vec<String> }),
    ];
    assert_eq!(one, other);
}

#[test]
fn a_type_within_itself_has_a_shape() {
    let shape = shape_of!(Tree => struct Tree { left: Option<Box<Self>>, right: Vec<Self>, value: u8 });
    assert!(shape.lines().count() <= MOST_LEAVES && shape.contains("deeper"), "{shape}");
}

/// Deserializes a default in place of an error, as many authors do.
#[expect(clippy::unnecessary_wraps, reason = "serde asks for a result")]
fn lenient<'de, D: Deserializer<'de>, T: Default + serde::Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(T::deserialize(from).unwrap_or_default())
}

#[derive(serde::Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(bound = "T: Default + serde::de::DeserializeOwned")]
#[allow(dead_code)]
struct Lenient<T>(#[serde(deserialize_with = "lenient")] T);

#[derive(serde::Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(dead_code)]
struct Empty();

#[test]
#[expect(clippy::zero_sized_map_values, reason = "authors have such maps")]
fn a_type_that_takes_a_default_for_an_error_has_a_shape_that_ends() {
    use std::collections::{BTreeMap, BTreeSet, HashSet, LinkedList, VecDeque};
    for shape in [
        shape::<Vec<Lenient<u64>>>(),
        shape::<Vec<Lenient<String>>>(),
        shape::<BTreeSet<Lenient<u64>>>(),
        shape::<HashSet<Lenient<u64>>>(),
        shape::<VecDeque<Lenient<u64>>>(),
        shape::<LinkedList<Lenient<u64>>>(),
        shape::<Vec<Empty>>(),
        shape::<Vec<Vec<Empty>>>(),
        shape::<BTreeMap<Lenient<String>, Lenient<u64>>>(),
        shape::<HashMap<String, Empty>>(),
        shape::<Lenient<Vec<Lenient<u64>>>>(),
        shape::<(Lenient<u64>, Vec<Lenient<u64>>, Empty)>(),
        shape::<[Lenient<u64>; 8]>(),
    ] {
        assert!(shape.text.len() < 1000, "{}", shape.text);
    }
    assert_ne!(shape::<Vec<Lenient<u64>>>().text, shape::<Vec<Lenient<f64>>>().text);
    assert_ne!(shape::<(Lenient<u64>, u64)>().text, shape::<(Lenient<u64>, f64)>().text);
}

/// A visitor that continues after an error finds no more data.
#[test]
fn a_visitor_that_skips_errors_comes_to_an_end() {
    struct Skips;
    impl<'de> serde::Deserialize<'de> for Skips {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct All;
            impl<'de> Visitor<'de> for All {
                type Value = Skips;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a list")
                }
                fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Skips, A::Error> {
                    while !matches!(list.next_element::<u64>(), Ok(None)) {}
                    Ok(Skips)
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Skips, A::Error> {
                    while !matches!(map.next_entry::<String, u64>(), Ok(None)) {}
                    Ok(Skips)
                }
            }
            from.deserialize_seq(All)
        }
    }
    assert!(shape::<Vec<Skips>>().text.contains("deserialize_u64"));
}

#[test]
fn a_type_without_a_complete_shape_is_recognised() {
    macro_rules! is_whole {
        ($type:ty => $($declared:item)*) => {{
            $(
                #[derive(serde::Deserialize)]
                #[allow(dead_code)]
                $declared
            )*
            shape::<$type>().is_whole
        }};
    }
    assert!(is_whole!(Of => struct Of { a: String, b: Vec<Price>, c: Option<HashMap<String, u8>> } enum Price { Cents(u64), Free }));
    assert!(!is_whole!(Of => struct Of { a: u8, #[serde(flatten)] b: B } struct B { c: u8 }));
    assert!(!is_whole!(Of => #[serde(untagged)] enum Of { A(u8), B(String) }));
    assert!(!is_whole!(Of => #[serde(tag = "t")] enum Of { A { a: u8 }, B { b: u8 } }));
    assert!(!is_whole!(Of => struct Of { a: Vec<serde_json::Value> }));
    assert!(!is_whole!(Of => struct Of(u64, f64);));
    assert!(!is_whole!(Tree => struct Tree { left: Option<Box<Self>>, value: u8 }));
}
